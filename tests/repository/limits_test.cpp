// docs/limits.md: what is beyond a bound is refused by an error that names the bound in the words of that page. Bounds
// that take a large world to reach have tests of their own beside what they bound.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "struere/triggers/trigger_repository.hpp"
#include "support/any_storage.hpp"
#include "support/places.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct Bound {
  const char* error;  // its beginning
  const char* words;  // in the error and on the page
  std::function<void(const Session&)> exceed;
};

std::string page() {
  std::ifstream stream(std::filesystem::path(source_dir()) / "docs/limits.md");
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> numbered(const std::string& prefix, int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.push_back(prefix + std::to_string(i));
  return out;
}

Json nested(int depth) {
  Json out = 1;
  for (int i = 0; i < depth; ++i) out = Json{{"a", out}};
  return out;
}

Json groups(int depth) {
  Json out{{"field", "data.n"}, {"operator", "eq"}, {"value", 1}};
  for (int i = 0; i < depth; ++i) out = Json{{"any", Json::array({out})}};
  return out;
}

std::string letters(std::size_t count) { return std::string(count, 'x'); }

Json role_with(const char* part, const Json& entry) {
  Json typed = entry;
  typed["entityType"] = "note";
  return {{"name", "r"}, {part, Json::array({typed})}};
}

Json trigger_with(const Json& part) {
  Json out{{"slug", "t"},
           {"on", {{"entityType", "note"}, {"action", "created"}}},
           {"actions", Json::array({{{"tool", "mine"}}})}};
  out.merge_patch(part);
  return out;
}

void list(const Session& session, const Query& query) { (void)session.entities("note").list(query); }
void define(const Session& session, const Json& type) { (void)session.entity_types().define(type); }
void define_role(const Session& session, const Json& role) { (void)session.roles().define(role); }
void define_trigger(const Session& session, const Json& part) { (void)session.triggers().define(trigger_with(part)); }

std::vector<Bound> bounds() {
  const auto limit = [](auto&& ask) { return Bound{"invalid_query", "`limit` is from 1 to 1000", ask}; };
  const char* const texts = "is valid UTF-8 of 1 to 200 bytes";
  return {
      // Names and data
      {"invalid_data", "larger than 1 MiB",
       [](const Session& s) {
         (void)s.entities("note").create({{"text", letters(1 << 20)}});
       }},
      {"invalid_data", "larger than 1 MiB",
       [](const Session& s) {
         (void)s.entities("note").create(JsonTextView{R"({"text":")" + letters(1 << 20) + R"("})"});
       }},
      {"invalid_data", "a text of more than 8 MiB",
       [](const Session& s) { (void)s.entities("note").create(JsonTextView{std::string(8 << 20, ' ') + "{}"}); }},
      {"invalid_data", "nested more than 64 deep",
       [](const Session& s) { (void)s.entities("note").create(nested(65)); }},
      {"invalid_definition", "64",
       [](const Session& s) {
         define(s, {{"slug", letters(65)}});
       }},
      {"invalid_query", "", [](const Session& s) { list(s, {.order = {{"data.a.b.c.d.e.f.g.h.i"}}}); }},
      {"invalid_data", texts,
       [](const Session& s) {
         (void)s.agents().define({"a", letters(201), ""});
       }},
      {"invalid_data", "is valid UTF-8 of at most 4096 bytes",
       [](const Session& s) {
         (void)s.agents().define({"a", "A", letters(4097)});
       }},
      {"invalid_data", "is valid UTF-8 of at most 1048576 bytes",
       [](const Session& s) {
         const ThreadId thread = s.threads().create({}).id;
         (void)s.threads().append(thread, {.content = letters((1 << 20) + 1)});
       }},
      {"invalid_data", "is from 0 to 1099511627776",
       [](const Session& s) {
         NewExecution execution;
         execution.model = "m";
         execution.input_tokens = (std::int64_t{1} << 40) + 1;
         (void)s.executions().record(execution);
       }},
      // Questions
      {"invalid_query", "groups nest at most 4 deep",
       [](const Session& s) { list(s, {.where = Condition(groups(5))}); }},
      {"invalid_query", "`order` names at most 16 fields",
       [](const Session& s) {
         std::vector<OrderBy> order;
         for (const std::string& field : numbered("data.f", 17)) order.push_back({field});
         list(s, {.order = order});
       }},
      {"invalid_query", "`search` is at most 4096 bytes", [](const Session& s) { list(s, {.search = letters(4097)}); }},
      {"invalid_query", "has at most 64 words",
       [](const Session& s) {
         std::string words;
         for (int i = 0; i < 65; ++i) words += "w" + std::to_string(i) + " ";
         list(s, {.search = words});
       }},
      {"invalid_query", "`fields` names at most 64 fields",
       [](const Session& s) { list(s, {.fields = numbered("data.f", 65)}); }},
      {"invalid_query", "`expand` names at most 8 fields",
       [](const Session& s) { list(s, {.expand = numbered("data.f", 9)}); }},
      {"invalid_query", "`ids` are at most 1000",
       [](const Session& s) { (void)s.entities("note").get_many(std::vector<EntityId>(1001, EntityId("e"))); }},
      {"invalid_query", "`groupBy` names at most 3 fields",
       [](const Session& s) { (void)s.entities("note").aggregate({}, numbered("data.f", 4), {{}}); }},
      {"invalid_query", "`measures` are from 1 to 8",
       [](const Session& s) { (void)s.entities("note").aggregate({}, {}, std::vector<Measure>(9)); }},
      {"invalid_query", "`measures` are from 1 to 8",
       [](const Session& s) { (void)s.entities("note").aggregate({}, {}, {}); }},
      limit([](const Session& s) { list(s, {.limit = 1001}); }),
      limit([](const Session& s) { (void)s.entities("note").aggregate({.limit = 1001}, {"data.n"}, {{}}); }),
      limit([](const Session& s) {
        const EntityId id = s.entities("note").create(Json::object()).id;
        (void)s.relations().related(id, "knows", RelationDirection::out, {.limit = 1001});
      }),
      limit([](const Session& s) { (void)s.events().list({.limit = 1001}); }),
      limit([](const Session& s) { (void)s.triggers().runs({.limit = 1001}); }),
      limit([](const Session& s) { (void)s.threads().list({.limit = 1001}); }),
      limit([](const Session& s) { (void)s.threads().messages(s.threads().create({}).id, 1001); }),
      limit([](const Session& s) { (void)s.executions().list({}, 1001); }),
      // Types and roles
      {"invalid_definition", "`unique` has at most 8 keys",
       [](const Session& s) {
         Json keys = Json::array();
         for (const std::string& path : numbered("f", 9)) keys.push_back(Json::array({path}));
         define(s, {{"slug", "keyed"}, {"unique", keys}});
       }},
      {"invalid_definition", "a key of `unique` is a list of 1 to 4 paths",
       [](const Session& s) {
         define(s, {{"slug", "keyed"}, {"unique", Json::array({numbered("f", 5)})}});
       }},
      {"invalid_definition", "`relationPath` has at most 4 hops",
       [](const Session& s) {
         define_role(s, role_with("scopeRules", {{"relationPath", "a/b/c/d/e"}}));
       }},
      {"invalid_definition", "`in` takes at most 10000 values",
       [](const Session& s) {
         define_role(s, role_with("scopeRules",
                                  {{"field", "data.n"}, {"operator", "in"}, {"value", std::vector<int>(10'001, 1)}}));
       }},
      {"invalid_definition", "`fieldMasks` of a role are at most 1000",
       [](const Session& s) {
         Json masks = Json::array();
         for (const std::string& path : numbered("data.f", 1001))
           masks.push_back({{"entityType", "note"}, {"fieldPath", path}, {"maskType", "hide"}});
         define_role(s, {{"name", "r"}, {"fieldMasks", masks}});
       }},
      {"invalid_definition", "`fields` of `visibleFields` are at most 1000",
       [](const Session& s) {
         define_role(s, role_with("visibleFields", {{"fields", numbered("data.f", 1001)}}));
       }},
      {"invalid_definition", "`keepLast` is a whole number from 1 to 32",
       [](const Session& s) {
         define_role(s,
                     role_with("fieldMasks",
                               {{"fieldPath", "data.n"}, {"maskType", "redact"}, {"maskConfig", {{"keepLast", 33}}}}));
       }},
      // Keys, tools and triggers
      {"invalid_data", "a key has at most 100 roles",
       [](const Session& s) {
         (void)s.api_keys().create({.name = "k", .roles = numbered("r", 101), .allow_unknown_roles = true});
       }},
      {"invalid_data", "are at most 200",
       [](const Session& s) {
         (void)s.agents().define({"a", "A", ""});
         (void)s.agents().configure("a", {"", "m", numbered("tool", 201)});
       }},
      {"invalid_definition", "256 conditions",
       [](const Session& s) {
         define_trigger(s, {{"on", {{"condition", std::vector<Json>(257, groups(0))}}}});
       }},
      {"invalid_definition", "`actions` is a list of 1 to 50 steps",
       [](const Session& s) {
         define_trigger(s, {{"actions", std::vector<Json>(51, Json{{"tool", "mine"}})}});
       }},
      {"invalid_definition", "`maxAttempts` is from 1 to 100",
       [](const Session& s) {
         define_trigger(s, {{"retry", {{"maxAttempts", 101}}}});
       }},
      {"invalid_definition", "`backoff` is at most an hour",
       [](const Session& s) {
         define_trigger(s, {{"retry", {{"backoff", "61m"}}}});
       }},
      {"invalid_definition", "`delay` is a time such as",
       [](const Session& s) {
         define_trigger(s, {{"schedule", {{"delay", "3661d"}}}});
       }},
  };
}

}  // namespace

TEST_CASE("what is beyond a bound is refused in the words of the page on limits", "[bounds]") {
  const std::string limits = page();
  World world(any_storage());
  world.define_type({{"slug", "note"}, {"searchFields", {"text"}}});
  for (const Bound& bound : bounds()) {
    const std::string error = error_of([&] { bound.exceed(world.system()); });
    INFO(bound.words << ": " << error);
    CHECK(error.starts_with(bound.error));
    CHECK(error.find(bound.words) != std::string::npos);
    CHECK(limits.find(bound.words) != std::string::npos);
  }
}

TEST_CASE("the bound of an entity is on its canonical text, not on the text that was sent", "[bounds]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  const EntityRepository notes = world.system().entities("note");
  const std::string spaces(2 << 20, ' ');
  CHECK(notes.get(notes.create(JsonTextView{spaces + R"({"n": 1)" + spaces + "}"}).id).json() == R"({"n":1})");
  std::string escaped;
  for (int i = 0; i < 500'000; ++i) escaped += "\\u0061";
  const EntityId long_one = notes.create(JsonTextView{R"({"text":")" + escaped + R"("})"}).id;
  CHECK(notes.get(long_one).data().at("text") == std::string(500'000, 'a'));
  CHECK_NOTHROW(notes.update(long_one, JsonTextView{spaces + R"({"n": 2})"}));
  // The row that comes of a patch has the same bound.
  CHECK_ERROR(invalid_data, notes.update(long_one, Json{{"more", letters(1 << 20)}}));
  CHECK(notes.get(long_one).version() == 2);
}
