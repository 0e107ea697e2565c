// SQLite asks an index which rows may match a search, memory looks at each: in random worlds with more rows than are
// looked at without asking, both must find the same. STRUERE_SEED and STRUERE_ROUNDS make longer runs.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "property/random_json.hpp"
#include "storage/sql/lead.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class SearchingWorld {
 public:
  SearchingWorld(StorageKind kind, std::uint64_t seed) : world_(kind), random_(seed) {
    define();
    for (const char* const role : {"alpha", "beta"}) {
      Json definition{{"name", role},
                      {"policies", {{{"resource", "note"}, {"actions", {"list"}}, {"effect", "allow"}}}}};
      if (random_.chance(50))
        definition["scopeRules"] = {
            {{"entityType", "note"}, {"field", "data.n"}, {"operator", "gte"}, {"value", random_.below(4)}}};
      if (random_.chance(70))
        definition["fieldMasks"] = {{{"entityType", "note"},
                                     {"fieldPath", "data." + random_.pick(fields_)},
                                     {"maskType", random_.chance(50) ? "hide" : "redact"}}};
      world_.define_role(definition);
    }
    const std::vector<std::vector<std::string>> held{{"alpha"}, {"beta"}, {"alpha", "beta"}};
    for (const auto& roles : held) actors_.push_back(world_.user(fmt::format("user{}", actors_.size()), roles));
    actors_.push_back(world_.system());
    for (std::int64_t i = few_rows + 50; i > 0; --i) ids_.push_back(world_.create("note", data()));
  }

  std::string step() {
    world_.clock.advance(random_.below(2));
    const auto notes = world_.system().entities("note");
    const int kind = random_.below(100);
    const EntityId id = random_.pick(ids_);
    question_ = fmt::format("{} {}", kind, id.str());
    if (kind < 60) return search();
    if (kind < 70) ids_.push_back(notes.create(data()).id);
    if (kind >= 98) define();
    try {
      if (kind >= 70 && kind < 90) notes.update(id, data());
      if (kind >= 90 && kind < 98) notes.remove(id);
    } catch (const Error& error) {  // removed before
      return error.what();
    }
    return "written";
  }
  const std::string& question() const noexcept { return question_; }

 private:
  void define() {
    Json searched = Json::array();
    for (const std::string& field : fields_)
      if (random_.chance(60)) searched.push_back(field);
    world_.define_type({{"slug", "note"}, {"searchFields", searched}});
  }

  std::string word() {
    static const std::vector<std::string> odd{
        "O'Brien", "12.3.maths", "AND", "NEAR", "\"x\"", "50%",      "naïve",  "NAÏVE", "日本語", "日本", "😀",
        "e\u0301", "x*",         "--",  "a.b",  "_a",    "1.1.rare", "\u00a0", "ß",     "W17-b",  "w170"};
    if (random_.chance(30)) return random_.pick(odd);
    if (random_.chance(5))
      return std::string(static_cast<std::size_t>(55 + random_.below(15)), 'y') + random_.pick(odd);
    return fmt::format("{}{}", random_.chance(50) ? "w" : "W", random_.below(400));
  }
  std::string text() {
    std::string out;
    for (int i = random_.below(5); i > 0; --i)
      out += word() + random_.pick(std::vector<std::string>{" ", ", ", "\n", "'"});
    return out;
  }
  // Of a patch, what is null goes.
  Json data() {
    Json out = Json::object();
    if (random_.chance(70)) out["title"] = text();
    if (random_.chance(30)) out["tags"] = Json::array({text(), random_.scalar(), Json::array({text()}), text()});
    if (random_.chance(30)) out["deep"] = Json{{"text", text()}, {"other", text()}};
    if (random_.chance(10)) out[random_.pick(std::vector<std::string>{"title", "tags"})] = random_.scalar();
    out["n"] = random_.below(5);
    return out;
  }

  std::string search() {
    Query query{.search = word()};
    if (random_.chance(40)) *query.search += " " + word();
    if (random_.chance(30))
      query.search = random_.pick(std::vector<std::string>{"", "w", "W1", "n", "日", "1 w2 w3 w4 w"});
    if (random_.chance(30))
      query.order.push_back({random_.chance(50) ? "data.title" : "createdAt", Direction::ascending});
    if (random_.chance(20)) query.where = field("data.n") == 2;
    query.limit = 1 + random_.below(30);
    const auto notes = random_.pick(actors_).entities("note");
    question_ += " search " + *query.search;
    std::string out = fmt::format("{}:", notes.count(query));
    do {
      const EntityPage page = notes.list(query);
      for (const Entity& row : page) out += " " + row.id().str();
      query.after = page.next();
    } while (query.after);
    return out;
  }

  World world_;
  Random random_;
  std::vector<std::string> fields_{"title", "tags", "deep.text"};
  std::vector<Session> actors_;
  std::vector<EntityId> ids_;
  std::string question_;
};

}  // namespace

TEST_CASE("memory and SQLite find the same", "[property][storage][search]") {
  const std::uint64_t first = first_seed(), worlds = rounds(4);
  for (std::uint64_t seed = first; seed != first + worlds; ++seed) {
    SearchingWorld memory(StorageKind::memory, seed), sqlite(StorageKind::sqlite, seed);
    for (int step = 0; step < 200; ++step) {
      const std::string expected = memory.step(), got = sqlite.step();
      if (expected != got)
        FAIL("seed " << seed << " step " << step << "\n"
                     << memory.question() << "\nmemory: " << expected << "\nsqlite: " << got);
    }
  }
}
