// Merge patches: a row becomes what RFC 7396 says, and who may not see a part of it cannot change that part.
#include "fuzz/fuzz_target.hpp"
#include "struere/struere.hpp"
#include "support/world.hpp"

namespace struere::fuzz {
namespace {

// The pseudo-code of RFC 7396, section 2.
Json merged(Json target, const Json& patch) {
  if (!patch.is_object()) return patch;
  if (!target.is_object()) target = Json::object();
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null())
      target.erase(name);
    else
      target[name] = merged(target.contains(name) ? target[name] : Json(), value);
  }
  return target;
}

test::World& world(int use) {
  static std::unique_ptr<test::World> kept;
  if (use % 1000 == 0) {
    kept = std::make_unique<test::World>(test::StorageKind::memory,
                                         DatabaseOptions{.record_denials = DenialRecording::off});
    kept->define_type({{"slug", "note"}});
    kept->define_role(R"({"name": "editor", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.a.b", "maskType": "hide"}]})"_json);
    (void)kept->user("ana", {"editor"});
  }
  return *kept;
}

}  // namespace

// A row, and on the next line a patch.
void merge_patch(std::string_view bytes) {
  static int uses = 0;
  const std::string_view row = take_line(bytes);
  JsonFault fault;
  const auto data = parse_json(row, fault);
  if (!data || !data->is_object()) return;
  const auto patch = parse_json(bytes, fault);
  const test::World& notes = world(uses++);
  const auto entities = notes.system().entities("note");
  const EntityId id = entities.create(JsonTextView{row}).id;
  const EntityId hers = entities.create(JsonTextView{row}).id;
  const std::string answer = answer_of([&] { return entities.update(id, JsonTextView{bytes}).row->json(); });
  if (!patch || !patch->is_object()) {
    require(answer.starts_with("invalid_data: "), "what is no patch is answered with " + answer);
    require(entities.get(id).version() == 1, "it was written all the same");
    return;
  }
  const Json expected = merged(*data, *patch);
  if (const auto text = canonical_json(expected, fault)) {
    require(answer == *text, "the row becomes " + answer + " rather than " + *text);
    require(entities.get(id).json() == *text, "it is stored as another");
  } else {
    require(answer.starts_with("invalid_data: "), "what cannot be stored is answered with " + answer);
  }
  // Somebody from whom `data.a.b` is hidden.
  const Session ana = notes.host().user_session(UserId("ana"), OrganizationId("acme"), Environment::development);
  const auto hidden_part = [&] {
    const Json now = entities.get(hers).data();
    return now.contains("a") && now["a"].is_object() && now["a"].contains("b") ? now["a"]["b"].dump()
                                                                               : std::string("absent");
  };
  const std::string before = hidden_part();
  (void)answer_of([&] { return ana.entities("note").update(hers, JsonTextView{bytes}).id.str(); });
  require(hidden_part() == before, "what is hidden was " + before + " and is " + hidden_part());
}

}  // namespace struere::fuzz
