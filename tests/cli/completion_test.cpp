// The completion of words, by the shells themselves where they are installed.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <sstream>

#include "cli/project.hpp"

using namespace struere::test;

namespace {

// With `struere` in the path, and in the project's folder.
Answer run_shell(const Project& project, const std::string& command) {
  const auto bin = project.path() / "bin";
  std::filesystem::create_directories(bin);
  if (!std::filesystem::exists(bin / "struere")) std::filesystem::create_symlink(STRUERE_CLI, bin / "struere");
  FILE* const pipe = popen(
      fmt::format("cd '{0}' && PATH='{0}/bin':\"$PATH\" HOME='{0}' {1} 2>&1", project.path().string(), command).c_str(),
      "r");
  REQUIRE(pipe);
  Answer out;
  for (int c = 0; (c = fgetc(pipe)) != EOF;) out.text += static_cast<char>(c);
  out.code = WEXITSTATUS(pclose(pipe));
  return out;
}

bool is_installed(const std::string& shell) {
  return std::system(("command -v " + shell + " > /dev/null").c_str()) == 0;
}

// What bash would offer, in < and >.
std::string in_bash(const Project& project, const std::string& words) {
  project.write("complete.bash", "eval \"$(struere completion bash)\"\nCOMP_WORDS=(" + words + R"--()
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_struere
for word in "${COMPREPLY[@]}"; do printf '<%s>' "$word"; done
)--");
  const Answer answer = run_shell(project, "bash --norc complete.bash");
  REQUIRE(answer.code == 0);
  return answer.text;
}

// The words of `struere complete`, in < and >.
std::string offered(const Project& project, const std::string& words) {
  std::istringstream lines(run_shell(project, "struere complete " + words).text);
  std::string out;
  for (std::string line; std::getline(lines, line);) out += "<" + line.substr(0, line.find('\t')) + ">";
  return out;
}

}  // namespace

TEST_CASE("what may come next is known from the commands, and from the database", "[cli][completion]") {
  const Project project;
  CHECK(offered(project, "data list ''").empty());  // no database, and none is made
  CHECK_FALSE(std::filesystem::exists(project.database()));
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  project.write("roles/only.yaml", "name: only in development\n");
  REQUIRE(project.run("sync").code == 0);

  CHECK(offered(project, "d") == "<dev><diff><deploy><data><doctor>");
  CHECK(offered(project, "completion ''") == "<bash><zsh><fish>");
  CHECK(offered(project, "--json ro") == "<rollback><roles>");
  CHECK(offered(project, "keys re") == "<revoke>");
  CHECK(offered(project, "keys r") == "<rotate><revoke>");
  CHECK(offered(project, "-e ''") == "<development><production>");
  CHECK(offered(project, "-e p") == "<production>");
  CHECK(offered(project, "--environment=p") == "<--environment=production>");
  CHECK(offered(project, "data list note --o") == "<--order>");
  CHECK(offered(project, "data list note --js") == "<--json>");
  CHECK(offered(project, "data --as ''") == "<ada>");
  CHECK(offered(project, "data list ''") == "<note>");
  CHECK(offered(project, "data list note ''").empty());
  CHECK(offered(project, "explain read no") == "<note>");
  CHECK(offered(project, "roles assign ''") == "<ada>");
  CHECK(offered(project, "users remove ''") == "<ada>");
  CHECK(offered(project, "roles assign ada ''") == "<author><only in development>");
  CHECK(offered(project, "-e production roles assign ada ''") == "<author>");
  CHECK(offered(project, "keys create x --role a") == "<author>");
  CHECK(offered(project, "rollback ''") == "<1>");
  CHECK(offered(project, "backup ''") == "<>");  // the shell's own: files
  CHECK(offered(project, "--project /nonexistent data list ''").empty());
  CHECK(offered(project, "-e nonsense data list ''") == "<note>");
  CHECK(offered(project, "nonsense --what ''").empty());
  CHECK(offered(project, "-- -").empty());
  CHECK(offered(project, "") == offered(project, "''"));
  // What an actor may see is not looked up, least of all as the system.
  CHECK(run_shell(project, "STRUERE_KEY=x struere complete data list ''").text.empty());
  CHECK(offered(project, "--key x data list ''").empty());
  CHECK(offered(project, "--as nobody data list ''").empty());
}

TEST_CASE("bash completes, and runs nothing that is stored", "[cli][completion]") {
  if (!is_installed("bash")) return;
  const Project project;
  project.write("roles/evil.yaml", "name: '$(touch pwned) `touch pwned`'\n");
  project.write("roles/spaced.yaml", "name: \"it's spaced\"\n");
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("users add ada").code == 0);
  CHECK(in_bash(project, "struere comp") == "<completion>");
  CHECK(in_bash(project, "struere data list ''") == "<note>");
  CHECK(in_bash(project, "struere --color = al") == "<always>");
  CHECK(in_bash(project, "struere roles assign ada i") == "<it\\'s\\ spaced>");
  CHECK(in_bash(project, "struere roles assign ada '$'") == "<\\$\\(touch\\ pwned\\)\\ \\`touch\\ pwned\\`>");
  CHECK_FALSE(std::filesystem::exists(project.path() / "pwned"));
}

TEST_CASE("zsh completes", "[cli][completion]") {
  if (!is_installed("zsh")) return;
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  project.write("complete.zsh", R"(
compdef() { registered=$2 }
compadd() { print -r -- "${values[*]} | ${shown[*]}" }
_files() { print -r -- "files $*" }
source <(struere completion zsh)
print -r -- $registered
words=(struere comp); CURRENT=2; _struere
words=(struere data list ''); CURRENT=4; _struere
words=(struere backup ''); CURRENT=3; _struere
words=(struere --project ''); CURRENT=3; _struere
)");
  CHECK(run_shell(project, "zsh -f complete.zsh").text ==
        "struere\ncompletion | completion  The script that completes words in a shell\nnote | note  Note\nfiles "
        "\nfiles -/\n");
}

TEST_CASE("fish completes", "[cli][completion]") {
  if (!is_installed("fish")) return;
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  project.write("complete.fish", R"(
struere completion fish | source
complete -C 'struere comp'
complete -C 'struere data list '
complete -C 'struere --color=al'
complete -C 'struere backup struere.y'
)");
  CHECK(run_shell(project, "fish --no-config complete.fish").text ==
        "completion\tThe script that completes words in a shell\nnote\tNote\n--color=always\nstruere.yaml\n");
}
