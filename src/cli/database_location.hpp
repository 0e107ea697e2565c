// Where the database of a project is: a file, or a PostgreSQL database, which a URL names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace struere::cli {

class DatabaseLocation {
 public:
  DatabaseLocation() = default;  // none
  // As struere.yaml says it: a file is relative to the folder of the project.
  DatabaseLocation(const std::filesystem::path& folder, const std::string& text);

  bool is_file() const noexcept { return is_file_; }
  // For Database::open.
  const std::string& text() const noexcept { return text_; }
  // For people: of a URL, neither its password nor its parameters.
  std::string shown() const;
  // Whether there is a file. Whether there is a database at a URL, opening it tells.
  bool is_there() const noexcept;
  // Throws Error{storage} if the file is there and has no bytes, as after a copy that ran out of disk: only a missing
  // file becomes a database.
  void refuse_empty_file() const;
  // Whether this user cannot write to the file, or cannot create the files that SQLite needs next to it.
  bool is_read_only() const;

  // Of a file: its device and inode, as long as it has this name; otherwise always the same.
  using Identity = std::pair<std::uint64_t, std::uint64_t>;
  Identity identity() const noexcept;

  friend bool operator==(const DatabaseLocation&, const DatabaseLocation&) = default;

 private:
  bool is_file_ = false;
  std::string text_;
};

}  // namespace struere::cli
