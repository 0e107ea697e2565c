// What a path of relations leads to, few rows or many: the storage reads them from the ends of the path, or looks for
// them among the rows of the type.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// A lead reaches the members of a team, and what these have written.
class Company : public World {
 public:
  explicit Company(StorageKind kind, const Json& rule = {{"entityType", "note"}, {"relationPath", "leads/has/wrote"}})
      : World(kind) {
    for (const char* const type : {"note", "team"}) define_type({{"slug", type}});
    define_type({{"slug", "person"}, {"boundToRole", "lead"}});
    define_role({{"name", "lead"},
                 {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}},
                 {"scopeRules",
                  {rule,
                   {{"entityType", "person"}, {"relationPath", "leads/has"}},
                   {{"entityType", "team"}, {"relationPath", "leads"}}}}});
    self = create("person", {{"userId", "ana"}});
    team = create("team", Json::object());
    link(self, "leads", team);
  }
  void link(const EntityId& from, const char* relation, const EntityId& to) const {
    system().relations().link(from, relation, to);
  }
  // Each in the team, with a note.
  void add_members(std::size_t number) {
    const auto people = system().entities("person").create_all(std::vector<Json>(number, Json::object()));
    const auto written = system().entities("note").create_all(std::vector<Json>(number, Json{{"n", 1}}));
    system().transaction([&](Session& unit) {
      for (std::size_t i = 0; i < number; ++i) {
        unit.relations().link(team, "has", people[i]);
        unit.relations().link(people[i], "wrote", written[i]);
      }
    });
    members.insert(members.end(), people.begin(), people.end());
    notes.insert(notes.end(), written.begin(), written.end());
  }
  // Of the pages, however many there are.
  static std::vector<EntityId> ids_of(const Session& actor, const char* type, Query query = {.limit = 500}) {
    std::vector<EntityId> out;
    for (const Entity& row : actor.entities(type).all(query)) out.push_back(row.id());
    return out;
  }

  EntityId self, team;
  std::vector<EntityId> members, notes;
};

std::set<EntityId> set_of(const std::vector<EntityId>& ids) { return {ids.begin(), ids.end()}; }

// To `number` of notes, beside `others` that none leads to.
void check_paths(std::size_t number, std::size_t others) {
  Company company(any_storage());
  company.add_members(number);
  company.system().entities("note").create_all(std::vector<Json>(others, Json{{"n", 1}}));
  const Session ana = company.user("ana", {"lead"});
  const EntityRepository notes = ana.entities("note");
  CHECK(Company::ids_of(ana, "note").size() == number);
  CHECK(set_of(Company::ids_of(ana, "note")) == set_of(company.notes));
  CHECK(notes.count() == static_cast<std::int64_t>(number));
  CHECK(Company::ids_of(ana, "note", {.order = {{"data.n", Direction::descending}}, .limit = 200}).size() == number);
  CHECK(notes.get_many({company.notes.front(), company.notes.back()}).size() == 2);
  CHECK(notes.find(company.notes.back()));
  CHECK(ana.entities("person").find(company.members.front()));
  CHECK(ana.entities("team").find(company.team));
  CHECK(notes.list({.where = field("data.n") == 2}).empty());

  // Neither what is deleted nor what is no longer related.
  company.system().entities("note").remove(company.notes[0]);
  company.system().entities("person").remove(company.members[1]);
  company.system().relations().unlink(company.members[2], "wrote", company.notes[2]);
  for (std::size_t gone = 0; gone < 3; ++gone) CHECK_FALSE(notes.find(company.notes[gone]));
  CHECK(notes.count() == static_cast<std::int64_t>(number - 3));
  CHECK(Company::ids_of(ana, "note").size() == number - 3);
  CHECK_ERROR(not_found, notes.update(company.notes[1], {{"n", 2}}));
  company.system().entities("team").remove(company.team);
  CHECK(notes.count() == 0);
}

}  // namespace

TEST_CASE("a path of relations leads to the same rows, few or many, among few or many", "[relations][scope]") {
  using Sizes = std::pair<std::size_t, std::size_t>;
  const auto [number, others] = GENERATE(Sizes(3, 0), Sizes(3, 700), Sizes(240, 0));
  check_paths(number, others);
}

TEST_CASE("a path of relations leads to the same rows, however many", "[relations][scope][large]") {
  using Sizes = std::pair<std::size_t, std::size_t>;
  const auto [number, others] = GENERATE(Sizes(240, 3'000), Sizes(1'050, 0));
  check_paths(number, others);
}

TEST_CASE("rows that two paths lead to come once", "[relations][scope]") {
  Company company(
      any_storage(),
      R"({"entityType": "note", "any": [{"relationPath": "leads/has/wrote"}, {"relationPath": "reads"}]})"_json);
  company.add_members(5);
  const EntityId other = company.create("note", {{"n", 2}}), unread = company.create("note", {{"n", 3}});
  company.link(company.self, "reads", other);
  company.link(company.self, "reads", company.notes[0]);
  const Session ana = company.user("ana", {"lead"});
  auto expected = set_of(company.notes);
  expected.insert(other);
  CHECK(Company::ids_of(ana, "note").size() == expected.size());
  CHECK(set_of(Company::ids_of(ana, "note")) == expected);
  CHECK(ana.entities("note").count() == 6);
  CHECK_FALSE(ana.entities("note").find(unread));
}

TEST_CASE("related entities come in pages, those of all types, and only visible ones", "[relations][scope]") {
  Company company(any_storage());
  company.add_members(230);
  const EntityId note = company.create("note", Json::object());
  company.link(company.team, "has", note);
  const Session ana = company.user("ana", {"lead"});
  std::vector<EntityId> found;
  std::optional<std::string> after;
  do {
    const EntityPage page =
        ana.relations().related(company.team, "has", RelationDirection::out, {.limit = 100, .after = after});
    for (const Entity& row : page) found.push_back(row.id());
    after = page.next();
  } while (after);
  CHECK(found.size() == 230);
  CHECK(set_of(found) == set_of(company.members));  // no path of hers leads to the note
  CHECK(company.system().relations().related(company.team, "has", RelationDirection::out, {.limit = 500}).size() ==
        231);
  CHECK(ana.relations().related(company.members[7], "has", RelationDirection::in)[0].id() == company.team);
}

TEST_CASE("SQLite follows the relations of a path, and no others of the scope", "[relations][scope][plans]") {
  Company company(StorageKind::sqlite);
  company.add_members(20);
  const Session ana = company.user("ana", {"lead"});
  for (const char* const type : {"note", "person", "team"}) {
    for (const std::string& step : company.system().profile(ana, type).steps) {
      INFO(step);
      CHECK(step.find("AUTOMATIC") == std::string::npos);
      if (step.starts_with("SEARCH r ") || step.starts_with("SEARCH x "))
        CHECK(step.find("(scope_id=? AND ") != std::string::npos);
    }
  }
}
