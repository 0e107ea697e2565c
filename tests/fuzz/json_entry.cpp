// JSON from outside: what is accepted has one canonical text, which is read back as the same value; what is stored is
// it.
#include "fuzz/fuzz_target.hpp"
#include "struere/struere.hpp"
#include "support/world.hpp"

namespace struere::fuzz {
namespace {

int depth_of(const Json& value) {
  int deepest = 0;
  if (value.is_structured())
    for (const Json& part : value) deepest = std::max(deepest, depth_of(part));
  return deepest + (value.is_structured() ? 1 : 0);
}

// A fresh one now and then: rows stay.
test::World& world() {
  static std::unique_ptr<test::World> kept;
  static int uses = 0;
  if (uses++ % 1000 == 0) {
    kept = std::make_unique<test::World>();
    kept->define_type({{"slug", "note"}});
  }
  return *kept;
}

}  // namespace

void json_entry(std::string_view bytes) {
  JsonFault fault;
  const auto value = parse_json(bytes, fault);
  test::World& notes = world();
  const auto entities = notes.system().entities("note");
  std::string stored;
  const std::string answer = answer_of([&] {
    stored = entities.create(JsonTextView{bytes}).row->json();
    return std::string("stored");
  });
  if (!value) {
    require(!fault.message.empty(), "a refusal without a reason");
    require(answer.starts_with("invalid_data: "), "what is no JSON is answered with " + answer);
    return;
  }
  require(Json::accept(bytes), "something is accepted that is no JSON at all");
  require(depth_of(*value) <= static_cast<int>(json_max_depth), "something too deep is accepted");
  const auto canonical = canonical_json(*value, fault);
  require(canonical.has_value(), "what was accepted has no canonical text: " + fault.message);
  const auto again = parse_json(*canonical, fault);
  require(again && equal_json(*again, *value), "the canonical text is another value: " + *canonical);
  require(canonical_json(*again, fault) == canonical, "the canonical text has another canonical text: " + *canonical);
  require(equal_json(parse_canonical_json(*canonical), *value), "it is read back as another value: " + *canonical);
  if (value->is_object())
    require(answer == "stored" && stored == *canonical, "it is stored as " + stored + answer);
  else
    require(answer.starts_with("invalid_data: "), "what is no object is answered with " + answer);
}

}  // namespace struere::fuzz
