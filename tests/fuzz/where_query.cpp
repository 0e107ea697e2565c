// Queries: both storages answer alike, and neither says anything of what is masked or out of sight.
#include "fuzz/fuzz_target.hpp"
#include "struere/struere.hpp"
#include "support/world.hpp"

namespace struere::fuzz {
namespace {

// Two worlds that differ in what `ana` may not see alone, each in memory and as a file.
class QueriedWorld : public test::World {
 public:
  QueriedWorld(test::StorageKind kind, bool twin) : World(kind, {.record_denials = DenialRecording::off}) {
    define_type({{"slug", "note"}, {"searchFields", {"title", "secret", "card.number"}}});
    define_role(
        R"({"name": "reader", "policies": [{"resource": "note", "actions": ["list", "read"], "effect": "allow"}],
      "scopeRules": [{"entityType": "note", "field": "data.owner", "operator": "eq", "value": "actor.userId"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.secret", "maskType": "hide"},
                     {"entityType": "note", "fieldPath": "data.card.number", "maskType": "redact"}]})"_json);
    const Json hidden = twin ? Json("a") : Json(secret);
    for (int i = 0; i < 6; ++i) {
      Json row{{"owner", "ana"}, {"title", "a title " + std::to_string(i)}, {"n", i}, {"card", {{"kind", "a"}}}};
      if (i % 2 == 0) row["n"] = i * 1.5;
      if (i % 3 == 0) row["list"] = {1, "a", nullptr, {{"a", 1}}};
      if (!twin || i % 2 == 0) row["secret"] = hidden;
      row["card"]["number"] = hidden;
      create("note", row);
      create("note", {{"owner", twin ? "bo" : "cy"}, {"title", hidden}, {"n", i}});
    }
    ana = user("ana", {"reader"});
  }

  std::string ask(const Query& query) const {
    const auto notes = ana->entities("note");
    std::string out = answer_of([&] { return std::to_string(notes.count(query)); });
    return out + answer_of([&] {
             std::string rows;
             for (const Entity& row : notes.list(query)) rows += row.to_json().dump();
             return rows;
           });
  }

  std::optional<Session> ana;
};

std::optional<std::string> text_of(const Json& request, const char* key) {
  return request.contains(key) && request[key].is_string() ? std::optional(request[key].get<std::string>())
                                                           : std::nullopt;
}

}  // namespace

// {"where": …, "search": "…", "status": "…", "order": [["field", true], …], "limit": 5}
void where_query(std::string_view bytes) {
  static const QueriedWorld worlds[]{{test::StorageKind::memory, false},
                                     {test::StorageKind::sqlite, false},
                                     {test::StorageKind::memory, true},
                                     {test::StorageKind::sqlite, true}};
  JsonFault fault;
  const auto request = parse_json(bytes, fault);
  if (!request || !request->is_object()) return;
  Query query;
  if (request->contains("where")) query.where = Condition(request->at("where"));
  query.search = text_of(*request, "search");
  query.status = text_of(*request, "status");
  if (request->contains("limit") && request->at("limit").is_number_integer())
    query.limit = request->at("limit").get<std::int64_t>();
  if (request->contains("order") && request->at("order").is_array())
    for (const Json& key : request->at("order"))
      if (key.is_array() && key.size() == 2 && key[0].is_string())
        query.order.push_back(
            {key[0].get<std::string>(), key[1] == true ? Direction::descending : Direction::ascending});
  const std::string answer = worlds[0].ask(query);
  // It may say what was asked for, and no more.
  require(std::string(bytes).find(secret) != std::string::npos || answer.find(secret) == std::string::npos,
          "a masked value is in " + answer);
  for (const QueriedWorld& world : worlds) {
    const std::string other = world.ask(query);
    require(other == answer, "answers differ:\n" + answer + "\n" + other);
  }
}

}  // namespace struere::fuzz
