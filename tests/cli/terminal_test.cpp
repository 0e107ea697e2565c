// As somebody sees it who sits at a terminal.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <sstream>

#include "cli/project.hpp"
#include "struere/core/json.hpp"

#include "support/places.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Of the widest line, in characters, without what only paints.
std::size_t width_of(const std::string& text) {
  std::size_t out = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\x1b')
        i = line.find_first_of("mK", i);
      else if (line[i] != '\r' && (static_cast<unsigned char>(line[i]) & 0xc0) != 0x80)
        ++width;
    }
    out = std::max(out, width);
  }
  return out;
}

}  // namespace

TEST_CASE("what is shown fits the terminal, and a row keeps its name", "[cli][terminal]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(
      project.run("deploy -y --note 'a note that is longer than any terminal is wide: " + std::string(150, 'x') + "'")
          .code == 0);
  const std::string id =
      Json::parse(project.run("data create note '{\"text\": \"" + std::string(200, 'y') + "\"}'").text).at("id");
  const std::string key =
      Json::parse(project.run("--json keys create '" + std::string(60, 'k') + "' --role author").text).at("id");
  for (const unsigned short columns : std::array<unsigned short, 2>{80, 120})
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"data", "list", "note"},
                                               {"keys", "list"},
                                               {"events"},
                                               {"releases"},
                                               {"users", "list"},
                                               {"doctor"},
                                               {"--help"},
                                               {"keys", "create", "--help"}}) {
      const Answer answer = project.run_in_terminal(columns, command);
      INFO(columns << " columns, " << command[0] << "\n" << answer.text);
      CHECK(answer.code == 0);
      CHECK(width_of(answer.text) <= columns);
    }
  CHECK(tells(project.run_in_terminal(80, {"data", "list", "note"}), id));
  CHECK(tells(project.run_in_terminal(80, {"keys", "list"}), key));
  CHECK(tells(project.run_in_terminal(80, {"keys", "list"}), "active"));
  CHECK(width_of(project.run_in_terminal(20, {"keys", "list"}).text) <= 20);
  CHECK(project.run_in_terminal(1, {"--help"}).code == 0);
}

TEST_CASE("a deploy asks who sits there, and does what they say", "[cli][terminal]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const Answer no = project.run_in_terminal(80, {"deploy"}, "n\n");
  CHECK(no.code == 1);
  CHECK(tells(no, "Deploy this to production? [y/N]"));
  CHECK(tells(no, "Nothing was deployed."));
  CHECK(project.run_in_terminal(80, {"deploy"}, "\x04").code == 1);  // Ctrl-D
  CHECK(project.run_in_terminal(80, {"deploy", "--json"}, "y\n").code == 2);
  CHECK(tells(project.run("releases"), "no release yet"));
  const Answer yes = project.run_in_terminal(80, {"deploy"}, "y\n");
  CHECK(yes.code == 0);
  CHECK(tells(yes, "\x1b[32m+ role author\x1b[0m"));
  CHECK(tells(yes, "Deployed release 1."));
  CHECK_FALSE(tells(project.run_in_terminal(80, {"--color", "never", "status"}), "\x1b"));
  CHECK(tells(project.run("--color always status"), "files"));
}

TEST_CASE("who says no to a pack has it left as it is, and the shell knows", "[cli][terminal][packs]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  const std::string folder = source_dir() + "/examples/packs/tutoring/";
  const Answer no = project.run_in_terminal(80, {"packs", "install", folder + "1.0.0"}, "n\n");
  CHECK(no.code == 1);
  CHECK(tells(no, "Nothing was changed."));
  CHECK(project.run("packs list --json").text == "[]\n");
  CHECK(project.run_in_terminal(80, {"packs", "install", folder + "1.0.0"}, "y\n").code == 0);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"packs", "upgrade", folder + "1.1.0"}, {"packs", "uninstall", "tutoring"}})
    CHECK(project.run_in_terminal(80, command, "n\n").code == 1);
  CHECK(tells(project.run("packs list"), "1.0.0"));
}

TEST_CASE("long work shows how far it is, and clears the line", "[cli][terminal]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  std::string typed;
  for (int i = 0; i < 20; ++i) typed += "{\"text\": \"t\"}\n";
  const Answer imported = project.run_in_terminal(80, {"data", "import", "note"}, typed + "\x04");
  INFO(imported.text);
  CHECK(imported.code == 0);
  CHECK(tells(imported, "One JSON text a line; end with Ctrl-D."));
  CHECK(tells(imported, "1 read"));
  CHECK(tells(imported, "\r\x1b[K"));
  CHECK(tells(imported, "20 imported."));
  const Answer copied = project.run_in_terminal(80, {"backup", (project.path() / "copy.db").string()});
  CHECK(tells(copied, "copying [#"));
  CHECK_FALSE(tells(project.run("backup " + (project.path() / "other.db").string()), "copying"));
}
