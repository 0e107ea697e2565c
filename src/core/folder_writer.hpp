// Files in a folder that others may have put things into: written whole or not at all, and never through a link.
#pragma once

#include <filesystem>
#include <string>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// Names below the folder are of plain parts, without `..`; folders among them are made where they are missing. Throws
// Error{conflict} if a part of a name is a link or a file, or if what would be replaced is a link, has other names, or
// is no regular file; Error{storage} if the system refuses.
class FolderWriter {
 public:
  explicit FolderWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Returns false if something has this name already.
  bool make(const std::filesystem::path& name, const std::string& text) const;
  void replace(const std::filesystem::path& name, const std::string& text) const;
  void remove(const std::filesystem::path& name) const;
  // What replace() and remove() throw, before anything is written.
  void require_replaceable(const std::filesystem::path& name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace struere
