// Definitions as files: strict, with the place of every mistake, and back again.
#include <rapidcheck.h>
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <filesystem>

#include "struere/definitions/definitions.hpp"
#include "struere/yaml/definition_folder.hpp"
#include "support/folder.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const char* const student_file = R"(slug: student
schema:
  type: object
  properties:
    name: {type: string}
    card: {type: string}
)";

}  // namespace

TEST_CASE("a folder is read, whatever its files are called and in YAML as in JSON", "[definitions]") {
  const Folder folder;
  folder.write("entity-types/anything.yml", student_file);
  folder.write("roles/teacher.json", R"({"name": "teacher", "policies": [
    {"resource": "student", "actions": ["read"], "effect": "allow"}]})");
  folder.write("roles/.teacher.json.swp", "not a definition");
  folder.write("agents/tutor.yaml",
               "slug: tutor\nmodel: small\nroles: [teacher]\nsystemPrompt: |\n  You teach.\n  Kindly.\n");
  folder.write("agents/smile.json",
               R"({"slug": "smile", "model": "small", "systemPrompt": "", "name": "\ud83d\ude00"})");
  const DefinitionSet set = read_definitions(folder.path());
  CHECK(set.find(DefinitionKind::agent, "smile")->at("name") == "\U0001F600");
  CHECK(set.find(DefinitionKind::entity_type, "student")->at("schema").at("properties").size() == 2);
  CHECK(set.find(DefinitionKind::role, "teacher"));
  CHECK(set.find(DefinitionKind::agent, "tutor")->at("systemPrompt") == "You teach.\nKindly.\n");
  folder.write("agents/smile.json", "{slug: smile, model: small, systemPrompt: x}");  // YAML, and no JSON
  CHECK_ERROR(invalid_definition, read_definitions(folder.path()));
}

TEST_CASE("all mistakes of a folder are told at once, each with its place and what was meant", "[definitions]") {
  const Folder folder;
  folder.write("entity-types/student.yaml", student_file);
  folder.write("entity-types/twice.yaml", "slug: student\n");
  folder.write("roles/teacher.yaml", R"(name: teacher
policis: []
policies:
  - resource: studnet
    actions: [read]
    effect: allow
)");
  folder.write("roles/other.yaml", R"(name: other
policies:
  - {resource: student, actions: [reed], effect: allow}
)");
  folder.write("roles/third.yaml", R"(name: third
policies:
  - {resource: studnet, actions: [read], effect: allow}
fieldMasks:
  - entityType: student
    fieldPath: data.crad
    maskType: hide
)");
  folder.write("roles/group.yaml", R"(name: group
policies:
  - {resource: student, actions: [read], effect: allow}
scopeRules:
  - entityType: student
    any:
      - {field: data.card, operator: exists, value: true}
      - all:
          - {field: data.crad, operator: exists, value: false}
)");
  folder.write("roles/broken.yaml", "name: [unfinished\n");
  folder.write("roles/same.yaml", "name: same\nname: same\n");
  folder.write("triggers/welcome.yaml", R"(slug: welcome
on: {entityType: student, action: created}
actions:
  - tool: send-mial
)");
  folder.write("tools/send-mail.yaml", "name: send-mail\n");
  folder.write("agents/notes.txt", "");
  const std::string message = error_of([&] { read_definitions(folder.path()); });
  INFO(message);
  const auto tells = [&](const char* part) { return message.find(part) != std::string::npos; };
  CHECK(tells("invalid_definition"));
  CHECK(tells("entity-types/twice.yaml:1:1: there are two"));
  CHECK(tells("; the other is in entity-types/student.yaml"));
  CHECK(tells("roles/teacher.yaml:2:1: unknown key `policis`. Did you mean `policies`?"));
  CHECK(tells("roles/other.yaml:3:35: \"reed\" is none of"));
  CHECK(tells("Did you mean `read`?"));
  CHECK(tells("roles/third.yaml:3:6: there is no entity-type `studnet`. Did you mean `student`?"));
  CHECK(tells("roles/third.yaml:6:5: the schema of `student` has no field `data.crad`. Did you mean `card`?"));
  CHECK(tells("roles/group.yaml:9:14: the schema of `student` has no field `data.crad`. Did you mean `card`?"));
  CHECK(tells("roles/broken.yaml:"));
  CHECK(tells("roles/same.yaml:2:1: the key `name` is here twice"));
  CHECK(tells("triggers/welcome.yaml:4:5: nobody registered the tool `send-mial`"));
  CHECK(tells("Did you mean `send-mail`?"));
  CHECK(tells("agents/notes.txt:1:1: a definition is a file"));
  CHECK_ERROR(not_found, read_definitions(folder.path() / "nowhere"));
}

