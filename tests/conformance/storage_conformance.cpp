#include "conformance/storage_conformance.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "struere/core/error.hpp"
#include "struere/repository/database.hpp"
#include "support/throws_error.hpp"

namespace struere::test {
namespace {

// A storage with two organizations in it, and a scope for each environment.
struct Stage {
  explicit Stage(const StorageFactory& make) : storage(make()) {
    for (const char* const id : {"acme", "globex"}) {
      storage->shared().insert_organization({OrganizationId(id), id, 1});
      scopes.trusted_host().create_organization(id, OrganizationId(id));
    }
    for (const char* const id : {"ana", "bo"}) storage->shared().insert_user({UserId(id), id, 1});
  }

  Scope scope(Environment environment = Environment::development, const char* organization = "acme") const {
    return scopes.trusted_host().system_session(OrganizationId(organization), environment).actor().scope();
  }
  std::unique_ptr<Transaction> read(Environment environment = Environment::development) const {
    return storage->begin(scope(environment), Access::read);
  }
  std::unique_ptr<Transaction> write(Environment environment = Environment::development) const {
    return storage->begin(scope(environment), Access::write);
  }

  std::unique_ptr<Storage> storage;
  Database scopes = Database::in_memory();  // the library alone makes scopes; those of equal ids are equal
};

EntityType note_type() {
  EntityType type;
  type.slug = type.name = "note";
  return type;
}

EntityTypeKey add_type(Transaction& transaction, EntityType type = note_type()) {
  transaction.put_entity_type(type);
  for (const EntityType& stored : transaction.entity_types())
    if (stored.slug == type.slug) return stored.key;
  return -1;
}

StoredEntity row(EntityTypeKey type, const std::string& id, const std::string& data, Timestamp created_at = 1) {
  return {type, id, data, "active", created_at, created_at, 1, false};
}

Record pack(const std::string& id) { return {id, "1.0.0", "{}", "[]", "system", std::int64_t{1}, std::int64_t{1}}; }

Selection all_of(EntityTypeKey type) {
  Selection selection;
  selection.type = type;
  selection.grants = std::make_shared<const Grants>(Grants{Grant{}});
  selection.order = {{*FieldPath::parse("createdAt"), true}, {*FieldPath::parse("id"), true}};
  selection.limit = 100;
  return selection;
}

std::vector<std::string> ids_of(const Page& page) {
  std::vector<std::string> out;
  for (const EntityRow& entity : page.rows) out.push_back(entity.id.str());
  return out;
}

Predicate equals(const char* field, Json value) {
  return Predicate::comparison(*FieldPath::parse(field), Operator::eq,
                               {Operand::Kind::literal, std::move(value), {}, {}});
}

using Ids = std::vector<std::string>;

void check_transactions(const StorageFactory& make) {
  const Stage stage(make);
  EntityTypeKey type = 0;
  {
    const auto transaction = stage.write();
    type = add_type(*transaction);
    transaction->insert_entity(row(type, "kept", "{}"));
    CHECK(transaction->find_entity("kept"));  // its own writes
    transaction->commit();
  }
  {
    const auto transaction = stage.write();
    transaction->insert_entity(row(type, "undone", "{}"));
    StoredEntity changed = row(type, "kept", R"({"a":1})");
    changed.version = 2;
    transaction->update_entity(changed);
    transaction->link("kept", "knows", "undone");
    EventRecord event;
    event.sequence = 1;
    event.id = EventId("e");
    event.type = "a.b";
    event.payload = "{}";
    transaction->append_event(event);
  }  // not committed
  const auto transaction = stage.read();
  CHECK(transaction->find_entity("kept")->data == "{}");
  CHECK_FALSE(transaction->find_entity("undone"));
  CHECK(transaction->related_ids("kept", {"knows", false}).empty());
  CHECK(transaction->chain_head().sequence == 0);
}

void check_scopes(const StorageFactory& make) {
  const Stage stage(make);
  {
    const auto transaction = stage.write();
    const EntityTypeKey type = add_type(*transaction);
    transaction->insert_entity(row(type, "x", R"({"a":1})"));
    transaction->insert_entity(row(type, "y", "{}"));
    transaction->link("x", "knows", "y");
    RoleRecord role;
    role.id = RoleId("role-1");
    role.name = "reader";
    transaction->put_role(role);
    transaction->put_assignment({UserId("ana"), RoleId("role-1"), "reader", std::nullopt, "system", 1});
    ApiKey key;
    key.id = ApiKeyId("key-1");
    key.organization = OrganizationId("acme");
    key.name = "k";
    transaction->insert_api_key(key, EventHash{1});
    CHECK(transaction->insert_record(RecordTable::installed_packs, pack("p")));
    CHECK_FALSE(transaction->insert_record(RecordTable::installed_packs, pack("p")));
    transaction->commit();
  }
  // Nothing of it is there in the other environment, nor in the other organization.
  for (const Scope& other : {stage.scope(Environment::production), stage.scope(Environment::development, "globex")}) {
    const auto transaction = stage.storage->begin(other, Access::write);
    CHECK(transaction->entity_types().empty());
    CHECK(transaction->roles().empty());
    CHECK_FALSE(transaction->find_role("reader"));
    CHECK(transaction->assignments(UserId("ana")).empty());
    CHECK(transaction->api_keys().empty());
    CHECK_FALSE(transaction->find_entity("x"));
    const EntityTypeKey own = add_type(*transaction);
    CHECK(transaction->select(all_of(own)).rows.empty());
    CHECK(transaction->count(all_of(own)) == 0);
    CHECK(transaction->related_ids("x", {"knows", false}).empty());
    CHECK_FALSE(transaction->unlink("x", "knows", "y"));
    CHECK_FALSE(transaction->remove_assignment(UserId("ana"), RoleId("role-1")));
    CHECK(transaction->select_records({RecordTable::installed_packs}).empty());
    CHECK(transaction->update_records(RecordTable::installed_packs, {}, {{"version", "stolen"}}) == 0);
    CHECK(transaction->remove_records(RecordTable::installed_packs, {}) == 0);
    CHECK(transaction->sum_records({RecordTable::installed_packs, {}, {}, {}}).at(0).count == 0);
    ApiKey revoked;
    revoked.id = ApiKeyId("key-1");
    revoked.revoked_at = 5;
    transaction->update_api_key(revoked);
    transaction->remove_role(RoleId("role-1"));
    transaction->update_entity(row(own, "x", R"({"stolen":true})"));
    // The same id may live in both scopes, as two rows.
    if (!transaction->find_entity("x")) transaction->insert_entity(row(own, "x", R"({"own":true})"));
    transaction->commit();
  }
  const auto transaction = stage.read();
  CHECK(transaction->find_entity("x")->data == R"({"a":1})");
  CHECK(transaction->find_role("reader") == RoleId("role-1"));
  CHECK(transaction->related_ids("x", {"knows", false}) == Ids{"y"});
  CHECK(transaction->assignments(UserId("ana")).size() == 1);
  CHECK((transaction->select_records({RecordTable::installed_packs}) == std::vector<Record>{pack("p")}));
  REQUIRE(transaction->api_keys().size() == 1);
  CHECK_FALSE(transaction->api_keys().front().revoked_at);
}

void check_configuration(const StorageFactory& make) {
  const Stage stage(make);
  const auto transaction = stage.write();
  std::uint64_t last = transaction->generation();
  const auto moved_on = [&] {
    const std::uint64_t now = transaction->generation();
    return std::exchange(last, now) < now;
  };
  const EntityTypeKey key = add_type(*transaction);
  CHECK(moved_on());
  EntityType changed = note_type();
  changed.search_fields = {"title"};
  CHECK(add_type(*transaction, changed) == key);  // the slug decides; the key stays
  CHECK(moved_on());
  CHECK(transaction->entity_types().front().search_fields == Ids{"title"});

  RoleRecord role;
  role.id = RoleId("r");
  role.name = "reader";
  role.policies = {{"note", "read", "allow"}, {"*", "delete", "deny"}};
  role.scope_rules = {{"note", R"({"field":"data.a","operator":"eq","value":1})"}};
  role.field_masks = {{"note", R"({"fieldPath":"data.b","maskType":"hide"})"}};
  role.visible_fields = {{"note", R"({"fields":["data.a"]})"}};
  transaction->put_role(role);
  CHECK(moved_on());
  const RoleRecord stored = transaction->roles().front();
  REQUIRE(stored.policies.size() == 2);
  CHECK(stored.policies[1].effect == "deny");
  CHECK(stored.scope_rules.front().json == role.scope_rules.front().json);
  CHECK(stored.field_masks.front().json == role.field_masks.front().json);
  CHECK(stored.visible_fields.front().json == role.visible_fields.front().json);
  role.scope_rules.clear();
  transaction->put_role(role);
  CHECK(moved_on());
  CHECK(transaction->roles().front().scope_rules.empty());

  transaction->put_assignment({UserId("ana"), RoleId("r"), "", 100, "system", 1});
  transaction->put_assignment({UserId("ana"), RoleId("r"), "", 200, "system", 1});
  REQUIRE(transaction->assignments(UserId("ana")).size() == 1);
  CHECK(transaction->assignments(UserId("ana")).front().expires_at == 200);
  CHECK(transaction->assignments(UserId("ana")).front().role_name == "reader");
  transaction->remove_role(RoleId("r"));
  CHECK(moved_on());
  CHECK(transaction->roles().empty());
  CHECK(transaction->assignments(UserId("ana")).empty());

  StoredEntity entity = row(key, "x", "{}");
  entity.deleted = true;
  transaction->insert_entity(row(key, "x", "{}"));
  transaction->update_entity(entity);
  CHECK(transaction->has_entities(transaction->entity_types().front()));
  CHECK_ERROR(conflict, transaction->remove_entity_type(transaction->entity_types().front()));  // deleted rows count
}

void check_selections(const StorageFactory& make) {
  const Stage stage(make);
  const auto transaction = stage.write();
  const EntityTypeKey type = add_type(*transaction);
  transaction->insert_entity(row(type, "a", R"({"n":1,"owner":"ana","secret":"s"})", 10));
  transaction->insert_entity(row(type, "b", R"({"n":null,"owner":"bo"})", 20));
  transaction->insert_entity(row(type, "c", R"({"owner":"ana","secret":"t"})", 20));
  StoredEntity gone = row(type, "d", R"({"owner":"ana"})", 30);
  transaction->insert_entity(gone);
  gone.deleted = true;
  gone.status = "deleted";
  transaction->update_entity(gone);

  Selection selection = all_of(type);
  CHECK(ids_of(transaction->select(selection)) == Ids{"c", "b", "a"});
  selection.limit = 2;
  const Page first = transaction->select(selection);
  CHECK(ids_of(first) == Ids{"c", "b"});
  REQUIRE(first.next);
  selection.after = first.next;
  const Page second = transaction->select(selection);
  CHECK(ids_of(second) == Ids{"a"});
  CHECK_FALSE(second.next);

  selection = all_of(type);
  selection.order = {
      {*FieldPath::parse("data.n"), false}, {*FieldPath::parse("createdAt"), false}, {*FieldPath::parse("id"), false}};
  CHECK(ids_of(transaction->select(selection)) == Ids{"c", "b", "a"});  // absent < null < 1

  selection = all_of(type);
  selection.filter =
      Predicate::comparison(*FieldPath::parse("data.n"), Operator::neq, {Operand::Kind::literal, Json(2), {}, {}});
  CHECK(transaction->count(selection) == 2);  // null is there, absent is not
  selection.id = "c";
  CHECK(transaction->select(selection).rows.empty());

  // One grant admits ana's rows and hides the secret there; the other admits "c" alone and shows it.
  Mask mask;
  mask.hidden = {*FieldPath::parse("data.secret")};
  selection = all_of(type);
  selection.grants =
      std::make_shared<const Grants>(Grants{{equals("data.owner", "ana"), mask}, {equals("id", "c"), {}}});
  const Page page = transaction->select(selection);
  REQUIRE(ids_of(page) == Ids{"c", "a"});
  CHECK(page.rows[0].data.view() == R"({"owner":"ana","secret":"t"})");
  CHECK(page.rows[1].data.view() == R"({"n":1,"owner":"ana"})");
  selection.filter = equals("data.secret", "s");
  CHECK(transaction->count(selection) == 0);
  selection.filter = equals("data.secret", "t");
  CHECK(transaction->count(selection) == 1);
  selection.filter = Predicate::always();

  // What is told of rows besides, as queries see them: "a" is admitted by the grant that hides the secret alone.
  const FieldPath secret = *FieldPath::parse("data.secret"), owner = *FieldPath::parse("data.owner");
  selection.values = {secret, owner};
  selection.with_positions = true;
  const Page told = transaction->select(selection);
  REQUIRE(told.values.size() == 2);
  CHECK(told.values[0] == std::vector<std::optional<Json>>{Json("t"), Json("ana")});
  CHECK(told.values[1] == std::vector<std::optional<Json>>{std::nullopt, Json("ana")});
  REQUIRE(told.positions.size() == 2);
  selection.after = told.positions[0];
  CHECK(ids_of(transaction->select(selection)) == Ids{"a"});
  selection.after.reset();
  selection.most_bytes = 1;
  const Page cut = transaction->select(selection);
  CHECK(ids_of(cut) == Ids{"c"});
  CHECK(cut.next == told.positions[0]);
  selection = all_of(type);
  selection.order.clear();
  selection.ids = std::make_shared<const Ids>(Ids{"d", "a", "'", "c", "x"});
  Ids found = ids_of(transaction->select(selection));
  std::ranges::sort(found);
  CHECK(found == Ids{"a", "c"});

  selection = all_of(type);
  selection.grants =
      std::make_shared<const Grants>(Grants{{equals("data.owner", "ana"), mask}, {equals("id", "c"), {}}});
  const Aggregates groups = transaction->aggregate(
      selection,
      {{secret},
       {{Measure::Op::count, {}}, {Measure::Op::max, secret}, {Measure::Op::sum, *FieldPath::parse("data.n")}},
       9});
  REQUIRE(groups.groups.size() == 2);
  CHECK_FALSE(groups.groups[0].key[0]);
  CHECK(groups.groups[0].measures == std::vector<std::optional<Json>>{Json(1), std::nullopt, Json(1)});
  CHECK(groups.groups[1].key[0] == Json("t"));
  CHECK(groups.groups[1].measures == std::vector<std::optional<Json>>{Json(1), Json("t"), std::nullopt});

  selection = all_of(type);
  selection.grants = std::make_shared<const Grants>();
  CHECK(transaction->select(selection).rows.empty());
  CHECK(transaction->count(selection) == 0);
}

void check_unique_keys(const StorageFactory& make) {
  const Stage stage(make);
  const auto transaction = stage.write();
  EntityType type = note_type();
  type.unique = {{"email"}, {"place.id", "n"}};
  const EntityTypeKey key = add_type(*transaction, type);
  CHECK(transaction->entity_types().front().unique == type.unique);
  transaction->insert_entity(row(key, "a", R"({"email":"a","n":1,"place":{"id":[1]}})"));
  transaction->insert_entity(row(key, "b", R"({"email":null,"n":1})"));
  transaction->insert_entity(row(key, "c", R"({"email":null,"n":1})"));
  const auto find = [&](const UniqueKey& paths, const char* data) {
    return transaction->find_by_key(key, paths, Json::parse(data));
  };
  CHECK(find({"email"}, R"({"email": "a"})") == "a");
  CHECK(find({"place.id", "n"}, R"({"n": 1.0, "place": {"id": [1.0]}})") == "a");
  CHECK_FALSE(find({"place.id", "n"}, R"({"n": 1})"));
  CHECK_FALSE(find({"email"}, R"({"email": null})"));
  CHECK_FALSE(find({"email"}, R"({"email": "A"})"));

  CHECK_ERROR(conflict, transaction->insert_entity(row(key, "d", R"({"email":"a"})")));
  CHECK_ERROR(conflict, transaction->update_entity(row(key, "b", R"({"n":1,"place":{"id":[1]}})")));
}

// A refused write leaves its transaction to be undone, so that each goes on in one of its own.
void check_unique_keys_over_time(const StorageFactory& make) {
  const Stage stage(make);
  EntityType type = note_type();
  type.unique = {{"email"}};
  const auto in_transaction = [&](auto&& body) {
    const auto transaction = stage.write();
    body(*transaction);
    transaction->commit();
  };
  EntityTypeKey key = 0;
  in_transaction([&](Transaction& now) {
    key = add_type(now, type);
    now.insert_entity(row(key, "a", R"({"email":"a"})"));
    now.insert_entity(row(key, "b", R"({"email":"b"})"));
  });
  in_transaction([&](Transaction& now) {
    now.update_entity(row(key, "a", R"({"email":"a","n":2})"));  // its own value is no other's
    now.update_entity(row(key, "a", R"({"email":"c"})"));
    now.update_entity(row(key, "b", R"({"email":"a"})"));  // free by now
    StoredEntity gone = row(key, "b", R"({"email":"a"})");
    gone.deleted = true;
    now.update_entity(gone);
    now.insert_entity(row(key, "d", R"({"email":"a"})"));
  });
  const auto back = row(key, "b", R"({"email":"a"})");
  CHECK_ERROR(conflict, in_transaction([&](Transaction& now) { now.update_entity(back); }));
  in_transaction([&](Transaction& now) {
    EntityType none = type;
    none.unique.clear();
    add_type(now, none);
    now.update_entity(back);
  });
  CHECK_ERROR(conflict, in_transaction([&](Transaction& now) { add_type(now, type); }));
  CHECK(stage.read()->entity_types().front().unique.empty());
  // Another scope has values of its own.
  const auto other = stage.write(Environment::production);
  other->insert_entity(row(add_type(*other, type), "a", R"({"email":"a"})"));
}

void check_relations(const StorageFactory& make) {
  const Stage stage(make);
  const auto transaction = stage.write();
  const EntityTypeKey type = add_type(*transaction);
  for (const char* const id : {"a", "b", "c"})
    transaction->insert_entity(row(type, id, R"({"userId":"ana"})", id[0] == 'a' ? 20 : 10));
  CHECK(transaction->link("a", "knows", "b"));
  CHECK_FALSE(transaction->link("a", "knows", "b"));
  CHECK(transaction->link("a", "knows", "c"));
  CHECK(transaction->related_ids("a", {"knows", false}) == Ids{"b", "c"});
  CHECK(transaction->related_ids("b", {"knows", true}) == Ids{"a"});
  const OwnEntity own{{{type, *FieldPath::parse("data.userId")}}};
  CHECK(transaction->own_entity(own, "ana") == "b");  // the first created, then the lowest id
  CHECK_FALSE(transaction->own_entity(own, "nobody"));
  CHECK_FALSE(transaction->own_entity(OwnEntity{}, "ana"));

  StoredEntity gone = row(type, "b", R"({"userId":"ana"})", 10);
  gone.deleted = true;
  transaction->update_entity(gone);
  CHECK(transaction->related_ids("a", {"knows", false}) == Ids{"c"});  // a deleted end counts nowhere
  CHECK(transaction->related_ids("b", {"knows", true}).empty());
  CHECK(transaction->own_entity(own, "ana") == "c");
  CHECK(transaction->unlink("a", "knows", "c"));
  CHECK_FALSE(transaction->unlink("a", "knows", "c"));
}

void check_events(const StorageFactory& make) {
  const Stage stage(make);
  const auto transaction = stage.write();
  const EntityTypeKey type = add_type(*transaction);
  transaction->insert_entity(row(type, "a", R"({"n":1,"secret":"s"})"));
  const auto append = [&](std::int64_t sequence, const std::string& event_type, std::optional<std::string> entity) {
    EventRecord event;
    event.sequence = sequence;
    event.id = EventId("event-" + std::to_string(sequence));
    event.type = event_type;
    event.entity = std::move(entity);
    event.actor_type = "system";
    event.actor_id = "system";
    event.payload = R"({"data":{"n":1,"secret":"s"}})";
    event.created_at = 5;
    event.hash[0] = static_cast<unsigned char>(sequence);
    transaction->append_event(event);
  };
  append(1, "note.created", "a");
  append(2, "role.created", std::nullopt);
  append(3, "note.updated", "a");
  CHECK(transaction->chain_head().sequence == 3);
  CHECK(transaction->chain_head().hash[0] == 3);
  std::vector<std::int64_t> replayed;
  transaction->replay_events({}, [&](const EventRecord& event) {
    replayed.push_back(event.sequence);
    return event.sequence < 2;
  });
  CHECK(replayed == std::vector<std::int64_t>{1, 2});

  Mask mask;
  mask.hidden = {*FieldPath::parse("data.secret")};
  EventSelection selection;
  selection.types = {{type, std::make_shared<const Grants>(Grants{{Predicate::always(), mask}})}};
  selection.limit = 10;
  const auto visible = transaction->select_events(selection);
  REQUIRE(visible.size() == 2);
  CHECK(visible[0].payload == R"({"data":{"n":1}})");
  selection.after = 1;
  selection.others = true;
  CHECK(transaction->select_events(selection).size() == 2);
  selection.type = "note.updated";
  CHECK(transaction->select_events(selection).size() == 1);
  selection = {};
  selection.limit = 10;
  CHECK(transaction->select_events(selection).empty());
}

void check_times(const StorageFactory& make) {
  const Stage stage(make);
  {
    const auto undone = stage.write();
    CHECK(undone->last_time() == 0);
    undone->note_time(7);
    CHECK(undone->last_time() == 7);
  }
  {
    const auto transaction = stage.write();
    CHECK(transaction->last_time() == 0);
    transaction->note_time(7);
    transaction->commit();
  }
  {
    const auto transaction = stage.write();
    CHECK(transaction->last_time() == 7);
    EventRecord event;
    event.sequence = 1;
    event.id = EventId("event-1");
    event.type = "role.created";
    event.actor_type = event.actor_id = "system";
    event.payload = "{}";
    event.created_at = 9;
    transaction->append_event(event);
    CHECK(transaction->last_time() == 9);
    transaction->commit();
  }
  CHECK(stage.read()->last_time() == 9);
  CHECK(stage.read(Environment::production)->last_time() == 0);
}

void check_purging(const StorageFactory& make) {
  const Stage stage(make);
  const auto transaction = stage.write();
  const EntityTypeKey type = add_type(*transaction);
  for (const char* const id : {"a", "b"}) transaction->insert_entity(row(type, id, "{}"));
  transaction->link("a", "knows", "b");
  transaction->link("b", "knows", "a");
  const auto append = [&](std::int64_t sequence, std::optional<std::string> entity, std::optional<std::string> end) {
    EventRecord event;
    event.sequence = sequence;
    event.id = EventId("event-" + std::to_string(sequence));
    event.type = "note.changed";
    event.entity = std::move(entity);
    event.other_end = std::move(end);
    event.payload = R"({"n":1})";
    event.salt = EventSalt{1, 2, 3};
    transaction->append_event(event);
  };
  append(1, "a", std::nullopt);
  append(2, "b", "a");
  append(3, "b", std::nullopt);
  append(4, "a", std::nullopt);
  const auto replayed = [&](const EventReplay& which) {
    std::vector<EventRecord> out;
    transaction->replay_events(which, [&](const EventRecord& event) {
      out.push_back(event);
      return true;
    });
    return out;
  };
  CHECK(replayed({.after = 2}).size() == 2);
  REQUIRE(replayed({.entity = "a"}).size() == 2);
  CHECK(replayed({.entity = "a"})[0].salt == EventSalt{1, 2, 3});

  transaction->purge_payload(1, EventHash{9});
  CHECK(replayed({})[0].payload == "{}");
  CHECK_FALSE(replayed({})[0].salt);
  CHECK(replayed({})[0].payload_hash == EventHash{9});
  transaction->purge_entity("a");
  CHECK_FALSE(transaction->find_entity("a"));
  CHECK(transaction->related_ids("b", {"knows", false}).empty());
  CHECK(transaction->related_ids("b", {"knows", true}).empty());
  CHECK(replayed({})[0].entity == "a");
  CHECK(replayed({})[1].other_end == "a");

  EventSelection selection;
  selection.types = {{type, std::make_shared<const Grants>(Grants{{Predicate::always(), {}}})}};
  selection.limit = 10;
  CHECK(transaction->select_events(selection).size() == 1);
  selection.purged = true;
  CHECK(transaction->select_events(selection).size() == 4);
  selection.entity = "a";
  CHECK(transaction->select_events(selection).size() == 2);

  transaction->prune_events({3, EventHash{3}});
  CHECK(transaction->log_start().sequence == 3);
  CHECK(replayed({}).size() == 1);
  CHECK(transaction->select_events(selection).size() == 1);
  CHECK(transaction->remove_pruned_events(2) == 2);
  CHECK(transaction->remove_pruned_events(2) == 1);
  CHECK(transaction->remove_pruned_events(2) == 0);
  CHECK(replayed({}).size() == 1);
  CHECK(transaction->chain_head().sequence == 4);
}

void check_shared_tables(const StorageFactory& make) {
  const Stage stage(make);
  SharedTables& shared = stage.storage->shared();
  CHECK_ERROR(conflict, shared.insert_organization({OrganizationId("acme"), "again", 1}));
  CHECK_ERROR(conflict, shared.insert_user({UserId("ana"), "again", 1}));
  CHECK(shared.organizations().size() == 2);
  CHECK_FALSE(shared.find_organization(OrganizationId("none")));
  std::vector<std::pair<Environment, bool>> recorded;  // and whether there was one before
  const auto change = [&](std::optional<MembershipRole> role) {
    recorded.clear();
    return shared.change_membership({OrganizationId("acme"), UserId("ana"), role, 1},
                                    [&](Transaction& scope, Environment environment, const auto& before) {
                                      recorded.emplace_back(environment, before.has_value());
                                      scope.put_role({RoleId(before ? "changed" : "added"), "r", {}, {}, {}, {}, 0});
                                    });
  };
  CHECK(change(MembershipRole::member));
  CHECK(recorded ==
        std::vector<std::pair<Environment, bool>>{{Environment::development, false}, {Environment::production, false}});
  CHECK_FALSE(change(MembershipRole::member));
  CHECK(recorded.empty());
  for (const Environment environment : {Environment::development, Environment::production})
    CHECK(stage.read(environment)->find_role("r") == RoleId("added"));
  // All of it, or nothing.
  const auto fail_in_production = [&](Transaction& scope, Environment environment, const auto&) {
    scope.remove_role(RoleId("added"));
    if (environment == Environment::production) throw Error(ErrorCode::storage, "no");
  };
  CHECK_ERROR(storage, shared.change_membership({OrganizationId("acme"), UserId("ana"), MembershipRole::admin, 1},
                                                fail_in_production));
  CHECK(shared.find_membership(OrganizationId("acme"), UserId("ana"))->role == MembershipRole::member);
  for (const Environment environment : {Environment::development, Environment::production}) {
    CHECK(stage.read(environment)->find_role("r") == RoleId("added"));
    const auto transaction = stage.write(environment);
    transaction->remove_role(RoleId("added"));
    transaction->commit();
  }
  CHECK(change(MembershipRole::admin));
  CHECK(shared.find_membership(OrganizationId("acme"), UserId("ana"))->role == MembershipRole::admin);
  CHECK_FALSE(shared.find_membership(OrganizationId("globex"), UserId("ana")));
  CHECK(shared.memberships(OrganizationId("acme")).size() == 1);
  for (const Environment environment : {Environment::development, Environment::production}) {
    const auto transaction = stage.write(environment);
    transaction->remove_role(RoleId("changed"));
    transaction->commit();
  }
  CHECK(change(std::nullopt));
  CHECK(recorded.size() == 2);
  CHECK_FALSE(change(std::nullopt));
  CHECK_FALSE(shared.find_membership(OrganizationId("acme"), UserId("ana")));
  {
    const auto transaction = stage.write(Environment::production);
    ApiKey key;
    key.id = ApiKeyId("key-1");
    key.organization = OrganizationId("acme");
    key.environment = Environment::production;
    key.name = "k";
    key.roles = {"b", "a"};
    key.expires_at = 9;
    transaction->insert_api_key(key, EventHash{7});
    transaction->commit();
  }
  const auto found = shared.find_api_key(EventHash{7});
  REQUIRE(found);
  CHECK(found->environment == Environment::production);
  CHECK(found->roles == Ids{"b", "a"});
  CHECK(found->expires_at == 9);
  CHECK_FALSE(shared.find_api_key(EventHash{8}));
  shared.touch_api_key(EventHash{7}, 33);
  CHECK(shared.find_api_key(EventHash{7})->last_used_at == 33);
}

}  // namespace

void check_storage(const StorageFactory& make) {
  check_transactions(make);
  check_scopes(make);
  check_configuration(make);
  check_selections(make);
  check_unique_keys(make);
  check_unique_keys_over_time(make);
  check_relations(make);
  check_events(make);
  check_times(make);
  check_purging(make);
  check_shared_tables(make);
}

}  // namespace struere::test
