// A project in a folder of its own, and the real binary to run in it.
#pragma once

#include <fmt/format.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/folder.hpp"

namespace struere::test {

struct Answer {
  int code = -1;
  std::string text;  // stdout and stderr
};

class Project {
 public:
  Project() { REQUIRE(run("init --organization acme").code == 0); }

  // `environment` is of the form "NAME=value"; without it there is no STRUERE_KEY.
  Answer run(const std::string& arguments, const std::string& environment = "-u STRUERE_KEY") const {
    const std::string command = fmt::format("env {} '{}' --project '{}' < /dev/null 2>&1 {}", environment, STRUERE_CLI,
                                            path().string(), arguments);
    FILE* const pipe = popen(command.c_str(), "r");
    REQUIRE(pipe);
    Answer out;
    std::array<char, 4096> buffer{};
    for (std::size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
      out.text.append(buffer.data(), got);
    out.code = WEXITSTATUS(pclose(pipe));
    return out;
  }
  // On a terminal that wide, at which somebody has typed. What is typed is echoed, as terminals do.
  Answer run_in_terminal(unsigned short columns, std::vector<std::string> arguments,
                         const std::string& typed = {}) const {
    arguments.insert(arguments.begin(), {"struere", "--project", path().string()});
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    winsize size{50, columns, 0, 0};
    int terminal = -1;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
    REQUIRE(child >= 0);
    if (child == 0) {
      unsetenv("NO_COLOR");
      execv(STRUERE_CLI, words.data());
      _exit(127);
    }
    REQUIRE(::write(terminal, typed.data(), typed.size()) == static_cast<ssize_t>(typed.size()));
    Answer out;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::read(terminal, buffer.data(), buffer.size())) > 0;)
      out.text.append(buffer.data(), static_cast<std::size_t>(got));
    ::close(terminal);
    int status = 0;
    waitpid(child, &status, 0);
    out.code = WEXITSTATUS(status);
    return out;
  }
  // In a process of its own, whose output is nobody's, or a file's.
  pid_t start(std::vector<std::string> arguments, const std::string& output = "/dev/null") const {
    arguments.insert(arguments.begin(), {"struere", "--project", path().string()});
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    // Whoever is stopped at once dies of it, rather than run the handlers of this program in a copy of it.
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    const pid_t child = fork();
    if (child != 0) sigprocmask(SIG_SETMASK, &before, nullptr);
    REQUIRE(child >= 0);
    if (child > 0) return child;
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    if (!freopen(output.c_str(), "w", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0) _exit(126);
    execv(STRUERE_CLI, words.data());
    _exit(127);
  }
  // Whatever it was doing then; or it was through.
  void kill_after(std::chrono::duration<double, std::micro> time, std::vector<std::string> arguments) const {
    const pid_t child = start(std::move(arguments));
    std::this_thread::sleep_for(time);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  void write(const std::string& name, const std::string& text) const { folder_.write(name, text); }
  std::string read(const std::string& name) const {
    std::ifstream stream(path() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  const std::filesystem::path& path() const noexcept { return folder_.path(); }
  std::string database() const { return (path() / "struere.db").string(); }

 private:
  Folder folder_;
};

inline bool tells(const Answer& answer, const std::string& part) { return answer.text.find(part) != std::string::npos; }

}  // namespace struere::test