TEST_CASE("what stands in the place of a file or folder of definitions is refused with its place", "[definitions]") {
  const auto refusal = [](const Folder& folder) {
    const std::string read = error_of([&] { read_definitions(folder.path()); });
    CHECK(read.starts_with("invalid_definition: "));
    return read;
  };
  SECTION("a link to itself, and a pipe") {
    const Folder folder;
    folder.write("roles/clerk.yaml", "name: clerk\n");
    std::filesystem::create_symlink("loop.yaml", folder.path() / "roles/loop.yaml");
    REQUIRE(mkfifo((folder.path() / "roles/pipe.yaml").c_str(), 0600) == 0);
    const std::string message = refusal(folder);
    CHECK(message.find("roles/loop.yaml:1:1: this is a folder, a pipe") != std::string::npos);
    CHECK(message.find("roles/pipe.yaml:1:1: this is a folder, a pipe") != std::string::npos);
    CHECK(plan_definition_files(folder.path(), {}).kept.size() == 1);  // the role
  }
  for (const char* const what : {"a file", "a link to itself", "a link that leads nowhere"})
    DYNAMIC_SECTION(what << " in place of a folder") {
      const Folder folder;
      folder.write("entity-types/student.yaml", student_file);
      if (std::string(what) == "a file")
        folder.write("roles", "");
      else
        std::filesystem::create_directory_symlink(std::string(what) == "a link to itself" ? "roles" : "nowhere",
                                                  folder.path() / "roles");
      CHECK(refusal(folder).find("roles:1:1: this is not a folder") != std::string::npos);
      CHECK(error_of([&] { plan_definition_files(folder.path(), {}); }).find("roles:1:1: this is not a folder") !=
            std::string::npos);
    }
  SECTION("a folder that is a link to itself") {
    const Folder folder;
    std::filesystem::create_directory_symlink("loop", folder.path() / "loop");
    CHECK_ERROR(not_found, read_definitions(folder.path() / "loop"));
    CHECK_ERROR(not_found, plan_definition_files(folder.path() / "loop", {}));
  }
}

TEST_CASE("YAML's surprises are refused or are texts", "[definitions]") {
  const Folder folder;
  const auto agent = [&](const std::string& model) {
    folder.write("agents/a.yaml", "slug: a\nsystemPrompt: x\nmodel: " + model + "\n");
    return error_of([&] { read_definitions(folder.path()); });
  };
  CHECK(agent("yes") == "no error");
  CHECK(agent("\"1\"") == "no error");
  CHECK(agent("0x10") == "no error");
  CHECK(agent("1").find("agents/a.yaml:3:1: this must be of type string") != std::string::npos);
  CHECK(agent("&anchor x").find("anchors") != std::string::npos);
  CHECK(agent("!!str x").find("tags") != std::string::npos);
  CHECK(agent("x\n---\nslug: b").find("one document") != std::string::npos);
  CHECK(agent("{? [a] : b}").find("a key is a text") != std::string::npos);
  folder.write("agents/a.yaml", std::string(100, '[') + std::string(100, ']'));
  CHECK(error_of([&] { read_definitions(folder.path()); }).find("nested too deeply") != std::string::npos);
}

