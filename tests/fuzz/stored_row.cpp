// Rows whose bytes somebody changed in the file: whoever reads them is told Error{storage}, or what the masks leave of
// them; never a value that a mask hides.
#include "fuzz/fuzz_target.hpp"
#include "struere/struere.hpp"
#include "support/raw_database.hpp"
#include "support/world.hpp"

namespace struere::fuzz {
namespace {

const std::string original = R"({"card":{"kind":"visa","number":"TOPSECRET"},"open":"words","pin":"TOPSECRET"})";

struct RowWorld : test::World {
  RowWorld() : World(test::StorageKind::sqlite, {.record_denials = DenialRecording::off}), raw(folder.file()) {
    define_type({{"slug", "note"}, {"searchFields", {"open", "pin"}}});
    define_role(
        R"({"name": "hiding", "policies": [{"resource": "note", "actions": ["list", "read"], "effect": "allow"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.pin", "maskType": "hide"},
                     {"entityType": "note", "fieldPath": "data.card.number", "maskType": "hide"}]})"_json);
    define_role(
        R"({"name": "redacting", "policies": [{"resource": "note", "actions": ["list", "read"], "effect": "allow"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.pin", "maskType": "redact"},
                     {"entityType": "note", "fieldPath": "data.card.number", "maskType": "redact"}]})"_json);
    define_role(
        R"({"name": "listing", "policies": [{"resource": "note", "actions": ["list", "read"], "effect": "allow"}],
      "visibleFields": [{"entityType": "note", "fields": ["data.open", "data.card.kind"]}]})"_json);
    id = create("note", Json::parse(original));
    raw.run("PRAGMA synchronous = OFF");
    actors = {user("ann", {"hiding"}), user("bob", {"redacting"}), user("cyn", {"listing"})};
  }
  test::RawDatabase raw;
  EntityId id;
  std::vector<Session> actors;
};

// All that an actor is told; `rows` are the texts of `data`, as they came.
std::string told(const RowWorld& world, const Session& actor, std::vector<std::string>& rows) {
  const auto notes = actor.entities("note");
  std::string out;
  const auto ask = [&](const auto& body) {
    const std::string answer = answer_of(body);
    require(answer.find(": ") == std::string::npos || !answer.starts_with("invalid"), "a reader is told " + answer);
    out += answer + "\n";
  };
  const auto show = [&](const Entity& row) {
    rows.emplace_back(row.json());
    return row.json() + answer_of([&] { return row.to_json().dump(-1, ' ', false, Json::error_handler_t::replace); });
  };
  ask([&] { return show(notes.get(world.id)); });
  for (const Query& query :
       {Query{}, Query{.where = field("data.open") != "x"}, Query{.where = field("data.pin") == secret},
        Query{.search = "words"}, Query{.order = {{"data.pin"}, {"data.open"}}}})
    ask([&] {
      std::string shown = std::to_string(notes.count(query));
      for (const Entity& row : notes.list(query)) shown += show(row);
      return shown;
    });
  return out;
}

// Where the value of `original` that a byte belongs to is a key, or ends.
bool is_in_value(std::size_t at) {
  for (const std::string_view value :
       {std::string_view("\"TOPSECRET\""), std::string_view("\"words\""), std::string_view("\"visa\"")})
    for (std::size_t begin = original.find(value); begin != std::string::npos; begin = original.find(value, begin + 1))
      if (at > begin && at + 1 < begin + value.size()) return true;
  return false;
}

}  // namespace

// The first byte says whether the rest is the row, or changes to values of one: a key that is changed is another field.
void stored_row(std::string_view bytes) {
  static RowWorld world;
  if (bytes.empty()) return;
  std::string row(bytes.substr(1));
  const bool edits = (bytes[0] & 1) != 0;
  if (edits) {
    row = original;
    for (std::size_t i = 1; i + 1 < bytes.size() && i < 9; i += 2) {
      const std::size_t at = static_cast<unsigned char>(bytes[i]) * original.size() / 256;
      if (row.size() == original.size() && is_in_value(at)) row[at] = bytes[i + 1];
    }
    if ((bytes[0] & 2) != 0) row.resize(static_cast<unsigned char>(bytes.back()) * row.size() / 256);
  }
  world.raw.run_with_text("UPDATE entities SET data = ?1", row);
  JsonFault fault;
  const auto value = parse_json(row, fault);
  for (const Session& actor : world.actors) {
    std::vector<std::string> rows;
    const std::string all = told(world, actor, rows);
    // A part of a secret is the secret that is not changed; a quote in it would end it, and begin another key.
    if (edits && row.find(R"(","pin":")") != std::string::npos && value)
      require(all.find("TOPSE") == std::string::npos && all.find("ECRET") == std::string::npos,
              actor.actor().id() + " is told " + all);
    if (edits && (bytes[0] & 2) != 0)
      require(all.find("TOPSE") == std::string::npos, actor.actor().id() + " is told " + all);
    for (const std::string& text : rows) {
      const auto shown = parse_json(text, fault);
      if (!shown || !shown->is_object()) continue;
      const bool pin = shown->contains("pin") && (actor.actor().id() != "bob" || (*shown)["pin"] != "[redacted]");
      const bool number = shown->contains("card") && (*shown)["card"].is_object() &&
                          (*shown)["card"].contains("number") &&
                          (actor.actor().id() != "bob" || (*shown)["card"]["number"] != "[redacted]");
      // An object is no leaf: redaction goes into it, and an empty one is replaced.
      const bool deeper = actor.actor().id() == "bob" && value;
      require(deeper || (!pin && !number), actor.actor().id() + " is shown " + text);
    }
  }
}

}  // namespace struere::fuzz
