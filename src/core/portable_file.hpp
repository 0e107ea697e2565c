// Calls to the file system that some Unix systems lack, each with a replacement.
#pragma once

#include <string>

namespace struere {

enum class Wait { no, yes };

// Locks an open file for this descriptor. Returns false if another one holds the lock or the system has no locks.
bool lock_file(int descriptor, Wait wait) noexcept;

// Renames a file without replacing another one. Returns false, with `errno` set to EEXIST, if `to` exists.
bool rename_without_replacing(const std::string& from, const std::string& to) noexcept;

}  // namespace struere
