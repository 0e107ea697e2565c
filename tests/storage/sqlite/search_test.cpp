// A search asks an index of words which rows may match. Here: that it is asked, and rightly; that it is kept in step;
// and that it tells nothing that is not in the view.
#include <catch2/catch.hpp>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <set>
#include <sstream>

#include "core/words.hpp"
#include "storage/sql/selection_compiler.hpp"
#include "storage/sqlite/search_index.hpp"
#include "storage/sqlite/sqlite_dialect.hpp"
#include "struere/access/access_plan.hpp"
#include "struere/access/rule_book.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// More notes than are looked at one by one, and a few that a search is for.
class SearchWorld : public World {
 public:
  SearchWorld() : World(StorageKind::sqlite) {
    add_organization("globex");
    define_type({{"slug", "note"}, {"searchFields", {"title", "tags", "deep.text"}}});
    define_type({{"slug", "plain"}});
    const Json read = {{{"resource", "note"}, {"actions", {"list", "read"}}, {"effect", "allow"}}};
    const auto masking = [&](const char* name, const char* field, const char* kind) {
      define_role({{"name", name},
                   {"policies", read},
                   {"fieldMasks", {{{"entityType", "note"}, {"fieldPath", field}, {"maskType", kind}}}}});
    };
    define_role({{"name", "all"}, {"policies", read}});
    masking("untitled", "data.title", "hide");
    masking("untagged", "data.tags", "redact");
    for (std::int64_t i = 0; i < few_rows + 20; ++i) create("note", {{"title", fmt::format("filler number{}", i)}});
  }

  EntityRepository notes() const { return system().entities("note"); }

  std::int64_t count(const std::string& search, const char* type = "note") const {
    return system().entities(type).count({.search = search});
  }

  Selection selection(const Session& actor, const std::string& search) const {
    const RuleBook book(1, system().entity_types().list(), system().roles().list());
    const EntityType& type = *book.find_type("note");
    Selection out;
    out.type = type.key;
    out.grants = compile(book, actor.actor(), Action::list, "note").grants();
    out.actor = actor_values(actor.actor());
    out.search = Search{words_of(search), RuleBook::search_fields(type)};
    out.order = {{*FieldPath::parse("createdAt"), true}, {*FieldPath::parse("id"), true}};
    out.limit = 50;
    return out;
  }

  // All words that are in the index, as "<row's id> <scope>.<type>.<word>".
  std::set<std::string> indexed() const {
    std::set<std::string> out;
    for (const auto& row : RawDatabase(folder.file()).rows("SELECT entity_id, words FROM entity_search")) {
      std::istringstream words(row[1]);
      for (std::string word; words >> word;) out.insert(row[0] + " " + word);
    }
    return out;
  }

  void check_index() const {
    RawDatabase raw(folder.file());
    CHECK(raw.refusal("INSERT INTO entity_search(entity_search) VALUES('integrity-check')").empty());
    CHECK(raw.value("PRAGMA integrity_check") == "ok");
    // Each row of the index is that of a living entity, and no entity has two.
    CHECK(raw.value("SELECT count(*) FROM entity_search s WHERE NOT EXISTS (SELECT 1 FROM searchable_entities m JOIN "
                    "entities e ON e.scope_id = m.scope_id AND e.id = m.entity_id WHERE m.search_row = s.rowid AND "
                    "m.scope_id = s.scope_id AND m.entity_id = s.entity_id AND e.deleted_at IS NULL)") == "0");
    CHECK(raw.value("SELECT count(*) FROM searchable_entities") == raw.value("SELECT count(*) FROM entity_search"));
    std::set<std::string> expected;
    for (const auto& row : raw.rows("SELECT e.id, e.scope_id, e.type_key, e.data, t.search_fields FROM entities e JOIN "
                                    "entity_types t USING(scope_id, type_key) WHERE e.deleted_at IS NULL")) {
      std::vector<FieldPath> fields;
      for (const Json& field : Json::parse(row[4]))
        fields.push_back(*FieldPath::parse("data." + field.get<std::string>()));
      RowFields entity;
      entity.data = Json::parse(row[3]);
      for (const std::string& word : words_at(fields, entity))
        expected.insert(fmt::format("{} {}.{}.{}", row[0], row[1], row[2], word));
    }
    CHECK(indexed() == expected);
  }
};

