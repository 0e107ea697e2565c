// SPEC 6 and 7: a deleted row comes back, or goes for good with what its events told; the log verifies all the same.
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "core/digest.hpp"
#include "support/any_storage.hpp"
#include "support/old_database.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct PurgeWorld : World {
  explicit PurgeWorld(StorageKind kind) : World(kind) {
    define_type({{"slug", "note"}, {"searchFields", {"text"}}});
    define_role({{"name", "reader"}, {"policies", {{{"resource", "note"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
  }
  EntityRepository notes() const { return system().entities("note"); }
  Verification verify() const { return system().events().verify(); }
};

std::string told(const EventRepository& events, const EntityId& id) {
  std::string out;
  for (const Event& event : events.list({.entity = id}).events)
    out += (out.empty() ? "" : " ") + event.type() + event.json();
  return out;
}

std::string sha256_of(const std::string& text) {
  const Digest digest = sha256(text);
  return {digest.begin(), digest.end()};
}

}  // namespace

TEST_CASE("a purge leaves nothing of a row, in its tables or in the log, and the log verifies", "[purge]") {
  PurgeWorld world(any_storage());
  const EntityId gone = world.create("note", {{"text", "secret words"}}), kept = world.create("note", {{"text", "x"}});
  world.notes().update(gone, {{"text", "more secrets"}}, {.status = "open"});
  world.system().relations().link(kept, "after", gone);
  world.system().relations().link(gone, "before", kept);
  world.system().audit().append("note.printed.twice", {{"on", "paper"}}, gone);
  const bool is_deleted = GENERATE(false, true);
  if (is_deleted) world.notes().remove(gone);
  const Session reader = world.user("ana", {"reader"});
  const std::string head = world.verify().head.value();

  world.notes().purge(gone);
  CHECK_ERROR(not_found, world.notes().get(gone));
  CHECK_ERROR(not_found, world.notes().restore(gone));
  CHECK_ERROR(not_found, world.notes().purge(gone));
  CHECK(world.notes().count({.search = "secret"}) == 0);
  CHECK(world.system().relations().related(kept, "after").empty());
  CHECK(told(world.system().events(), gone) ==
        std::string("note.created{} note.updated{} entity.linked{} note.printed.twice{} ") +
            (is_deleted ? "note.deleted{} " : "") + "note.purged{}");
  // To whoever does not pass policies nothing is left of it, not even a link to it.
  CHECK(told(reader.events(), gone).empty());
  CHECK(told(reader.events(), kept) == R"(note.created{"data":{"text":"x"}})");

  const Verification found = world.verify();
  CHECK(found.ok);
  CHECK(found.purged == (is_deleted ? 5 : 4));
  CHECK(found.head != head);

  world.notes().purge(kept);
  world.system().roles().remove("reader");
  world.system().entity_types().remove("note");
  CHECK(world.verify().ok);
}

TEST_CASE("a purge of an entity with very many events is for a host that says that writers may wait",
          "[purge][bounds][large]") {
  PurgeWorld world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  const EntityId busy = world.create("note", {{"text", "x"}});
  const auto touch = [&](int times) {
    world.system().transaction([&](Session& unit) {
      for (int i = 0; i < times; ++i) unit.audit().append("note.touched", {{"by", "ana"}}, busy);
    });
  };
  touch(49'999);  // and the one of its creation and that of its purge
  const Session admin = world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  CHECK_ERROR(permission_denied, admin.entities("note").purge(busy));
  CHECK_ERROR(permission_denied, admin.entities("note").purge(busy, {.hold_writers = true}));
  CHECK_ERROR(conflict, world.notes().purge(busy));
  CHECK(world.notes().get(busy).version() == 1);
  CHECK(world.verify().purged == 0);
  world.notes().purge(busy, {.hold_writers = true});
  CHECK_ERROR(not_found, world.notes().get(busy));
  CHECK(world.verify().ok);
  CHECK(world.verify().purged == 50'000);
}

TEST_CASE("a purge of an entity with very many relations is for a host that says that writers may wait",
          "[purge][bounds][large]") {
  PurgeWorld world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  const EntityId hub = world.create("note", {{"text", "x"}}), other = world.create("note", {{"text", "y"}});
  // Each is a relation to remove, and an event to change.
  world.system().transaction([&](Session& unit) {
    for (int i = 0; i < 25'000; ++i) unit.relations().link(other, "r" + std::to_string(i), hub);
  });
  const Session admin = world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  CHECK_ERROR(permission_denied, admin.entities("note").purge(hub, {.hold_writers = true}));
  CHECK(error_of([&] { world.notes().purge(hub); }).find("more than 50000 entities, relations or events") !=
        std::string::npos);
  CHECK(world.system().relations().related(other, "r0").size() == 1);
  world.notes().purge(hub, {.hold_writers = true});
  CHECK_ERROR(not_found, world.notes().get(hub));
  CHECK(world.system().relations().related(other, "r0").empty());
  CHECK(world.verify().ok);
}

TEST_CASE("a purge overwrites what it removes in the file", "[purge][sqlite]") {
  PurgeWorld world(StorageKind::sqlite);
  const EntityId gone = world.create("note", {{"text", "xyzzyplugh"}});
  world.create("note", {{"text", "other"}});
  world.notes().purge(gone);
  RawDatabase raw(world.folder.file());
  raw.run("PRAGMA wal_checkpoint(TRUNCATE)");
  std::ifstream file(world.folder.file(), std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(bytes.find("other") != std::string::npos);
  CHECK(bytes.find("xyzzyplugh\"") == std::string::npos);
}

TEST_CASE("a payload that was removed by anything but a purge is told", "[purge][chain]") {
  PurgeWorld world(StorageKind::sqlite);
  const EntityId first = world.create("note", {{"text", "a"}}), second = world.create("note", {{"text", "b"}});
  world.notes().purge(first);
  REQUIRE(world.verify().ok);
  // Just as a purge does it, with the right hash, but for no event that says so.
  RawDatabase raw(world.folder.file());
  raw.run("PRAGMA foreign_keys = OFF");
  const std::string salt = raw.value("SELECT salt FROM events WHERE entity_id = '" + second.str() + "'");
  const std::string payload = raw.value("SELECT payload FROM events WHERE entity_id = '" + second.str() + "'");
  raw.run_with_text(
      "UPDATE events SET payload = '{}', salt = NULL, payload_hash = CAST(?1 AS BLOB) WHERE entity_id = '" +
          second.str() + "'",
      sha256_of(salt + payload));
  const Verification found = world.verify();
  CHECK_FALSE(found.ok);
  CHECK(found.problem.find("not by purge()") != std::string::npos);
  REQUIRE(found.event);
}

TEST_CASE("events of a file that is older than salts are purged, and its log verifies", "[purge][migration]") {
  const TemporaryFolder folder;
  make_old_database(folder.file(), 3);
  const auto database = Database::open(folder.file());
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  const auto notes = system.entities("note");
  const EntityId gone = notes.list().front().id();
  REQUIRE(system.events().list({.entity = gone}).events.front().json() != "{}");
  notes.purge(gone);
  const Verification found = system.events().verify();
  INFO(found.problem);
  CHECK(found.ok);
  CHECK(found.purged > 0);
  for (const Event& event : system.events().list({.entity = gone}).events) CHECK(event.json() == "{}");
  CHECK(system.events().list({.type = "events.resealed"}).events.size() == 1);

  // The rest of such an event is still held by the chain.
  const std::string changed = GENERATE("type = 'note.updated'", "created_at = 5", "payload_hash = zeroblob(32)");
  RawDatabase raw(folder.file());
  raw.run("UPDATE events SET " + changed + " WHERE payload_hash IS NOT NULL");
  CHECK_FALSE(system.events().verify().ok);
}

TEST_CASE("a restored row is active again, as an update would leave it", "[restore]") {
  PurgeWorld world(any_storage());
  const EntityId id = world.create("note", {{"text", "milk"}});
  CHECK_ERROR(conflict, world.notes().restore(id));
  world.notes().remove(id);
  CHECK(world.notes().count({.search = "milk"}) == 0);
  const Session ana = world.user("ana", {"reader"});
  CHECK_ERROR(permission_denied, ana.entities("note").restore(id));
  CHECK_ERROR(permission_denied, ana.entities("note").purge(id));
  world.define_type({{"slug", "note"},
                     {"searchFields", {"text"}},
                     {"schema", {{"type", "object"}, {"properties", {{"text", {{"maxLength", 3}}}}}}}});
  CHECK_ERROR(invalid_data, world.notes().restore(id));
  world.define_type({{"slug", "note"}, {"searchFields", {"text"}}});
  const Written written = world.notes().restore(id);
  REQUIRE(written.row);
  CHECK(written.row->status() == "active");
  CHECK(written.row->version() == 3);
  CHECK(world.notes().count({.search = "milk"}) == 1);
  CHECK(told(ana.events(), id).ends_with(" note.restored{}"));
}

TEST_CASE("nobody else can say that a row was restored or purged", "[purge][events]") {
  const PurgeWorld world(any_storage());
  for (const char* const type : {"note.restored", "note.purged", "member.added"})
    CHECK_ERROR(invalid_data, world.system().audit().append(type, Json::object()));
}

TEST_CASE("rows that refer to themselves or to one another can be restored", "[repository][restore]") {
  World world(any_storage());
  world.define_type(
      {{"slug", "person"},
       {"schema", {{"type", "object"}, {"properties", {{"boss", {{"type", "string"}, {"references", "person"}}}}}}}});
  const EntityRepository people = world.system().entities("person");
  const EntityId alone = people.create({{"name", "alone"}}).id, one = people.create({{"name", "one"}}).id,
                 other = people.create({{"boss", one.str()}}).id, gone = people.create({{"name", "gone"}}).id,
                 bound = people.create({{"boss", gone.str()}}).id;
  people.update(alone, {{"boss", alone.str()}});
  people.update(one, {{"boss", other.str()}});
  people.remove_all({alone, one, other, gone, bound});
  CHECK(people.restore(alone).row->data().at("boss") == alone.str());
  CHECK_ERROR(invalid_reference, people.restore(one));
  try {
    people.restore_all({one, other, bound});
    FAIL("a reference to a deleted row was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_reference);
    CHECK(error.index() == std::optional<std::size_t>(2));
  }
  CHECK(people.count() == 1);
  people.restore_all({one, other});
  CHECK(people.count() == 3);
  CHECK(people.get(one).data().at("boss") == other.str());
  CHECK(people.get(one).version() == 4);
  CHECK_ERROR(conflict, people.restore_all({gone, one}));
  CHECK_ERROR(permission_denied, world.user("ada").entities("person").restore_all({gone}));
  people.restore_all({gone, bound});
  CHECK(people.count() == 5);
  CHECK(world.system().events().list({.type = "person.restored"}).events.size() == 5);
}
