// Writes files in a folder that others may write to: each file completely or not at all, and never through a link.
#pragma once

#include <filesystem>
#include <string>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// A name is a relative path below the folder, without `..`. Missing folders in it are created. Throws Error{conflict}
// if a folder part of the name is a link or a file, or if the file to be replaced is a link, has other names (hard
// links) or is no regular file. Throws Error{storage} if the system refuses.
class FolderWriter {
 public:
  explicit FolderWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Returns false if the name exists already.
  bool make(const std::filesystem::path& name, const std::string& text) const;
  void replace(const std::filesystem::path& name, const std::string& text) const;
  void remove(const std::filesystem::path& name) const;
  // Throws what replace() and remove() would throw, before any file is written.
  void require_replaceable(const std::filesystem::path& name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace struere
