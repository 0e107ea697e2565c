// The file behind a database: how it is named, who may read it, and whether it is still the one that was opened.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace struere {

// Safe to use from many threads.
class DatabaseFile {
 public:
  // `path` is a path of the file system and nothing else, whatever is in it: `file:x` is a file of that name. Throws
  // Error{storage} for what no file can be called: an empty path, `:memory:`, a path with U+0000.
  explicit DatabaseFile(const std::string& path);

  // Where it really is, links followed; once it is open. Files beside it are found by this.
  const std::string& real_path() const noexcept { return real_path_; }

  // Absolute, so that a change of the working directory changes nothing.
  const std::string& path() const noexcept { return path_; }

  // Makes the file, where there is none, for its owner alone; SQLite gives its log and its index the same mode. Does
  // nothing if that fails: opening it will say why.
  void make() const noexcept;

  // Takes down which file it is. To be called while it is open, with its log.
  void take_identity();
  // Throws Error{storage} if the file, or its log, was deleted, moved or replaced since: what is written then is lost
  // with the last process that has it open.
  void require_in_place() const;
  // The same, but looks only every tenth of a second: for readers.
  void require_in_place_lately();

  // What others may do to the file, in words that say what to do.
  std::vector<std::string> exposures() const;

 private:
  struct Identity {
    std::uint64_t device = 0, number = 0;  // both zero: there is no such file

    friend bool operator==(const Identity&, const Identity&) = default;
  };
  static Identity identity_of(const std::string& path) noexcept;

  std::string path_, real_path_, log_path_;
  Identity file_, log_;
  std::atomic<std::chrono::steady_clock::rep> looked_at_ = 0;
};

}  // namespace struere
