// A fresh folder with files that a test writes.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_database.hpp"

namespace struere::test {

class Folder {
 public:
  // Makes the folders on the way.
  void write(const std::string& name, const std::string& text) const {
    const auto file = path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  const std::filesystem::path& path() const noexcept { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

}  // namespace struere::test
