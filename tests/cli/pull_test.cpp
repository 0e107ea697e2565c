// `pull` changes what has to be changed, after it has said what that is.
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <functional>
#include <iterator>

#include "cli/project.hpp"
#include "struere/struere.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr const char* commented = R"(# Of whoever writes notes.
name: author

# What they may do.
policies:
  # Their own alone, see the rule.
  - {resource: note, actions: [create, read, update, list], effect: allow}   # no delete
  - {resource: "*", actions: [delete], effect: deny}

scopeRules:
  - {entityType: note, field: data.author, operator: eq, value: actor.userId}
# The secret is nobody's business.
fieldMasks:
  - entityType: note      # the type
    fieldPath: data.secret
    maskType: hide
# The end.
)";

// What changes is changed elsewhere: in another project, with the same database.
void sync_elsewhere(const Project& project, const std::function<void(const Project& other)>& change) {
  const Project other;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(project.path()))
    if (entry.path().extension() == ".yaml" && entry.path().has_parent_path()) {
      const auto name = entry.path().lexically_relative(project.path());
      if (name != "struere.yaml") other.write(name.string(), project.read(name.string()));
    }
  other.write("struere.yaml", "database: " + project.database() + "\norganization: acme\n");
  change(other);
  const Answer answer = other.run("sync");
  INFO(answer.text);
  REQUIRE(answer.code == 0);
}

void replace(const Project& project, const std::string& file, const std::string& from, const std::string& to) {
  std::string text = project.read(file);
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  project.write(file, text.replace(at, from.size(), to));
}

}  // namespace

