// `struere dev`: development follows the files until it is stopped.
#include <fmt/format.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <list>
#include <set>

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
  explicit Watch(const Options& options) : options_(options), session_(options) {
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
    fmt::print("Watching {}. Stop with Ctrl-C.\n",
               std::filesystem::absolute(session_.folder()).lexically_normal().string());
    std::fflush(stdout);
    uv_run(&loop_, UV_RUN_DEFAULT);
  }

 private:
  // Folders come and go: those that are there are looked for anew each time.
  void watch_folders() {
    for (const char* const name : folders) {
      const auto folder = session_.folder() / name;
      if (!std::filesystem::is_directory(folder) || !watched_.insert(name).second) continue;
      auto& handle = handles_.emplace_back();
      uv_fs_event_init(&loop_, &handle);
      handle.data = this;
      uv_fs_event_start(
          &handle,
          [](uv_fs_event_t* event, const char* file, int, int) {
            static_cast<Watch*>(event->data)->changed(event, file);
          },
          folder.c_str(), 0);
    }
    for (auto name = watched_.begin(); name != watched_.end();)
      name = std::filesystem::is_directory(session_.folder() / *name) ? std::next(name) : watched_.erase(name);
  }

  void changed(const uv_fs_event_t* event, const char* file) {
    // The database lies in the folder, and changes with every sync.
    const bool is_root = event == &handles_.front();
    if (is_root && file && std::ranges::find(folders, std::string_view(file)) == folders.end()) return;
    uv_timer_start(
        &timer_, [](uv_timer_t* timer) { static_cast<Watch*>(timer->data)->follow(); }, quiet_milliseconds, 0);
  }

  // A mistake leaves the last good state, and the watch alive.
  void follow() {
    watch_folders();
    try {
      sync(session_, options_, {});
    } catch (const Error& error) {
      fmt::print(stderr, "{}\n", Screen(options_).red(error.what()));
      std::fflush(stderr);
    }
  }

  const Options& options_;
  Session session_;
  uv_loop_t loop_{};
  uv_timer_t timer_{};
  std::array<uv_signal_t, 2> signals_{};
  std::list<uv_fs_event_t> handles_;  // the first is the project folder's
  std::set<std::string> watched_;
};

}  // namespace

void add_dev(CLI::App& program, Options& options) {
  program.add_subcommand("dev", "Sync to development, then follow the files; production is never written to")
      ->callback([&options] { Watch(options).run(); });
}

}  // namespace struere::cli
