// What is kept compiled from definitions is bounded, and no scope pays for what another one compiles.
#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "access/plan_memory.hpp"
#include "core/json_schema.hpp"
#include "repository/compiled_cache.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

void put(CompiledShare& share, const std::string& key, std::size_t bytes) {
  share.put(key, std::make_shared<const std::string>(key), bytes);
}
bool keeps(CompiledShare& share, const std::string& key) {
  const auto kept = share.find<std::string>(key);
  return kept && *kept == key;
}

// A type whose schema is counted as 10 MB or so, though compiling it takes little.
Json heavy_type(const std::string& slug) {
  Json patterns = Json::array();
  for (int i = 0; i < 100; ++i) patterns.push_back({{"pattern", "^" + slug + "[0-9]{1,20}x" + std::to_string(i)}});
  return {{"slug", slug}, {"schema", {{"properties", {{"v", {{"type", "integer"}}}, {"t", {{"anyOf", patterns}}}}}}}};
}

template <class Body>
std::uint64_t compiled_by(const Body& body) {
  const std::uint64_t before = JsonSchema::count_compiled();
  body();
  return JsonSchema::count_compiled() - before;
}

}  // namespace

TEST_CASE("a scope at its bound gives up what it did not use for the longest time", "[repository][cache]") {
  const auto cache = std::make_shared<CompiledCache>(100, 1000);
  CompiledShare share(cache);
  put(share, "a", 40);
  put(share, "b", 40);
  CHECK(keeps(share, "a"));  // now `b` is the oldest
  put(share, "c", 30);
  CHECK(keeps(share, "a"));
  CHECK_FALSE(keeps(share, "b"));
  CHECK(keeps(share, "c"));
  CHECK(cache->bytes() == 70);
  put(share, "a", 60);  // replaces
  CHECK(cache->bytes() == 90);
  put(share, "larger than the bound", 101);
  CHECK(cache->bytes() == 0);
}

TEST_CASE("at the bound of all scopes, the one that holds the most gives up", "[repository][cache]") {
  const auto cache = std::make_shared<CompiledCache>(100, 150);
  CompiledShare small(cache), middle(cache);
  put(small, "s", 20);
  put(middle, "m", 60);
  {
    CompiledShare greedy(cache);
    for (int i = 0; i < 100; ++i) {
      put(greedy, std::to_string(i), 10);
      CHECK(keeps(small, "s"));
      CHECK(keeps(middle, "m"));
      CHECK(cache->bytes() <= 150);
    }
    CHECK(keeps(greedy, "99"));
    CHECK_FALSE(keeps(greedy, "0"));
  }
  CHECK(cache->bytes() == 80);  // what a share held is gone with it
}

TEST_CASE("a schema that a scope gave up is compiled again and holds", "[repository][cache][schema]") {
  World world(any_storage());
  constexpr int types = 10;  // more than a scope keeps
  for (int i = 0; i < types; ++i) world.define_type(heavy_type("t" + std::to_string(i)));
  (void)world.system().entities("t0").count();  // this process then knows the rules as they are
  const auto write = [&](int type) { world.create("t" + std::to_string(type), {{"v", 1}}); };
  for (int i = 0; i < types; ++i) CHECK(compiled_by([&] { write(i); }) == 1);
  CHECK(compiled_by([&] { write(types - 1); }) == 0);
  CHECK(compiled_by([&] { write(0); }) == 1);
  CHECK(compiled_by([&] { write(0); }) == 0);
  CHECK_ERROR(invalid_data, world.create("t1", {{"v", "no number"}}));
}

TEST_CASE("no scope compiles again because of what others compile", "[repository][cache][schema][large]") {
  World world(StorageKind::memory);
  world.define_type(heavy_type("own"));
  world.create("own", {{"v", 1}});
  constexpr int scopes = 10, types = 6;  // together more than all scopes may keep
  for (int scope = 0; scope < scopes; ++scope) {
    const std::string other = "other-" + std::to_string(scope);
    world.add_organization(other);
    for (int i = 0; i < types; ++i) {
      const std::string type = "t" + std::to_string(i);
      world.define_type(heavy_type(type), Environment::development, other);
      world.create(type, {{"v", 1}}, Environment::development, other);
    }
  }
  CHECK(compiled_by([&] { world.create("own", {{"v", 1}}); }) == 0);
  std::uint64_t again = 0;
  for (int scope = 0; scope < scopes; ++scope)
    again += compiled_by([&] {
      world.create("t0", {{"v", 1}}, Environment::development, "other-" + std::to_string(scope));
    });
  CHECK(again > 0);
}

TEST_CASE("an import compiles each schema once, however many types its rows take turns in",
          "[repository][cache][schema][large]") {
  World world(any_storage());
  constexpr std::size_t types = 10;  // more than a scope keeps
  for (std::size_t i = 0; i < types; ++i) world.define_type(heavy_type("t" + std::to_string(i)));
  std::vector<ImportedRow> rows(5 * types);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].type = "t" + std::to_string(i % types);
    rows[i].data = {{"v", i}};
  }
  CHECK(compiled_by([&] { CHECK(world.system().entities("t0").import_all(rows).size() == rows.size()); }) < 3 * types);
  rows[23].data = {{"v", "no number"}};
  rows[41].data = {{"v", "no number"}};
  CHECK(error_of([&] { (void)world.system().entities("t0").import_all(rows); }).find("row 24 of 50") !=
        std::string::npos);
}

TEST_CASE("a unit of work compiles only so much while all writers wait", "[repository][schema][bounds]") {
  World world(any_storage());
  const auto slow_type = [](const std::string& slug) {  // to compile, as it is counted
    Json patterns = Json::array();
    for (int i = 0; i < 15; ++i) {
      std::string text = slug;
      for (int j = 0; j < 650; ++j) text += "|" + std::to_string(10'000 + i * 1'000 + j);
      patterns.push_back({{"pattern", text}});
    }
    return Json{{"slug", slug}, {"schema", {{"properties", {{"t", {{"anyOf", patterns}}}}}}}};
  };
  for (const char* const slug : {"a", "b", "c"}) world.define_type(slow_type(slug));
  const auto write_all = [&] {
    world.system().transaction([&](Session& unit) {
      for (const char* const slug : {"a", "b", "c"}) unit.entities(slug).create(Json::object());
    });
  };
  CHECK(error_of(write_all).find("invalid_data: compiling the schemas of the types that are written takes more than "
                                 "10000000 steps while all writers wait") == 0);
  CHECK(world.system().entities("a").count() == 0);
  for (const char* const slug : {"a", "b", "c"}) world.create(slug, Json::object());  // each is compiled before
  CHECK_NOTHROW(write_all());
}

TEST_CASE("what an access plan copies from rules and masks is counted", "[access][cache]") {
  const auto plan = [](const Json& values, int masks) {
    Grant grant{
        Predicate::comparison(*FieldPath::parse("data.v"), Operator::in, {Operand::Kind::literal, values, {}, {}}), {}};
    for (int i = 0; i < masks; ++i) grant.mask.hidden.push_back(*FieldPath::parse("data.f" + std::to_string(i)));
    return memory_of(AccessPlan(Decision::allow("a test"), std::make_shared<const Grants>(Grants{grant}), {"r"}));
  };
  const Json long_text(std::string(100'000, 'x'));
  CHECK(plan(Json::array({1}), 0) < 2'000);
  CHECK(plan(Json::array({long_text, long_text}), 0) > 200'000);
  CHECK(plan(Json::array({1}), 1'000) > 50'000);
}
