// Second processes: a copy of this one that does something and says how it went, or a program of tests/processes/.
#pragma once

#include <fcntl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/places.hpp"

namespace struere::test {

// Runs `body` in a forked child and answers with what it returned; "died of signal N" where it crashed. For what would
// change this process for good: its user, its limits. The child shares no connection: it opens its own.
inline std::string in_child(const std::function<std::string()>& body) {
  int ends[2];
  if (pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no child");
  if (child == 0) {
    close(ends[0]);
    std::string answer;
    try {
      answer = body();
    } catch (const std::exception& error) {
      answer = std::string("exception: ") + error.what();
    }
    for (std::size_t at = 0; at < answer.size();) {
      const ssize_t written = write(ends[1], answer.data() + at, answer.size() - at);
      if (written <= 0) break;
      at += static_cast<std::size_t>(written);
    }
    _exit(0);  // not exit(): the parent's test report is not ours to write
  }
  close(ends[1]);
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    answer.append(buffer, static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) answer += "died of signal " + std::to_string(WTERMSIG(status));
  return answer;
}

// A program that runs beside us, with its output to read and its input to write. Killed, if it still runs, with us.
class ChildProgram {
 public:
  ChildProgram(const std::string& name, const std::vector<std::string>& arguments) {
    int out[2], in[2];
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(in, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    const std::string program = process_program();
    std::vector<char*> words{const_cast<char*>(program.c_str()), const_cast<char*>(name.c_str())};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    child_ = fork();
    if (child_ < 0) throw std::runtime_error("no child");
    if (child_ == 0) {
      dup2(in[0], 0);
      dup2(out[1], 1);
      execv(program.c_str(), words.data());
      _exit(127);
    }
    close(out[1]);
    close(in[0]);
    output_ = fdopen(out[0], "r");
    input_ = in[1];
  }
  ~ChildProgram() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      wait();
    }
    if (input_ >= 0) close(input_);
    if (output_) fclose(output_);
  }
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  // Without its end; empty at the end of the output. Half a line, of a program that was killed, is none.
  std::string line() {
    std::string out;
    for (int c = 0; (c = fgetc(output_)) != EOF; out.push_back(static_cast<char>(c)))
      if (c == '\n') return out;
    return {};
  }
  void say(const std::string& text) {
    const std::string whole = text + "\n";
    if (write(input_, whole.data(), whole.size()) < 0) throw std::runtime_error("the program does not listen");
  }
  void stop(int signal) { kill(child_, signal); }

  // Its exit status, or minus the signal that it died of.
  int wait() {
    if (child_ <= 0) return status_;
    int raw = 0;
    waitpid(child_, &raw, 0);
    child_ = 0;
    return status_ = WIFSIGNALED(raw) ? -WTERMSIG(raw) : WEXITSTATUS(raw);
  }

 private:
  pid_t child_ = 0;
  int input_ = -1, status_ = 0;
  FILE* output_ = nullptr;
};

}  // namespace struere::test