// What the index adds to: the same answer with it and without it.
std::pair<std::int64_t, std::int64_t> counts(const SearchWorld& world, const std::string& search) {
  Connection connection(world.folder.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  const Selection selection = world.selection(world.system(), search);
  const auto question = SearchIndex(connection, 1).question(selection.type, *selection.search);
  const auto answer = [&](const CompiledSelection& compiled) {
    Statement statement = connection.prepare(compiled.sql);
    statement.bind(1, std::int64_t{1});
    SlotValues values(selection.actor, &selection);
    values.bind(statement, compiled.parameters);
    statement.step();
    return statement.integer(0);
  };
  return {answer(compile_count(sqlite_dialect, selection, nullptr, {question})),
          answer(compile_count(sqlite_dialect, selection))};
}

}  // namespace

TEST_CASE("a search meets its candidates alone, each by its key", "[sqlite][search]") {
  SearchWorld world;
  const auto roles = GENERATE(std::vector<std::string>{"all"}, std::vector<std::string>{"untitled"},
                              std::vector<std::string>{"untitled", "untagged"});
  Connection connection(world.folder.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  const Selection selection = world.selection(world.user("ann", roles), "number7 fill");
  const auto question = SearchIndex(connection, 1).question(selection.type, *selection.search);
  REQUIRE(question == fmt::format("\"1.{0}.number7\"* AND \"1.{0}.fill\"*", selection.type));
  for (const CompiledSelection& compiled : {compile_select(sqlite_dialect, selection, nullptr, {question}),
                                            compile_count(sqlite_dialect, selection, nullptr, {question})}) {
    Statement statement = connection.prepare("EXPLAIN QUERY PLAN " + compiled.sql);
    std::string plan;
    while (statement.step()) plan.append(statement.text(3)).append("; ");
    INFO(plan);
    CHECK(plan.find("SCAN s VIRTUAL TABLE INDEX") != std::string::npos);
    CHECK(plan.find("SEARCH e USING INDEX sqlite_autoindex_entities_1 (scope_id=? AND id=?)") != std::string::npos);
    CHECK(plan.find("SCAN e") == std::string::npos);
    CHECK(compiled.sql.find("number7") == std::string::npos);
  }
}

TEST_CASE("what the index does not name is not looked at", "[sqlite][search]") {
  SearchWorld world;
  CHECK(world.count("number7 fill") == 11);
  CHECK(world.notes().list({.search = "number7"}).size() == 11);
  CHECK(world.notes().list({.search = "number7", .order = {{"data.title"}}}).size() == 11);
  RawDatabase(world.folder.file()).run("DELETE FROM entity_search");
  CHECK(world.count("number7") == 0);
  CHECK(world.notes().list({.search = "number7"}).empty());
}

TEST_CASE("the index is kept in step with each write", "[sqlite][search]") {
  SearchWorld world;
  const EntityId id =
      world.create("note", {{"title", "Green APPLES, 12"}, {"tags", {"ripe", 7, "Green"}}, {"other", "pear"}});
  CHECK(world.count("gre app 12 rip") == 1);
  CHECK(world.count("pear") == 0);
  CHECK(world.count("pples") == 0);
  CHECK(world.count("7 ripe") == 0);  // a number is no text
  world.check_index();

  world.notes().update(id, {{"other", "plum"}}, {.status = "archived"});
  CHECK(world.count("apples") == 1);
  world.notes().update(id, {{"title", nullptr}, {"deep", {{"text", "red"}}}});
  CHECK(world.count("apples") == 0);
  CHECK(world.count("green red") == 1);
  world.check_index();

  // Nothing in it any more, and then something again.
  world.notes().update(id, {{"deep", nullptr}, {"tags", nullptr}});
  CHECK(world.count("red") == 0);
  world.check_index();
  world.notes().update(id, {{"tags", {"yellow"}}});
  CHECK(world.count("yellow") == 1);
  world.notes().remove(id);
  CHECK(world.count("yellow") == 0);
  world.check_index();

  // A write that is undone is so here too.
  {
    const auto before = world.indexed();
    const EntityId other = world.create("note", {{"title", "orange"}});
    CHECK_THROWS(world.notes().update(other, {{"title", "blue"}}, {.version = 9}));
    CHECK(world.count("blue") == 0);
    world.notes().remove(other);
    CHECK(world.indexed() == before);
  }
  world.create("plain", {{"title", "orange"}});
  world.check_index();
}

TEST_CASE("other search fields make another index, in the same transaction", "[sqlite][search]") {
  SearchWorld world;
  world.create("note", {{"title", "kiwi"}, {"summary", "mango"}});
  const EntityId gone = world.create("note", {{"title", "kiwi"}, {"summary", "mango"}});
  world.notes().remove(gone);
  CHECK(world.count("kiwi") == 1);
  world.define_type({{"slug", "note"}, {"searchFields", {"summary"}}});
  CHECK(world.count("kiwi") == 0);
  CHECK(world.count("mango") == 1);
  world.check_index();
  world.define_type({{"slug", "note"}});
  CHECK(world.count("mango") == 0);
  CHECK(world.indexed().empty());
  world.check_index();
  world.define_type({{"slug", "note"}, {"searchFields", {"summary", "title"}}});
  CHECK(world.count("mango kiwi") == 1);
  world.check_index();
  // A type that goes, and another that gets its number.
  world.system().entity_types().remove("plain");
  world.define_type({{"slug", "fruit"}, {"searchFields", {"title"}}});
  CHECK(world.count("kiwi", "fruit") == 0);
}

TEST_CASE("a damaged row does not keep the others out of a new index", "[sqlite][search]") {
  SearchWorld world;
  world.create("note", {{"summary", "mango"}});
  const EntityId damaged = world.create("note", {{"summary", "mango"}});
  RawDatabase(world.folder.file()).run("UPDATE entities SET data = '{\"summary\":' WHERE id = '" + damaged.str() + "'");
  world.define_type({{"slug", "note"}, {"searchFields", {"summary"}}});
  CHECK(world.count("mango") == 1);
}

TEST_CASE("nothing is found by what the actor does not see clear", "[sqlite][search]") {
  SearchWorld world;
  world.create("note", {{"title", "papaya"}, {"tags", {"melon"}}});
  const auto count = [&](const std::vector<std::string>& roles, const char* search) {
    return world.user(roles.front() + roles.back(), roles).entities("note").count({.search = search});
  };
  CHECK(count({"all"}, "papaya melon") == 1);
  CHECK(count({"untitled"}, "papaya") == 0);
  CHECK(count({"untitled"}, "melon") == 1);
  CHECK(count({"untagged"}, "melon") == 0);
  CHECK(count({"untagged"}, "papaya") == 1);
  CHECK(count({"untitled", "untagged"}, "papaya melon") == 1);
}

TEST_CASE("words of other scopes and types are none of this search's", "[sqlite][search]") {
  SearchWorld world;
  for (const auto& [environment, organization] :
       {std::pair(Environment::production, "acme"), std::pair(Environment::development, "globex")}) {
    world.define_type({{"slug", "note"}, {"searchFields", {"title"}}}, environment, organization);
    world.create("note", {{"title", "cherry"}}, environment, organization);
  }
  world.define_type({{"slug", "task"}, {"searchFields", {"title"}}});
  world.create("task", {{"title", "cherry"}});
  CHECK(world.count("cherry") == 0);
  Connection connection(world.folder.file(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  const Selection selection = world.selection(world.system(), "cherry");
  SearchIndex mine(connection, 1);
  CHECK(mine.count(*mine.question(selection.type, *selection.search), 100) == 0);
  // An index that was tampered with leads no further.
  const std::string theirs = RawDatabase(world.folder.file()).value("SELECT id FROM entities WHERE scope_id = 2");
  RawDatabase(world.folder.file())
      .run(fmt::format("UPDATE entity_search SET words = '1.{}.cherry', scope_id = 1 WHERE entity_id = '{}'",
                       selection.type, theirs));
  CHECK(world.count("cherry") == 0);
}

TEST_CASE("VACUUM leaves the index as it was", "[sqlite][search]") {
  SearchWorld world;
  for (int i = 0; i < 40; i += 2) world.notes().remove(world.notes().list({.limit = 1}).front().id());
  const EntityId id = world.create("note", {{"title", "quince"}});
  RawDatabase(world.folder.file()).run("VACUUM");
  CHECK(world.count("quince") == 1);
  world.notes().update(id, {{"title", "fig"}});
  CHECK(world.count("quince") == 0);
  CHECK(world.count("fig") == 1);
  world.check_index();
}

TEST_CASE("awkward words and terms find with the index what they find without", "[sqlite][search][large]") {
  SearchWorld world;
  std::string unspaced, crowded;
  while (unspaced.size() < 900'000) unspaced += "日本語";
  for (int i = 0; i < 60'000; ++i) crowded += fmt::format("w{} ", i);
  const std::string sixty_four(64, 'x');
  for (const std::string& text :
       {std::string("NEAR and AND or OR not"), std::string("a \"quoted\" word*"), std::string("12.3.maths 12 3 maths"),
        std::string("100% sure_thing"), std::string("o'brien's"), std::string("Ünïcode ÄÖÜ ünïcode"),
        std::string("x\u00a0y\u2028z"), std::string("😀smile"), std::string("İstanbul"), unspaced, crowded,
        sixty_four + "abc", sixty_four.substr(1) + "éa", sixty_four.substr(2) + "語語", sixty_four.substr(3) + "😀😀",
        std::string(), std::string("  \t\n"), std::string("--; DROP TABLE entities; --")})
    world.create("note", {{"title", text}});
  const std::string cut_character = "日本\xe8\xaa";
  for (const std::string& search : {std::string("\""),
                                    std::string("\"\""),
                                    std::string("*"),
                                    std::string("NEAR"),
                                    std::string("near("),
                                    std::string("AND"),
                                    std::string("and AND or"),
                                    std::string("NOT near"),
                                    std::string("12.3."),
                                    std::string("12.3.maths"),
                                    std::string("12 3 ma"),
                                    std::string("%"),
                                    std::string("100%"),
                                    std::string("100"),
                                    std::string("sure_"),
                                    std::string("o'b"),
                                    std::string("o'brien"),
                                    std::string("brien s"),
                                    std::string("ünï"),
                                    std::string("Ünï"),
                                    std::string("\u00a0"),
                                    std::string("x\u00a0y"),
                                    std::string("😀"),
                                    std::string("İ"),
                                    std::string("日"),
                                    unspaced,
                                    unspaced + "日",
                                    unspaced + "x",
                                    unspaced.substr(0, 66),
                                    unspaced.substr(0, 62),
                                    unspaced.substr(0, 61),
                                    cut_character,
                                    std::string("w59999"),
                                    std::string("w1 w2 w3 w4 w5 w6"),
                                    crowded.substr(0, 2000),
                                    sixty_four,
                                    sixty_four + "abc",
                                    sixty_four + "b",
                                    sixty_four.substr(1) + "é",
                                    sixty_four.substr(1) + "\xc3",
                                    sixty_four.substr(2) + "語",
                                    sixty_four.substr(2) + "\xe8\xaa",
                                    sixty_four.substr(3) + "😀",
                                    sixty_four.substr(3) + "\xf0\x9f\x98",
                                    sixty_four.substr(0, 61),
                                    std::string("title:near"),
                                    std::string("{words}: near"),
                                    std::string("^near"),
                                    std::string("near + and"),
                                    std::string("\0near", 5),
                                    std::string("near\0", 5),
                                    std::string(),
                                    std::string(" "),
                                    std::string(". , near"),
                                    std::string("--;")}) {
    INFO(search.substr(0, 80));
    const auto [with, without] = counts(world, search);
    CHECK(with == without);
  }
  CHECK(world.count("near and or") == 1);
  CHECK(world.count("12 maths") == 1);
  CHECK(world.count("12.3.maths") == 1);
  CHECK_ERROR(invalid_query, world.count(unspaced));  // of a longer text than a search may be
  CHECK(world.count(unspaced.substr(0, 4095)) == 1);
  CHECK(world.count("w59999") == 1);
  CHECK(world.count(sixty_four.substr(3) + "😀") == 4);
}
