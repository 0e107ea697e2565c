// The calls to the file system that differ between systems. All names are UTF-8; links are followed unless a function
// says otherwise.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace struere {

enum class Wait { no, yes };

// `std::filesystem::path` takes a narrow text in an encoding that depends on the system.
std::filesystem::path path_of(std::string_view name);
std::string name_of(const std::filesystem::path& path);

// The reason why a database cannot have this absolute name on this system, as the end of a sentence that begins with
// the name; empty if it can. SQLite keeps its log beside the name, so the file may have no other: hard links and a
// file that is mounted without its folder are refused, and on Windows links. So are folders, and devices and streams
// within a file there.
std::string unusable_database_name(const std::string& name);

// Whether both names are one name in a folder. Windows ignores the case.
bool is_same_name(std::string_view a, std::string_view b) noexcept;
bool has_suffix(std::string_view name, std::string_view suffix) noexcept;  // in this sense

struct FileIdentity {
  std::uint64_t device = 0, number = 0;  // both zero: the file does not exist

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
FileIdentity identity_of_file(const std::string& name) noexcept;

// What other users may do with a file, as an administrator of this system calls it ("mode 644"), and what removes that
// permission ("chmod 600").
struct Exposure {
  std::string found, cure;
};
std::optional<Exposure> exposure_of_file(const std::string& name);    // others may read or write to it
std::optional<Exposure> exposure_of_folder(const std::string& name);  // others may replace files in it

// An open file, which programs that this one starts do not inherit. The destructor closes it.
class SystemFile {
 public:
  // Creates a file that only its owner may read and write. Fails if the name exists, even if it is that of a link.
  static SystemFile create(const std::string& name, std::error_code& failure) noexcept;
  // Opens a file to lock it. Fails if the name is that of a link.
  static SystemFile open(const std::string& name) noexcept;

  SystemFile() = default;
  ~SystemFile();
  SystemFile(SystemFile&& other) noexcept : handle_(std::exchange(other.handle_, closed)) {}
  SystemFile& operator=(SystemFile&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  bool is_open() const noexcept { return handle_ != closed; }
  // Locks the file for this object. Returns false if another one holds the lock or the system has no locks.
  bool lock(Wait wait) noexcept;
  // False if the name is no longer that of this file, for example because the file was removed.
  bool is_named(const std::string& name) const noexcept;

 private:
  static constexpr std::intptr_t closed = -1;

  explicit SystemFile(std::intptr_t handle) : handle_(handle) {}

  std::intptr_t handle_ = closed;  // a descriptor; a HANDLE on Windows
};

// Writes a closed file to the disk. If given, sets its permissions first; Windows keeps those that it has.
std::error_code make_durable(const std::string& name, std::optional<std::filesystem::perms> permissions);
// Writes the names in a folder to the disk. Windows did so when the files were renamed.
std::error_code make_names_durable(const std::string& folder);

std::error_code rename_and_replace(const std::string& from, const std::string& to) noexcept;
// Returns std::errc::file_exists if `to` exists, even if it is a link.
std::error_code rename_without_replacing(const std::string& from, const std::string& to) noexcept;

}  // namespace struere
