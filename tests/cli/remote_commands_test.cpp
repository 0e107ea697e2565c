// Every command of the tool on a file and on a server (docs/cli.md, "On a server"). The commands are read from the tool
// itself, so that a new one fails here until it says what it does on a server.
#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "cli/served_project.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// The commands that follow these words, as the completion of shells has them: a value has no description.
std::set<std::string> next_words(const std::string& words) {
  const std::string command = fmt::format("cd / && '{}' complete {} ''", STRUERE_CLI, words);
  FILE* const pipe = popen(command.c_str(), "r");
  REQUIRE(pipe);
  std::set<std::string> out;
  std::array<char, 4096> line{};
  while (fgets(line.data(), static_cast<int>(line.size()), pipe)) {
    const std::string text(line.data());
    const std::size_t tab = text.find('\t');
    if (tab != 0 && tab != std::string::npos && tab + 2 < text.size()) out.insert(text.substr(0, tab));
  }
  pclose(pipe);
  return out;
}

void add_commands(const std::string& words, std::set<std::string>& out) {
  const auto next = next_words(words);
  if (next.empty()) out.insert(words);
  for (const std::string& word : next) add_commands(words.empty() ? word : words + " " + word, out);
}

std::map<std::string, std::string> files_in(const Project& project) {
  std::map<std::string, std::string> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(project.path()))
    if (entry.is_regular_file()) {
      const std::string name = std::filesystem::relative(entry.path(), project.path()).string();
      out[name] = project.read(name);
    }
  return out;
}

}  // namespace

TEST_CASE("each command of the tool has a row that says what it does on a server", "[cli][remote]") {
  std::set<std::string> commands, known;
  add_commands("", commands);
  for (const auto& [name, rule] : compared_commands) known.insert(name);
  CHECK(commands == known);
}

TEST_CASE("each command does on a server what it does on a file, or says that it cannot", "[cli][remote]") {
  const FileAndServer both;
  // Both have one person signed in.
  {
    const OperatorSessions sessions = Database::open(both.local.database()).trusted_host().operator_sessions();
    sessions.redeem(sessions.invite(OrganizationId("acme"), UserId("boss")).secret);
  }
  both.write("triggers/tell.yaml",
             "slug: tell\non: {entityType: note, action: created}\n"
             "actions: [{tool: event.emit, args: {type: note.seen}}]\n");
  both.same("sync");
  const auto here = fill(both.local.database()), there = fill(both.server.project().database());
  const Project& remote = both.remote.project();
  for (const auto& [command, rule] : compared_commands) {
    if (std::holds_alternative<Refused>(rule)) {
      const auto before = files_in(remote);
      const Answer answer = both.remote.run(command + (command == "backup" ? " x.db" : ""));
      INFO(command << "\n" << answer.text);
      CHECK(answer.code == 2);
      CHECK(tells(answer, "`struere " + command + "` works on a database file, and this project is on the server"));
      CHECK(files_in(remote) == before);
    } else if (const auto* const compared = std::get_if<Compared>(&rule)) {
      for (const std::string& arguments : *compared) {
        const std::string line = command + " " + arguments;
        const Answer file = both.local.run(with_names(line, here));
        const Answer served = both.remote.run(with_names(line, there));
        INFO(line << "\non a file:\n" << file.text << "\non a server:\n" << served.text);
        CHECK(served.code == file.code);
        CHECK(comparable_in(remote, served.text) == comparable_in(both.local, file.text));
      }
    }
  }
}
