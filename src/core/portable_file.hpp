// The calls to the file system that not every Unix has, each with what stands in for it.
#pragma once

#include <string>

namespace struere {

enum class Wait { no, yes };

// Locks an open file for this descriptor. False if another one holds the lock, or if there are no such locks.
bool lock_file(int descriptor, Wait wait) noexcept;

// rename() that does not replace: false, with `errno` as EEXIST, if `to` exists.
bool rename_without_replacing(const std::string& from, const std::string& to) noexcept;

}  // namespace struere