TEST_CASE("where nothing differs no file is touched", "[cli][pull]") {
  const Project project;
  project.write("roles/author.yaml", commented);
  REQUIRE(project.run("sync").code == 0);
  const std::string type = project.read("entity-types/note.yaml");
  struct stat before {};
  REQUIRE(stat((project.path() / "roles/author.yaml").c_str(), &before) == 0);
  CHECK(tells(project.run("pull"), "The files are as development is."));  // and there is nothing to ask
  CHECK(project.run("pull --yes").code == 0);
  struct stat after {};
  REQUIRE(stat((project.path() / "roles/author.yaml").c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(project.read("roles/author.yaml") == commented);
  CHECK(project.read("entity-types/note.yaml") == type);
}

TEST_CASE("comments stay where a value did not change", "[cli][pull]") {
  const Project project;
  project.write("roles/author.yaml", commented);
  REQUIRE(project.run("sync").code == 0);
  const auto pulled = [&] {
    const Answer answer = project.run("pull --yes");
    INFO(answer.text);
    CHECK(answer.code == 0);
    CHECK(tells(project.run("status"), "files → development: the same"));
    return project.read("roles/author.yaml");
  };
  const auto expected = [](std::string from, const std::string& part, const std::string& to) {
    return from.replace(from.find(part), part.size(), to);
  };
  // A value in a list, an element more, an element less, a key less, a key more.
  sync_elsewhere(project,
                 [](const Project& other) { replace(other, "roles/author.yaml", "data.author", "data.text"); });
  const std::string first = pulled();
  CHECK(first.find("# Of whoever writes notes.\nname: author\n\n# What they may do.\n") == 0);
  CHECK(first.find("    fieldPath: data.secret\n    maskType: hide\n# The end.\n") != std::string::npos);
  CHECK(first.find("effect: allow}   # no delete\n") != std::string::npos);
  CHECK(first.find("data.text") != std::string::npos);

  project.write("roles/author.yaml", commented);
  REQUIRE(project.run("sync").code == 0);
  sync_elsewhere(project, [](const Project& other) {
    replace(other, "roles/author.yaml", "  - {resource: \"*\", actions: [delete], effect: deny}\n", "");
  });
  CHECK(pulled() == expected(commented, "  - {resource: \"*\", actions: [delete], effect: deny}\n", ""));

  project.write("roles/author.yaml", commented);
  REQUIRE(project.run("sync").code == 0);
  sync_elsewhere(project, [](const Project& other) {
    replace(other, "roles/author.yaml", "# The end.",
            "  - {entityType: note, fieldPath: data.author, maskType: redact}");
  });
  const std::string third = pulled();
  CHECK(third.find(std::string(commented).substr(0, std::string(commented).find("# The end."))) == 0);
  CHECK(third.find("redact") != std::string::npos);
  CHECK(third.find("# The end.") != std::string::npos);

  // Within a schema, and in JSON.
  project.write("entity-types/note.yaml", R"(slug: note
schema:
  properties:   # of a note
    # What it says.
    text: {type: string}
    author: {type: string}  # a user
    secret:
      type: string   # whatever
)");
  project.write("roles/author.yaml", commented);
  project.write("entity-types/other.json", "{\"slug\": \"other\",\n \"name\": \"Other\"}\n");
  REQUIRE(project.run("sync").code == 0);
  sync_elsewhere(project, [](const Project& other) {
    replace(other, "entity-types/note.yaml", "author: {type: string}", "author: {type: [string, integer]}");
    replace(other, "entity-types/note.yaml", "    text: {type: string}",
            "    text: {type: string}\n    more: {type: string}");
    other.write("entity-types/other.json", "{\"slug\": \"other\", \"name\": \"Another\"}");
  });
  pulled();
  const std::string type = project.read("entity-types/note.yaml");
  INFO(type);
  for (const char* const part : {"  properties:   # of a note\n    # What it says.\n    text: {type: string}\n",
                                 "    secret:\n      type: string   # whatever\n", "more:"})
    CHECK(type.find(part) != std::string::npos);
  CHECK(Json::parse(project.read("entity-types/other.json")).at("name") == "Another");
}

TEST_CASE("a pull lists what it would do and asks, and leaves what was never there", "[cli][pull]") {
  const Project project;
  REQUIRE(project.run("sync").code == 0);
  REQUIRE(project.run("deploy -y").code == 0);
  project.write("roles/mine.yaml", "name: mine\n");
  project.write("roles/clerk.yaml", "name: clerk\n");
  project.write("roles/broken.yml", "name: [\n");
  std::filesystem::remove(project.path() / "entity-types/note.yaml");
  const Answer asked = project.run("pull -e production");
  CHECK(asked.code == 2);
  CHECK(tells(asked, "+ entity-types/note.yaml"));
  CHECK(tells(asked, "? roles/mine.yaml  is not in production, and stays"));
  CHECK(tells(asked, "? roles/broken.yml"));
  CHECK_FALSE(std::filesystem::exists(project.path() / "entity-types/note.yaml"));
  CHECK(project.run_in_terminal(80, {"pull"}, "n\n").code == 1);
  CHECK_FALSE(std::filesystem::exists(project.path() / "entity-types/note.yaml"));
  const Answer done = project.run("pull -e production --yes");
  CHECK(done.code == 0);
  CHECK(tells(done, "except those with ?"));
  CHECK(project.read("roles/mine.yaml") == "name: mine\n");
  CHECK(project.read("roles/broken.yml") == "name: [\n");
  CHECK(std::filesystem::exists(project.path() / "entity-types/note.yaml"));
  const Json json = Json::parse(project.run("--json pull -e production --yes").text);
  CHECK(json.at("changes").empty());
  CHECK(json.at("kept").size() == 3);

  // Synced, and gone there since: the file may go. Changed in the meantime: it is another definition.
  std::filesystem::remove(project.path() / "roles/broken.yml");
  REQUIRE(project.run("sync").code == 0);
  sync_elsewhere(project, [](const Project& other) {
    for (const char* const name : {"roles/mine.yaml", "roles/clerk.yaml"}) std::filesystem::remove(other.path() / name);
  });
  project.write("roles/clerk.yaml", "name: clerk\npolicies:\n  - {resource: note, actions: [list], effect: allow}\n");
  const Answer removed = project.run("pull --yes");
  INFO(removed.text);
  CHECK(tells(removed, "- roles/mine.yaml"));
  CHECK(tells(removed, "? roles/clerk.yaml"));
  CHECK_FALSE(std::filesystem::exists(project.path() / "roles/mine.yaml"));
  CHECK(std::filesystem::exists(project.path() / "roles/clerk.yaml"));
}

TEST_CASE("nothing is written through a link, by any command that writes into the project", "[cli][pull]") {
  namespace files = std::filesystem;
  const Project project;
  const Folder outside;
  outside.write("victim", "untouched\n");
  const files::path victim = outside.path() / "victim";
  REQUIRE(project.run("sync").code == 0);
  const auto untouched = [&] {
    std::ifstream stream(victim);
    return std::string(std::istreambuf_iterator<char>(stream), {}) == "untouched\n" &&
           std::distance(files::directory_iterator(outside.path()), files::directory_iterator()) == 1;
  };
  const files::path role = project.path() / "roles/author.yaml";
  const auto plant = [&](const std::function<void()>& how) {
    files::remove(role);
    how();
    const Answer answer = project.run("pull --yes");
    INFO(answer.text);
    CHECK(answer.code != 0);
    CHECK(untouched());
    files::remove(role);
  };
  plant([&] { files::create_symlink(victim, role); });
  plant([&] { files::create_symlink(outside.path() / "new", role); });
  plant([&] { files::create_hard_link(victim, role); });
  plant([&] { REQUIRE(mkfifo(role.c_str(), 0600) == 0); });
  plant([&] { files::create_directory(role); });
  // What the old writer made on the way.
  files::create_symlink(victim, project.path() / "roles/.author.yaml.unfinished");
  CHECK(project.run("pull --yes").code == 0);
  CHECK(untouched());
  CHECK(tells(project.run("status"), "files → development: the same"));

  // The folder itself leads elsewhere.
  files::remove_all(project.path() / "roles");
  files::create_directory_symlink(outside.path(), project.path() / "roles");
  CHECK(project.run("pull --yes").code == 5);
  CHECK(project.run("add role clerk").code == 5);
  CHECK(project.run("init --organization acme").code == 5);
  CHECK(untouched());
}

TEST_CASE("a file that says the same stays, whatever is wrong with other files", "[cli][pull]") {
  const Project project;
  project.write("roles/author.yaml", commented);
  project.write("entity-types/person.yaml",
                "slug: person\nname: person   # as its slug\nboundToRole: author\nuserIdField: userId\n"
                "schema: {type: object, properties: {userId: {type: string}}}\nsearchFields: []   # none yet\n");
  project.write("agents/tutor.yaml",
                "slug: tutor\nmodel: m\nsystemPrompt: p\nroles: [author]\ntools: []   # none yet: ask ada first\n");
  REQUIRE(project.run("sync").code == 0);
  const std::string person = project.read("entity-types/person.yaml"), agent = project.read("agents/tutor.yaml"),
                    note = project.read("entity-types/note.yaml");
  const auto check = [&] {
    const Answer answer = project.run("pull --yes");
    INFO(answer.text);
    CHECK(answer.code == 0);
    CHECK(project.read("entity-types/person.yaml") == person);
    CHECK(project.read("agents/tutor.yaml") == agent);
  };
  std::filesystem::remove(project.path() / "roles/author.yaml");
  check();
  // A type of which nothing can be read but its name.
  project.write("roles/author.yaml", commented);
  project.write("entity-types/note.yaml", "slug: note\nschema: {type: nonsense}\n");
  check();
  CHECK(project.read("roles/author.yaml") == commented);
  CHECK(tells(project.run("status"), "files → development: the same"));
}
