// A real `struere serve`, and a project that names it.
#pragma once

#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstdint>
#include <map>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "cli/compared_commands.hpp"
#include "struere/struere.hpp"

namespace struere::test {

// `struere serve` on a database of its own, until the object is gone. `boss` is an org admin.
class Server {
 public:
  // `files` are written into the project first; `more` are further arguments of `serve`.
  explicit Server(const std::map<std::string, std::string>& files = {}, const std::vector<std::string>& more = {}) {
    for (const auto& [name, text] : files) project_.write(name, text);
    REQUIRE(project_.run("sync").code == 0);
    REQUIRE(project_.run("users add boss --admin").code == 0);
    REQUIRE(project_.run("users add ada").code == 0);
    std::vector<std::string> arguments{"struere",     "--project", project_.path().string(),
                                       "--json",      "serve",     "--listen",
                                       "127.0.0.1:0", "--invite",  "boss"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    process_ = fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      close(ends[0]);
      close(ends[1]);
      unsetenv("STRUERE_KEY");
      execv(STRUERE_CLI, words.data());
      _exit(127);
    }
    close(ends[1]);
    std::string line;
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
    output_ = ends[0];
    told_ = Json::parse(line);
  }
  ~Server() {
    if (process_ > 0) end();
    close(output_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url() const { return told_.at("url"); }
  std::string link() const { return told_.at("link"); }
  std::string link_of(const std::string& user) const {
    return Json::parse(project_.run("--json operators invite " + user).text).at("link");
  }
  // Sends SIGTERM, and returns how the process ended, as waitpid() has it.
  int end() {
    int status = -1;
    kill(process_, SIGTERM);
    waitpid(std::exchange(process_, -1), &status, 0);
    return status;
  }
  std::uint16_t port() const {
    const std::string address = url();
    return static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
  }
  pid_t process() const noexcept { return process_; }
  const Project& project() const noexcept { return project_; }

 private:
  Project project_;
  pid_t process_ = -1;
  int output_ = -1;
  Json told_;
};

// A project whose struere.yaml names the server, and a configuration folder of its own.
class RemoteProject {
 public:
  explicit RemoteProject(const Server& server) : RemoteProject(server.url()) {}
  explicit RemoteProject(const std::string& url) : url_(url) {
    project_.write("struere.yaml", "server: " + url + "\norganization: acme\n");
  }

  Answer run(const std::string& arguments, const std::string& environment = "-u STRUERE_KEY") const {
    return project_.run(arguments, environment + " XDG_CONFIG_HOME='" + config() + "'");
  }
  Answer log_in(const std::string& link, const std::string& environment = "-u STRUERE_KEY") const {
    project_.write("link", link + "\n");
    return run("login " + url_ + " < '" + (project_.path() / "link").string() + "'", environment);
  }
  std::string config() const { return (project_.path() / "config").string(); }
  std::filesystem::path logins() const { return std::filesystem::path(config()) / "struere" / "logins.json"; }
  const Project& project() const noexcept { return project_; }

 private:
  std::string url_;
  Project project_;
};

// The same project on a file and on a server, where boss is logged in.
struct FileAndServer {
  FileAndServer() {
    REQUIRE(remote.log_in(server.link()).code == 0);
    REQUIRE(local.run("sync").code == 0);
    REQUIRE(local.run("users add boss --admin").code == 0);
    REQUIRE(local.run("users add ada").code == 0);
  }

  // Runs a command on both, with the id of an entity there for `@`, and compares what they say.
  std::pair<Answer, Answer> same(const std::string& command) const {
    const auto with_id = [&](const std::string& id) { return std::regex_replace(command, std::regex("@"), id); };
    const Answer file = local.run(with_id(here)), answer = remote.run(with_id(there));
    INFO(command << "\non a file:\n" << file.text << "\non a server:\n" << answer.text);
    CHECK(answer.code == file.code);
    CHECK(comparable(answer.text) == comparable(file.text));
    return {file, answer};
  }
  void write(const std::string& name, const std::string& text) const {
    for (const Project* const project : {&local, &remote.project()}) project->write(name, text);
  }

  Server server;
  RemoteProject remote{server};
  Project local;
  std::string here, there;
};

}  // namespace struere::test
