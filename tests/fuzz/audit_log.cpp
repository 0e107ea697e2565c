// The log, changed in the file: nothing that says something else verifies.
#include "fuzz/fuzz_target.hpp"
#include "struere/struere.hpp"
#include "support/raw_database.hpp"
#include "support/world.hpp"

namespace struere::fuzz {
namespace {

struct LogWorld : test::World {
  LogWorld() : World(test::StorageKind::sqlite), raw(folder.file()) {
    define_type({{"slug", "note"}});
    const EntityId a = create("note", {{"text", "one"}}), b = create("note", {{"text", "two"}});
    system().entities("note").update(a, {{"text", "three"}});
    system().relations().link(a, "after", b);
    raw.run("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON");
    raw.run("CREATE TEMP TABLE kept AS SELECT * FROM events");
  }
  std::string log() {
    std::string out;
    for (const auto& row :
         raw.rows("SELECT scope_id, sequence, quote(id), quote(type), quote(entity_id), quote(other_end_id), "
                  "quote(actor_type), quote(actor_id), created_at, quote(payload), quote(hash), quote(salt), "
                  "quote(payload_hash) FROM events ORDER BY 1, 2"))
      for (const std::string& column : row) out += column + "|";
    return out;
  }
  test::RawDatabase raw;
};

}  // namespace

// Which event, which column, and how its text is changed.
void audit_log(std::string_view bytes) {
  static LogWorld world;
  static const std::string sound = world.log();
  if (bytes.size() < 2) return;
  static constexpr const char* columns[]{"id",      "type", "entity_id",  "other_end_id", "actor_type", "actor_id",
                                         "payload", "hash", "created_at", "sequence",     "salt",       "payload_hash"};
  const std::string column = columns[static_cast<unsigned char>(bytes[0]) % std::size(columns)];
  const std::string event = std::to_string(1 + static_cast<unsigned char>(bytes[1]) % 5);
  const std::string_view rest = bytes.substr(2);
  const std::string where = " WHERE sequence = " + event;
  std::string refusal;
  const bool is_blob = column == "hash" || column == "salt" || column == "payload_hash";
  if (column == "created_at" || column == "sequence") {
    std::int64_t by = 0;
    for (const char c : rest.substr(0, 7)) by = by * 256 + static_cast<unsigned char>(c);
    refusal = world.raw.refusal("UPDATE events SET " + column + " = " + column + " - " + std::to_string(by) + where);
  } else {
    const std::string now = world.raw.value("SELECT coalesce(" + column + ", '') FROM events" + where);
    try {
      world.raw.run_with_text("UPDATE events SET " + column + (is_blob ? " = CAST(?1 AS BLOB)" : " = ?1") + where,
                              edited(now, rest));
    } catch (const std::runtime_error& error) {
      refusal = error.what();
    }
  }
  const bool changed = world.log() != sound;
  const std::string answer = answer_of([] { return world.system().events().verify().ok ? "sound" : "broken"; });
  (void)answer_of([] {
    std::string out;
    for (const Event& shown : world.system().events().list().events)
      out += answer_of([&] { return shown.payload().dump(-1, ' ', false, Json::error_handler_t::replace); });
    return out;
  });
  world.raw.run("DELETE FROM events; INSERT INTO events SELECT * FROM kept");
  require(changed ? answer == "broken" || answer.starts_with("storage: ") : answer == "sound",
          (changed ? "changed, and yet " : "unchanged, and yet ") + answer + " " + refusal);
}

}  // namespace struere::fuzz