namespace {

std::string random_text() {
  return *rc::gen::oneOf(
      rc::gen::element<std::string>("null", "yes", "- a", "a: b", " x", "x ", "#", "line\nline\n", "line\n\n", "\n",
                                    "\t", "1", "1.0", "-", "~", "&a", "*a", "!t", "'", "\"", "\xc3\xa4", "\x7f",
                                    "\x1b[2J", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "a\\b", "a\n  b\n",
                                    "trailing \nspace\n", "{", "[", "%", "@", "`", ",", "?", ":", "|", ">", "true"),
      rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~')));
}

// Sets that differ in everything, and are right.
DefinitionSet random_definitions() {
  DefinitionSet out;
  std::vector<std::string> types, roles;
  for (const char* const slug : {"student", "session", "payment"}) {
    if (*rc::gen::inRange(0, 3) == 0) continue;
    Json schema{{"type", "object"}, {"description", random_text()}, {"properties", Json::object()}};
    for (const char* const field : {"name", "card", "age"})
      if (*rc::gen::arbitrary<bool>())
        schema["properties"][field] = {{"type", *rc::gen::element("string", "integer")}, {"title", random_text()}};
    if (!types.empty() && *rc::gen::arbitrary<bool>())
      schema["properties"]["ref"] = {{"type", "string"}, {"references", types.front()}};
    Json type{{"slug", slug}, {"name", "n" + random_text()}, {"schema", schema}};
    if (schema.at("properties").contains("name")) type["searchFields"] = {"name"};
    out.add(DefinitionKind::entity_type, type);
    types.push_back(slug);
  }
  for (const std::string& name : std::vector<std::string>{"teacher", "Role of " + random_text(), "clerk"}) {
    if (*rc::gen::inRange(0, 3) == 0 || out.find(DefinitionKind::role, name)) continue;
    Json role{{"name", name}, {"policies", Json::array()}, {"scopeRules", Json::array()}};
    for (const std::string& type : types) {
      role["policies"].push_back({{"resource", type},
                                  {"actions", *rc::gen::element(Json::array({"list", "read"}), Json::array({"*"}))},
                                  {"effect", *rc::gen::element("allow", "deny")}});
      if (*rc::gen::arbitrary<bool>())
        role["scopeRules"].push_back(
            {{"entityType", type}, {"field", "status"}, {"operator", "eq"}, {"value", random_text()}});
    }
    out.add(DefinitionKind::role, role);
    roles.push_back(name);
  }
  for (const char* const slug : {"tutor", "clerk"}) {
    if (*rc::gen::arbitrary<bool>()) continue;
    out.add(DefinitionKind::agent, {{"slug", slug},
                                    {"description", random_text()},
                                    {"systemPrompt", random_text()},
                                    {"model", "m" + random_text()},
                                    {"status", *rc::gen::element("active", "inactive")},
                                    {"roles", roles},
                                    {"tools", {"entity.get", "send-mail"}}});
  }
  Json permissions = Json::object();
  for (const auto& [slug, agent] : out.of(DefinitionKind::agent))
    if (*rc::gen::arbitrary<bool>())
      permissions[slug] = {{"identity", *rc::gen::element("inherit", "system")}, {"deniedFields", {"data.card"}}};
  out.add(DefinitionKind::tool, {{"name", "send-mail"}, {"agents", permissions}});
  for (const std::string& type : types)
    if (*rc::gen::arbitrary<bool>())
      out.add(DefinitionKind::trigger, {{"slug", "on-" + type},
                                        {"on", {{"entityType", type}, {"action", "created"}}},
                                        {"actions", {{{"tool", "send-mail"}, {"args", {{"text", random_text()}}}}}}});
  return out;
}

}  // namespace

TEST_CASE("sets of definitions, one after the other, are what the scope is, and their files read the same",
          "[definitions][property]") {
  CHECK(rc::check("A, B, A end where A does, and pull is followed by a clean status", [] {
    const World world(*rc::gen::elementOf(storage_kinds()));
    const Definitions development(world.system());
    const Definitions production(world.system(Environment::production));
    const DefinitionSet a = random_definitions(), b = random_definitions();
    DefinitionSet after_a;
    for (const DefinitionSet* const set : {&a, &b, &a}) {
      development.apply(development.plan(*set));
      RC_ASSERT(development.plan(*set).empty());
      if (set == &a && after_a == DefinitionSet()) after_a = development.current();

      const Folder folder;
      write_definition_files(folder.path(), plan_definition_files(folder.path(), development.current()));
      const DefinitionSet pulled = read_definitions(folder.path());
      RC_ASSERT(development.plan(pulled).empty());
      RC_ASSERT(plan_definition_files(folder.path(), development.current()).empty());
      RC_ASSERT(read_definitions(folder.path()) == pulled);

      const ChangePlan deployment = production.plan(development.current());
      if (!deployment.empty()) production.deploy(deployment);
      RC_ASSERT(production.plan(*set).empty());
    }
    RC_ASSERT(development.current() == after_a);
    RC_ASSERT(world.system().events().verify().ok);
  }));
}
