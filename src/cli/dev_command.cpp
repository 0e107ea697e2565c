// `struere dev`: development follows the files until it is stopped.
#include <fmt/format.h>
#include <sys/stat.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <utility>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/sync_command.hpp"

namespace struere::cli {
namespace {

// A save is several events, and a rename is two files: what comes within this time is one change.
constexpr std::uint64_t quiet_milliseconds = 100;
constexpr std::array folders{"", "entity-types", "roles", "agents", "triggers", "tools"};

// One thread, that of the loop.
class Watch {
 public:
  explicit Watch(const Options& options) : options_(options), session_(options, Session::Missing::make) {
    uv_loop_init(&loop_);
    uv_timer_init(&loop_, &timer_);
    timer_.data = this;
    for (std::size_t i = 0; i < signals_.size(); ++i) {
      uv_signal_init(&loop_, &signals_[i]);
      uv_signal_start(
          &signals_[i], [](uv_signal_t* signal, int) { uv_stop(signal->loop); }, i == 0 ? SIGINT : SIGTERM);
    }
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
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
    follow();
    if (!options_.json) fmt::print("Watching {}. Stop with Ctrl-C.\n", full_path(session_.folder()));
    std::fflush(stdout);
    uv_run(&loop_, UV_RUN_DEFAULT);
  }

 private:
  struct Folder {
    uv_fs_event_t handle{};
    dev_t device = 0;
    ino_t inode = 0;
  };

  // Folders come, go and are swapped for others of their name: a handle is of the one that was there when it was
  // opened.
  void watch_folders() {
    for (const char* const name : folders) {
      const auto path = session_.folder() / name;
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

  // libuv owns a handle until it says that it is closed.
  static void close(Folder* folder) {
    folder->handle.data = folder;
    uv_close(reinterpret_cast<uv_handle_t*>(&folder->handle),
             [](uv_handle_t* handle) { delete static_cast<Folder*>(handle->data); });
  }

  void changed(const uv_fs_event_t* event, const char* file) {
    // The database lies in the folder, and changes with every sync.
    const Folder* const root = watched_[""];
    if (root && event == &root->handle && file && std::ranges::find(folders, std::string_view(file)) == folders.end())
      return;
    uv_timer_start(
        &timer_, [](uv_timer_t* timer) { static_cast<Watch*>(timer->data)->follow(); }, quiet_milliseconds, 0);
  }

  // A mistake leaves the last good state, and the watch alive.
  void follow() {
    try {
      watch_folders();
      sync(session_, options_, {});
    } catch (const std::exception& error) {
      tell(options_, error);
    }
  }

  const Options& options_;
  Session session_;
  uv_loop_t loop_{};
  uv_timer_t timer_{};
  std::array<uv_signal_t, 2> signals_{};
  std::map<std::string, Folder*> watched_;  // by its name in the project; the project's own is ""
};

}  // namespace

void add_dev(CLI::App& program, Options& options) {
  program.add_subcommand("dev", "Sync to development, then follow the files; production is never written to")
      ->callback([&options] { Watch(options).run(); });
}

}  // namespace struere::cli
