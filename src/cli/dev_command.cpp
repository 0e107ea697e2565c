// `struere dev`: keeps development in sync with the files until it is stopped.
#include <fmt/format.h>
#include <sys/stat.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/stop_signals.hpp"
#include "cli/sync_command.hpp"

namespace struere::cli {
namespace {

// A save causes several events, and a rename changes two files: events within this time are one change.
constexpr std::uint64_t quiet_milliseconds = 100;
// How often to check for changes without an event: the target of a linked file, the database, a released lock.
constexpr std::uint64_t poll_milliseconds = 500;
constexpr std::array folders{"", "entity-types", "roles", "agents", "triggers", "tools"};

struct FileState {
  std::string path;
  std::uint64_t device = 0, inode = 0;  // of the target, if it is a link
  std::int64_t size = 0, changed = 0;
  friend bool operator==(const FileState&, const FileState&) = default;
};

// What the project has, looked at once.
struct Snapshot {
  std::vector<std::string> folders;
  std::vector<FileState> files;
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

FileState state_of(const std::filesystem::path& file) {
  FileState out{file.string()};
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) return out;
  out.device = found.st_dev;
  out.inode = found.st_ino;
  out.size = found.st_size;
  out.changed = found.st_mtim.tv_sec * 1'000'000'000 + found.st_mtim.tv_nsec;
  return out;
}

bool is_folder(const std::filesystem::path& path) {
  std::error_code failure;
  return std::filesystem::is_directory(path, failure);
}

// Runs on one thread, that of the loop.
class Watch {
 public:
  explicit Watch(const Options& options) : options_(options) {
    uv_loop_init(&loop_);
    for (uv_timer_t* const timer : {&timer_, &poll_}) {
      uv_timer_init(&loop_, timer);
      timer->data = this;
    }
    uv_async_init(&loop_, &stop_, [](uv_async_t* stop) { uv_stop(stop->loop); });
    signals_.emplace([this] { uv_async_send(&stop_); });
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    signals_.reset();
    let_go();
    for (const auto& [name, folder] : watched_)
      if (folder) close(folder);
    uv_walk(
        &loop_,
        [](uv_handle_t* handle, void*) {
          if (!uv_is_closing(handle)) uv_close(handle, nullptr);
        },
        nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  void run() {
    if (!read_project(options_).server) workspace_.emplace(options_, Workspace::Missing::make);
    follow();
    if (!options_.json) say("Watching {}. Stop with Ctrl-C.", full_path(options_.project));
    std::fflush(stdout);
    uv_timer_start(
        &poll_, [](uv_timer_t* timer) { static_cast<Watch*>(timer->data)->poll(); }, poll_milliseconds,
        poll_milliseconds);
    uv_run(&loop_, UV_RUN_DEFAULT);
  }

 private:
  // Files came, went or changed while they were read: what was read of them was never there as a whole.
  struct FilesMoved {};
  struct Folder {
    uv_fs_event_t handle{};
    dev_t device = 0;
    ino_t inode = 0;
  };

  // Folders are created, deleted and replaced; a handle belongs to the folder that existed when it was opened.
  void watch_folders() {
    for (const char* const name : folders) {
      const auto path = options_.project / name;
      struct stat found {};
      const bool is_there = stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
      Folder*& folder = watched_[name];
      if (folder && is_there && folder->device == found.st_dev && folder->inode == found.st_ino) continue;
      if (folder) close(std::exchange(folder, nullptr));
      if (!is_there) continue;
      folder = new Folder{{}, found.st_dev, found.st_ino};
      folder->handle.data = this;
      uv_fs_event_init(&loop_, &folder->handle);
      const auto on_event = [](uv_fs_event_t* event, const char* file, int, int) {
        static_cast<Watch*>(event->data)->changed(event, file);
      };
      if (uv_fs_event_start(&folder->handle, on_event, path.c_str(), 0) != 0) close(std::exchange(folder, nullptr));
    }
  }

  // libuv owns a handle until it reports that it is closed.
  static void close(Folder* folder) {
    folder->handle.data = folder;
    uv_close(reinterpret_cast<uv_handle_t*>(&folder->handle),
             [](uv_handle_t* handle) { delete static_cast<Folder*>(handle->data); });
  }

  void changed(const uv_fs_event_t* event, const char* file) {
    // The database is in the folder and changes with every sync.
    const Folder* const root = watched_[""];
    if (root && event == &root->handle && file && std::ranges::find(folders, std::string_view(file)) == folders.end())
      return;
    uv_timer_start(
        &timer_, [](uv_timer_t* timer) { static_cast<Watch*>(timer->data)->follow(); }, quiet_milliseconds, 0);
  }

  // A mistake keeps the last good state, and the watch continues.
  void follow() {
    try {
      watch_folders();
      seen_ = snapshot();
      const std::unique_ptr<Place> place = open_project();
      require_folders();
      sync(*place, options_, {}, [this] {
        if (snapshot() != seen_) throw FilesMoved();
      });
      known_folders_ = seen_.folders;  // not those of now: one that goes after it was read has to be missed next time
      said_.clear();
      failures_ = 0;
    } catch (const FilesMoved&) {
      seen_ = {};  // poll() looks again, even if all is back in its place by then
    } catch (const std::exception& error) {
      const auto* const ours = dynamic_cast<const Error*>(&error);
      failures_ = ours && ours->code() == ErrorCode::storage ? failures_ + 1 : 0;
      tried_at_ = std::chrono::steady_clock::now();
      if (said_ != error.what()) tell(options_, error);  // once, however often it is tried again
      said_ = error.what();
      std::fflush(stdout);
    }
  }

  bool is_to_try_again() const {
    constexpr int most_doublings = 5;
    return failures_ > 0 &&
           std::chrono::steady_clock::now() - tried_at_ >
               std::chrono::milliseconds(poll_milliseconds / 2) * (1 << std::min(failures_, most_doublings));
  }

  void poll() {
    if (is_to_try_again() || (workspace_ && !workspace_->is_in_place()) || snapshot() != seen_) follow();
  }

  // When SQLite closes a connection, it deletes the log by the name of the file. By now that name belongs to another
  // file, so the old workspace is leaked.
  void let_go() {
    static auto* const kept = new std::vector<Workspace*>;  // kept until the process ends
    if (workspace_ && !workspace_->is_in_place()) kept->push_back(new Workspace(*std::move(workspace_)));
    workspace_.reset();
  }

  // What struere.yaml names now: a server, or a database that stays open.
  std::unique_ptr<Place> open_project() {
    const Project project = read_project(options_);
    if (project.server) {
      let_go();
      return open_place(options_);
    }
    open_database(project);
    return place_of(options_, *workspace_);
  }

  // A different file under the name of the database is another database; struere.yaml may also name another one.
  void open_database(const Project& project) {
    const bool is_other = workspace_ && (workspace_->location() != project.database ||
                                         workspace_->organization() != project.organization);
    if (workspace_ && !is_other && workspace_->is_in_place()) return;
    const bool is_gone = workspace_ && !is_other && !project.database.is_there();
    let_go();
    if (is_gone || (is_gone_ && !project.database.is_there())) {
      is_gone_ = true;
      throw Error(
          ErrorCode::storage,
          fmt::format("the database {} was deleted, and nothing is synced until it exists again; `struere sync` "
                      "makes a new one",
                      project.database.shown()));
    }
    is_gone_ = false;
    workspace_.emplace(options_, Workspace::Missing::make);
    if (!options_.json) say("Opened {}.", project.database.shown());
  }

  // A folder that disappears as a whole was moved, or a branch without it is checked out. That deletes nothing.
  void require_folders() const {
    for (const std::string& name : known_folders_)
      if (std::ranges::find(seen_.folders, name) == seen_.folders.end())
        throw Error(
            ErrorCode::conflict,
            fmt::format("the folder {} was deleted, and development stays as it is; restore the folder (an empty "
                        "one deletes its definitions), or run `struere sync`",
                        name));
  }

  Snapshot snapshot() const {
    Snapshot out{{}, {state_of(options_.project / "struere.yaml")}};
    std::error_code none;
    for (const std::string_view name : folders) {
      if (name.empty()) continue;
      const auto folder = options_.project / name;
      if (is_folder(folder)) out.folders.emplace_back(name);
      for (auto entry = std::filesystem::directory_iterator(folder, none);
           !none && entry != std::filesystem::directory_iterator(); entry.increment(none))
        out.files.push_back(state_of(entry->path()));
    }
    std::ranges::sort(out.files, {}, &FileState::path);
    return out;
  }

  const Options& options_;
  std::optional<Workspace> workspace_;
  bool is_gone_ = false;  // the database file was deleted
  int failures_ = 0;      // of the storage, one after the other
  std::chrono::steady_clock::time_point tried_at_;
  std::string said_;  // the error of the last attempt
  Snapshot seen_;
  std::vector<std::string> known_folders_;  // the folders that existed at the last sync
  uv_loop_t loop_{};
  uv_timer_t timer_{};
  uv_timer_t poll_{};
  uv_async_t stop_{};
  std::optional<StopSignals> signals_;
  std::map<std::string, Folder*> watched_;  // by the name in the project; "" for the project itself
};

}  // namespace

void add_dev(CLI::App& program, Options& options) {
  program.add_subcommand("dev", "Sync to development, then follow the files; production is never written to")
      ->callback([&options] { Watch(options).run(); });
}

}  // namespace struere::cli
