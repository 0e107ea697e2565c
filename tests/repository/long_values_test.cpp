// An index takes keys of a bounded size only: of longer values it holds a part, and the row itself decides.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::vector<std::string> long_texts_of(const EntityRepository& notes, Query query) {
  std::vector<std::string> out;
  query.limit = 7;  // several pages
  do {
    const EntityPage page = notes.list(query);
    for (const Entity& row : page) out.push_back(row.data().at("text"));
    query.after = page.next();
  } while (query.after);
  return out;
}

}  // namespace

TEST_CASE("values that are longer than an index takes are found, compared and ordered whole",
          "[entities][field_keys]") {
  World world(any_storage());
  world.define_type(
      {{"slug", "note"},
       {"schema",
        {{"properties",
          {{"text", {{"type", "string"}, {"x-index", true}}}, {"n", {{"type", "integer"}, {"x-index", true}}}}}}}});
  world.define_role(R"({"name": "owner", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
    "scopeRules": [{"entityType": "note", "field": "data.owner", "operator": "eq", "value": "actor.userId"}]})"_json);
  // Alike in their first 60, 64, 3,000 and 10,000 bytes; a text of two bytes a letter is cut in the middle of one.
  std::vector<std::string> texts;
  for (const std::size_t size : {60U, 63U, 64U, 65U, 3'000U, 10'000U})
    for (const char* const end : {"", "a", "b", "\xC3\xA9"}) texts.push_back(std::string(size, 'x') + end);
  std::string accents;
  for (int i = 0; i < 2'000; ++i) accents += "\xC3\xA9";
  for (const char* const start : {"", "x"})
    for (const char* const end : {"", "a"}) texts.push_back(start + accents + end);
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  std::vector<std::size_t> order(texts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i * 5 % texts.size();
  REQUIRE(texts.size() % 5 != 0);
  for (const std::size_t i : order) world.create("note", {{"text", texts[i]}, {"n", 1}, {"owner", "ana"}});

  const Session actors[] = {world.system(), world.user("ana", {"owner"})};
  for (const Session& actor : actors) {
    const EntityRepository notes = actor.entities("note");
    const std::vector<std::string> all = long_texts_of(notes, {.order = {{"data.text"}}});
    CHECK(all == texts);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      INFO("a text of " << texts[i].size() << " bytes, the " << i << "th");
      const auto at = texts.begin() + static_cast<std::ptrdiff_t>(i);
      CHECK(long_texts_of(notes, {.where = field("data.text") == texts[i]}) == std::vector{texts[i]});
      CHECK(notes.count({.where = field("data.text") == texts[i]}) == 1);
      CHECK(notes.count({.where = field("data.text") == texts[i] + "a" + std::string(5'000, 'z')}) == 0);
      CHECK(long_texts_of(notes, {.where = field("data.text") < texts[i], .order = {{"data.text"}}}) ==
            std::vector(texts.begin(), at));
      CHECK(notes.count({.where = field("data.text") >= texts[i]}) == texts.end() - at);
    }
  }
  // Moved, deleted and back, their keys with them.
  const EntityRepository notes = world.system().entities("note");
  const EntityId last = notes.list({.where = field("data.text") == texts.back()}).front().id();
  notes.update(last, {{"text", texts.front() + "0"}});
  CHECK(long_texts_of(notes, {.order = {{"data.text"}}})[1] == texts.front() + "0");
  notes.remove(last);
  CHECK(notes.count({.where = field("data.text") >= ""}) == static_cast<std::int64_t>(texts.size()) - 1);
  notes.restore(last);
  CHECK(notes.count({.where = field("data.text") == texts.front() + "0"}) == 1);
  CHECK(world.system().events().verify().ok);
}
