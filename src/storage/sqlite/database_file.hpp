// The file of a database: its name, its permissions, and whether it is still the file that was opened.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

#include "core/portable_file.hpp"

namespace struere {

// The path with all links resolved; the path itself where that fails. SQLite puts the log next to the file, not next to
// a link to it.
std::string without_links(const std::string& path);
// Whether there is a log beside the file with something in it.
bool has_log(const std::string& path);

// Safe to use from many threads.
class DatabaseFile {
 public:
  // `path` is always a path of the file system: `file:x` is a file with that name. Throws Error{storage} for a path
  // that cannot name a file: an empty path, `:memory:`, or a path with U+0000.
  explicit DatabaseFile(const std::string& path);

  // The path with all links resolved, after take_identity(). Files next to the database are found by it.
  const std::string& real_path() const noexcept { return real_path_; }

  // The absolute path, so that a change of the working directory has no effect.
  const std::string& path() const noexcept { return path_; }

  // Creates the file if it does not exist, with access for its owner only. SQLite gives its log and its index the same
  // mode. Ignores failures, because opening the file reports the reason.
  void make() const noexcept;

  // Records which file this is. Call it while the file and its log are open.
  void take_identity();
  // Throws Error{storage} if the file, its log or the index of the log was deleted, moved or replaced since then. Data
  // written after that is lost when the last process closes the file: processes with different indexes write over one
  // another.
  void require_in_place() const;
  // The same check, at most once every tenth of a second. For readers.
  void require_in_place_lately();

  // Problems with the permissions of the file and its folder, each as a message that says what to do.
  std::vector<std::string> exposures() const;

 private:
  std::string path_, real_path_, log_path_, index_path_;
  FileIdentity file_, log_, index_;
  std::atomic<std::chrono::steady_clock::rep> looked_at_ = 0;
};

}  // namespace struere
