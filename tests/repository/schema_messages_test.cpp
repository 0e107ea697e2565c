// A write that does not match the schema is told what is wrong as far as its actor may see the row, and no further.
#include <catch2/catch.hpp>

#include <limits>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class WorldWithNote : public World {
 public:
  WorldWithNote() : World(any_storage()) {
    define_type(R"({"slug": "note", "schema": {"type": "object", "properties": {
      "age": {"type": "integer"}, "pay": {"type": "integer"}, "place": {"maxProperties": 2}},
      "if": {"required": ["rich"]}, "then": {"properties": {"pay": {"minimum": 1000}}}}})"_json);
    define_role(R"({"name": "clerk", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}]})"_json);
    define_role(R"({"name": "masked", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.pay", "maskType": "hide"},
                     {"entityType": "note", "fieldPath": "data.place.street", "maskType": "hide"}]})"_json);
    define_role(
        R"({"name": "blind", "policies": [{"resource": "note", "actions": ["update"], "effect": "allow"}]})"_json);
    note = create("note", {{"age", 1}, {"pay", 5}, {"place", {{"street", "secret"}, {"city", "Rome"}}}});
  }

  std::string update(const Session& session, const Json& patch) {
    return error_of([&] { session.entities("note").update(note, patch); });
  }

  EntityId note{""};
};

}  // namespace

TEST_CASE("an actor that sees the row is told the field, the value and what is expected", "[entities][schema]") {
  WorldWithNote world;
  const Session clerk = world.user("cleo", {"clerk"});
  CHECK(world.update(clerk, {{"age", 17.5}}) ==
        "invalid_data: the row as it would be does not match the schema of `note`: `data.age`: 17.5 is not an integer "
        "(`type`)");
  CHECK(world.update(clerk, {{"rich", true}}) ==
        "invalid_data: the row as it would be does not match the schema of `note`: `data.pay`: 5 is less than 1000 "
        "(`minimum`)");
}

TEST_CASE("an actor that does not see all of the row is told no value, and no field but its own",
          "[entities][schema][masks]") {
  WorldWithNote world;
  const std::string silent = "invalid_data: the row as it would be does not match the schema of `note`";
  for (const char* const role : {"masked", "blind"}) {
    INFO(role);
    const Session actor = world.user(role, {role});
    CHECK(world.update(actor, {{"age", "seventeen"}}) == silent + ": `data.age`: the value does not match the schema");
    CHECK(world.update(actor, {{"rich", true}}) == silent);  // what is wrong is `pay`, which it does not see
    CHECK(world.update(actor, {{"place", {{"country", "Italy"}}}}) == silent);  // `street` counts too
  }
}

TEST_CASE("a value that cannot be stored is named", "[entities]") {
  WorldWithNote world;
  const double infinity = std::numeric_limits<double>::infinity();
  const auto refused = [&](const Json& data, const std::string& message, const std::string& path) {
    for (const bool is_new : {false, true}) try {
        is_new ? (void)world.system().entities("note").create(data)
               : (void)world.system().entities("note").update(world.note, data);
        FAIL_CHECK("it was written");
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::invalid_data);
        CHECK(error.what() == (is_new ? "`data`" : "the patch") + message);
        CHECK(error.path() == path);
      }
  };
  const std::string nul("a\0b", 3);
  refused({{"a", {{"b", {1, infinity}}}}}, " cannot be stored: `data.a.b.1`: a number is not finite", "data.a.b.1");
  refused({{"a", nul}}, " cannot be stored: `data.a`: a string holds U+0000, which cannot be stored", "data.a");
  refused({{"a", {{nul, 1}}}}, " cannot be stored: `data.a`: a string holds U+0000, which cannot be stored", "data.a");
  refused({{"a", "\xff"}}, " cannot be stored: `data.a`: a string is not valid UTF-8", "data.a");
  Json deep = 1;
  for (int i = 0; i < 70; ++i) deep = Json::array({std::move(deep)});
  refused({{"a", deep}}, " cannot be stored: nested more than 64 deep", "");
}
