// The rules of the storage interface, one by one (docs/storages.md).
#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "storage_checks.hpp"
#include "struere/conformance.hpp"
#include "struere/core/error.hpp"
#include "struere/repository/database.hpp"

namespace struere::conformance {
namespace {

// A storage that holds two organizations, and a scope for each environment.
struct Stage {
  explicit Stage(const StorageFactory& make) : storage(make()) {
    for (const char* const id : {"acme", "globex"}) {
      insert(RecordTable::organizations, {id, id, std::int64_t{1}, std::monostate{}});
      scopes.trusted_host().create_organization(id, OrganizationId(id));
    }
    for (const char* const id : {"ana", "bo"}) insert(RecordTable::users, {id, id, std::int64_t{1}});
  }

  bool insert(RecordTable table, const Record& record) const {
    const auto transaction = storage->begin_database(Access::brief_write);
    const bool inserted = transaction->insert_record(table, record);
    transaction->commit();
    return inserted;
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
  Database scopes = Database::in_memory();  // only the library makes scopes; scopes with equal ids are equal
};

using Keys = std::vector<UniqueKey>;

Record type_record(EntityTypeKey key, const std::string& slug) {
  return {key, slug, slug, "{}", "[]", std::monostate{}, "userId", std::int64_t{1}};
}

EntityTypeKey add_type(Transaction& transaction, const Keys& unique = {}) {
  transaction.insert_record(RecordTable::entity_types, type_record(1, "note"));
  transaction.set_unique_keys(1, unique);
  return 1;
}

// The paths of the unique keys, in order.
std::vector<RecordValue> unique_paths(Transaction& transaction) {
  std::vector<RecordValue> out;
  for (const Record& record : transaction.select_records({RecordTable::unique_keys, {}, {"type_key", "position"}}))
    out.push_back(record.at(3));
  return out;
}

Record role_record(const std::string& id, const std::string& name) { return {id, name, std::int64_t{1}}; }

Record key_record(const std::string& id, const std::string& hash) {
  return {id,
          RecordBytes{hash},
          "k",
          "sk_dev_0000",
          R"(["b","a"])",
          "agent",
          std::int64_t{1},
          std::int64_t{9},
          std::monostate{},
          std::monostate{},
          "system",
          "system"};
}

StoredEntity row(EntityTypeKey type, const std::string& id, const std::string& data, Timestamp created_at = 1) {
  return {type, id, data, "active", created_at, created_at, 1, false};
}

Record pack(const std::string& id) { return {id, "1.0.0", "{}", "[]", "system", std::int64_t{1}, std::int64_t{1}}; }

Selection all_of(EntityTypeKey type) {
  Selection selection;
  selection.type = type;
  selection.type_slug = "note";
  selection.grants = std::make_shared<const Grants>(Grants{Grant{}});
  selection.order = {{*FieldPath::parse("createdAt"), true}, {*FieldPath::parse("id"), true}};
  selection.limit = 100;
  return selection;
}

std::vector<std::string> ids_of(const Page& page) {
  std::vector<std::string> out;
  for (const Entity& entity : page.rows) out.push_back(entity.id().str());
  return out;
}

// Whether the rows name the type of all_of().
bool are_notes(const Page& page) {
  return std::ranges::all_of(page.rows, [](const Entity& entity) { return entity.type() == "note"; });
}

Predicate equals(const char* field, Json value) {
  return Predicate::comparison(*FieldPath::parse(field), Operator::eq,
                               {Operand::Kind::literal, std::move(value), {}, {}});
}

using Ids = std::vector<std::string>;

void check_transactions(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  EntityTypeKey type = 0;
  {
    const auto transaction = stage.write();
    type = add_type(*transaction);
    transaction->insert_entity(row(type, "kept", "{}"));
    STRUERE_EXPECT(transaction->find_entity("kept"));  // a transaction sees its own writes
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
  STRUERE_EXPECT(transaction->find_entity("kept")->data == "{}");
  STRUERE_EXPECT(!transaction->find_entity("undone"));
  STRUERE_EXPECT(transaction->related_ids("kept", {"knows", false}).empty());
  STRUERE_EXPECT(transaction->chain_head().sequence == 0);
}

// One record of each table of a role, and an API key, in an order in which each refers only to earlier ones.
constexpr RecordTable scoped_tables[] = {
    RecordTable::roles,       RecordTable::policies,         RecordTable::scope_rules,
    RecordTable::field_masks, RecordTable::role_assignments, RecordTable::api_keys};

Record scoped_record(RecordTable table) {
  switch (table) {
    case RecordTable::roles: return role_record("role-1", "reader");
    case RecordTable::policies: return {"role-1", std::int64_t{1}, "note", "read", "allow"};
    case RecordTable::scope_rules:
      return {"role-1", std::int64_t{2}, "note", R"({"field":"data.a","operator":"eq","value":1})"};
    case RecordTable::field_masks: return {"role-1", std::int64_t{3}, "note", "visible", R"({"fields":["data.a"]})"};
    case RecordTable::role_assignments: return {"ana", "role-1", std::int64_t{100}, "system", std::int64_t{1}};
    default: return key_record("key-1", std::string(32, 'h'));
  }
}

void check_scopes(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  {
    const auto transaction = stage.write();
    const EntityTypeKey type = add_type(*transaction);
    transaction->insert_entity(row(type, "x", R"({"a":1})"));
    transaction->insert_entity(row(type, "y", "{}"));
    transaction->link("x", "knows", "y");
    for (const RecordTable table : scoped_tables) transaction->insert_record(table, scoped_record(table));
    STRUERE_EXPECT(
        !transaction->insert_record(RecordTable::roles, role_record("role-2", "reader")));  // the name is taken
    STRUERE_EXPECT(transaction->insert_record(RecordTable::installed_packs, pack("p")));
    STRUERE_EXPECT(!transaction->insert_record(RecordTable::installed_packs, pack("p")));
    transaction->commit();
  }
  // The other environment and the other organization hold none of it.
  for (const Scope& other : {stage.scope(Environment::production), stage.scope(Environment::development, "globex")}) {
    const auto transaction = stage.storage->begin(other, Access::write);
    for (const RecordTable table : scoped_tables) {
      STRUERE_EXPECT(transaction->select_records({table}).empty());
      STRUERE_EXPECT(
          transaction->update_records(table, {}, {{shape_of(table).columns.back(), scoped_record(table).back()}}) == 0);
      STRUERE_EXPECT(transaction->remove_records(table, {}) == 0);
    }
    STRUERE_EXPECT(!transaction->find_entity("x"));
    const EntityTypeKey own = add_type(*transaction);
    STRUERE_EXPECT(transaction->select(all_of(own)).rows.empty());
    STRUERE_EXPECT(transaction->count(all_of(own)) == 0);
    STRUERE_EXPECT(transaction->related_ids("x", {"knows", false}).empty());
    STRUERE_EXPECT(!transaction->unlink("x", "knows", "y"));
    STRUERE_EXPECT(transaction->select_records({RecordTable::installed_packs}).empty());
    STRUERE_EXPECT(transaction->update_records(RecordTable::installed_packs, {}, {{"version", "stolen"}}) == 0);
    STRUERE_EXPECT(transaction->remove_records(RecordTable::installed_packs, {}) == 0);
    STRUERE_EXPECT(transaction->sum_records({RecordTable::installed_packs, {}, {}, {}}).at(0).count == 0);
    transaction->update_entity(row(own, "x", R"({"stolen":true})"));
    // The same id may exist in both scopes, as two rows.
    if (!transaction->find_entity("x")) transaction->insert_entity(row(own, "x", R"({"own":true})"));
    transaction->commit();
  }
  const auto transaction = stage.read();
  STRUERE_EXPECT(transaction->find_entity("x")->data == R"({"a":1})");
  STRUERE_EXPECT(transaction->related_ids("x", {"knows", false}) == Ids{"y"});
  for (const RecordTable table : scoped_tables)
    STRUERE_EXPECT((transaction->select_records({table}) == std::vector<Record>{scoped_record(table)}));
  STRUERE_EXPECT((transaction->select_records({RecordTable::installed_packs}) == std::vector<Record>{pack("p")}));
}

void check_configuration(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  const auto transaction = stage.write();
  std::uint64_t last = transaction->generation();
  const auto moved_on = [&] {
    const std::uint64_t now = transaction->generation();
    return std::exchange(last, now) != now;
  };
  const EntityTypeKey key = add_type(*transaction);
  STRUERE_EXPECT(moved_on());
  STRUERE_EXPECT(!transaction->has_entities(key));
  STRUERE_EXPECT(transaction->update_records(RecordTable::entity_types, {{"slug", {}, "note"}},
                                             {{"search_fields", R"(["title"])"}}) == 1);
  transaction->rebuild_search(key);
  transaction->set_field_keys(key, {{"data.title"}, {"data.title", "data.n"}});
  STRUERE_EXPECT(moved_on());
  for (const RecordTable table : {RecordTable::roles, RecordTable::policies, RecordTable::scope_rules}) {
    transaction->insert_record(table, scoped_record(table));
    STRUERE_EXPECT(moved_on());
  }
  STRUERE_EXPECT(transaction->update_records(RecordTable::roles, {{"id", {}, "role-1"}}, {{"name", "writer"}}) == 1);
  STRUERE_EXPECT(moved_on());
  STRUERE_EXPECT(transaction->select_records({RecordTable::roles}) ==
                 std::vector<Record>{role_record("role-1", "writer")});
  STRUERE_EXPECT(transaction->remove_records(RecordTable::scope_rules, {}) == 1);
  STRUERE_EXPECT(moved_on());
  transaction->insert_record(RecordTable::api_keys, key_record("key", std::string(32, 'h')));
  STRUERE_EXPECT(!moved_on());
  transaction->insert_entity(row(key, "x", "{}"));
  StoredEntity gone = row(key, "x", "{}");
  gone.deleted = true;
  transaction->update_entity(gone);
  STRUERE_EXPECT(transaction->has_entities(key));  // deleted entities count
}

// A transaction cannot read or write records that it does not own; unique keys have functions of their own.
void check_owners(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  {
    const auto scope = stage.write();
    STRUERE_EXPECT_LOGIC_ERROR(scope->select_records({RecordTable::users}));
    STRUERE_EXPECT_LOGIC_ERROR(scope->remove_records(RecordTable::organizations, {}));
    STRUERE_EXPECT_LOGIC_ERROR(scope->remove_records(RecordTable::unique_keys, {}));
    STRUERE_EXPECT(scope->insert_record(RecordTable::memberships, {"ana", "member", std::int64_t{1}}));
    scope->commit();
  }
  STRUERE_EXPECT(stage.read(Environment::production)->select_records({RecordTable::memberships}).size() ==
                 1);  // shared
  const auto globex = stage.storage->begin(stage.scope(Environment::development, "globex"), Access::read);
  STRUERE_EXPECT(globex->select_records({RecordTable::memberships}).empty());
  const auto database = stage.storage->begin_database(Access::read);
  STRUERE_EXPECT_LOGIC_ERROR(database->select_records({RecordTable::memberships}));
  STRUERE_EXPECT_LOGIC_ERROR(database->select_records({RecordTable::roles}));
}

void check_selections(const StorageFactory& make, Findings& findings) {
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
  STRUERE_EXPECT(ids_of(transaction->select(selection)) == Ids{"c", "b", "a"});
  selection.limit = 2;
  const Page first = transaction->select(selection);
  STRUERE_EXPECT(ids_of(first) == Ids{"c", "b"});
  STRUERE_EXPECT(are_notes(first));
  STRUERE_REQUIRE(first.next);
  selection.after = first.next;
  const Page second = transaction->select(selection);
  STRUERE_EXPECT(ids_of(second) == Ids{"a"});
  STRUERE_EXPECT(!second.next);

  selection = all_of(type);
  selection.order = {
      {*FieldPath::parse("data.n"), false}, {*FieldPath::parse("createdAt"), false}, {*FieldPath::parse("id"), false}};
  const Page by_value = transaction->select(selection);
  STRUERE_EXPECT(ids_of(by_value) == Ids{"c", "b", "a"});  // absent < null < 1
  STRUERE_EXPECT(are_notes(by_value));

  selection = all_of(type);
  selection.id = "b";
  const Page one = transaction->select(selection);
  STRUERE_EXPECT(ids_of(one) == Ids{"b"});
  STRUERE_EXPECT(are_notes(one));

  selection = all_of(type);
  selection.filter =
      Predicate::comparison(*FieldPath::parse("data.n"), Operator::neq, {Operand::Kind::literal, Json(2), {}, {}});
  STRUERE_EXPECT(transaction->count(selection) == 2);  // null counts as present
  selection.id = "c";
  STRUERE_EXPECT(transaction->select(selection).rows.empty());

  // One grant admits ana's rows and hides the secret in them; the other admits only "c" and shows the secret.
  Mask mask;
  mask.hidden = {*FieldPath::parse("data.secret")};
  selection = all_of(type);
  selection.grants =
      std::make_shared<const Grants>(Grants{{equals("data.owner", "ana"), mask}, {equals("id", "c"), {}}});
  const Page page = transaction->select(selection);
  STRUERE_REQUIRE(ids_of(page) == Ids{"c", "a"});
  STRUERE_EXPECT(are_notes(page));
  STRUERE_EXPECT(json_view(page.rows[0]) == R"({"owner":"ana","secret":"t"})");
  STRUERE_EXPECT(json_view(page.rows[1]) == R"({"n":1,"owner":"ana"})");
  selection.filter = equals("data.secret", "s");
  STRUERE_EXPECT(transaction->count(selection) == 0);
  selection.filter = equals("data.secret", "t");
  STRUERE_EXPECT(transaction->count(selection) == 1);
  selection.filter = Predicate::always();

  // The values returned in addition to rows, as queries see them: only the grant that hides the secret admits "a".
  const FieldPath secret = *FieldPath::parse("data.secret"), owner = *FieldPath::parse("data.owner");
  selection.values = {secret, owner};
  selection.with_positions = true;
  const Page told = transaction->select(selection);
  STRUERE_REQUIRE(told.values.size() == 2);
  STRUERE_EXPECT(told.values[0] == std::vector<std::optional<Json>>{Json("t"), Json("ana")});
  STRUERE_EXPECT(told.values[1] == std::vector<std::optional<Json>>{std::nullopt, Json("ana")});
  STRUERE_REQUIRE(told.positions.size() == 2);
  selection.after = told.positions[0];
  STRUERE_EXPECT(ids_of(transaction->select(selection)) == Ids{"a"});
  selection.after.reset();
  selection.most_bytes = 1;
  const Page cut = transaction->select(selection);
  STRUERE_EXPECT(ids_of(cut) == Ids{"c"});
  STRUERE_EXPECT(cut.next == told.positions[0]);
  selection = all_of(type);
  selection.order.clear();
  selection.ids = std::make_shared<const Ids>(Ids{"d", "a", "'", "c", "x"});
  Ids found = ids_of(transaction->select(selection));
  std::ranges::sort(found);
  STRUERE_EXPECT(found == Ids{"a", "c"});

  selection = all_of(type);
  selection.grants =
      std::make_shared<const Grants>(Grants{{equals("data.owner", "ana"), mask}, {equals("id", "c"), {}}});
  const Aggregates groups = transaction->aggregate(
      selection,
      {{secret},
       {{Measure::Op::count, {}}, {Measure::Op::max, secret}, {Measure::Op::sum, *FieldPath::parse("data.n")}},
       9});
  STRUERE_REQUIRE(groups.groups.size() == 2);
  STRUERE_EXPECT(!groups.groups[0].key[0]);
  STRUERE_EXPECT(groups.groups[0].measures == std::vector<std::optional<Json>>{Json(1), std::nullopt, Json(1)});
  STRUERE_EXPECT(groups.groups[1].key[0] == Json("t"));
  STRUERE_EXPECT(groups.groups[1].measures == std::vector<std::optional<Json>>{Json(1), Json("t"), std::nullopt});

  selection = all_of(type);
  selection.grants = std::make_shared<const Grants>();
  STRUERE_EXPECT(transaction->select(selection).rows.empty());
  STRUERE_EXPECT(transaction->count(selection) == 0);
}

void check_unique_keys(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  const auto transaction = stage.write();
  const EntityTypeKey key = add_type(*transaction, {{"email"}, {"place.id", "n"}});
  STRUERE_EXPECT(unique_paths(*transaction) == std::vector<RecordValue>{R"(["email"])", R"(["place.id","n"])"});
  transaction->insert_entity(row(key, "a", R"({"email":"a","n":1,"place":{"id":[1]}})"));
  transaction->insert_entity(row(key, "b", R"({"email":null,"n":1})"));
  transaction->insert_entity(row(key, "c", R"({"email":null,"n":1})"));
  const auto find = [&](const UniqueKey& paths, const char* data) {
    return transaction->find_by_key(key, paths, Json::parse(data));
  };
  STRUERE_EXPECT(find({"email"}, R"({"email": "a"})") == "a");
  STRUERE_EXPECT(find({"place.id", "n"}, R"({"n": 1.0, "place": {"id": [1.0]}})") == "a");
  STRUERE_EXPECT(!find({"place.id", "n"}, R"({"n": 1})"));
  STRUERE_EXPECT(!find({"email"}, R"({"email": null})"));
  STRUERE_EXPECT(!find({"email"}, R"({"email": "A"})"));

  STRUERE_EXPECT_ERROR(conflict, transaction->insert_entity(row(key, "d", R"({"email":"a"})")));
  STRUERE_EXPECT_ERROR(conflict, transaction->update_entity(row(key, "b", R"({"n":1,"place":{"id":[1]}})")));
}

// A refused write makes its transaction unusable, so each step has a transaction of its own.
void check_unique_keys_over_time(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  const Keys unique{{"email"}};
  const auto in_transaction = [&](auto&& body) {
    const auto transaction = stage.write();
    body(*transaction);
    transaction->commit();
  };
  EntityTypeKey key = 0;
  in_transaction([&](Transaction& now) {
    key = add_type(now, unique);
    now.insert_entity(row(key, "a", R"({"email":"a"})"));
    now.insert_entity(row(key, "b", R"({"email":"b"})"));
  });
  in_transaction([&](Transaction& now) {
    now.update_entity(row(key, "a", R"({"email":"a","n":2})"));  // no conflict with its own value
    now.update_entity(row(key, "a", R"({"email":"c"})"));
    now.update_entity(row(key, "b", R"({"email":"a"})"));  // the value is free now
    StoredEntity gone = row(key, "b", R"({"email":"a"})");
    gone.deleted = true;
    now.update_entity(gone);
    now.insert_entity(row(key, "d", R"({"email":"a"})"));
  });
  const auto back = row(key, "b", R"({"email":"a"})");
  STRUERE_EXPECT_ERROR(conflict, in_transaction([&](Transaction& now) { now.update_entity(back); }));
  in_transaction([&](Transaction& now) {
    now.set_unique_keys(key, {});
    now.update_entity(back);
  });
  STRUERE_EXPECT_ERROR(conflict, in_transaction([&](Transaction& now) { now.set_unique_keys(key, unique); }));
  STRUERE_EXPECT(unique_paths(*stage.read()).empty());
  // Unique keys of another scope are independent.
  const auto other = stage.write(Environment::production);
  other->insert_entity(row(add_type(*other, unique), "a", R"({"email":"a"})"));
}

void check_relations(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  const auto transaction = stage.write();
  const EntityTypeKey type = add_type(*transaction);
  for (const char* const id : {"a", "b", "c"})
    transaction->insert_entity(row(type, id, R"({"userId":"ana"})", id[0] == 'a' ? 20 : 10));
  STRUERE_EXPECT(transaction->link("a", "knows", "b"));
  STRUERE_EXPECT(!transaction->link("a", "knows", "b"));
  STRUERE_EXPECT(transaction->link("a", "knows", "c"));
  transaction->insert_entity(row(type, "d", "{}", 5));
  STRUERE_EXPECT(transaction->link("a", "knows", "d"));
  // In the order in which the entities were created, then by id.
  STRUERE_EXPECT(transaction->related_ids("a", {"knows", false}) == Ids{"d", "b", "c"});
  STRUERE_EXPECT(transaction->related_ids("b", {"knows", true}) == Ids{"a"});
  const OwnEntity own{{{type, *FieldPath::parse("data.userId")}}};
  STRUERE_EXPECT(transaction->own_entity(own, "ana") == "b");  // the first created, then the lowest id
  STRUERE_EXPECT(!transaction->own_entity(own, "nobody"));
  STRUERE_EXPECT(!transaction->own_entity(OwnEntity{}, "ana"));

  StoredEntity gone = row(type, "b", R"({"userId":"ana"})", 10);
  gone.deleted = true;
  transaction->update_entity(gone);
  // Relations with a deleted end do not count.
  STRUERE_EXPECT(transaction->related_ids("a", {"knows", false}) == Ids{"d", "c"});
  STRUERE_EXPECT(transaction->related_ids("b", {"knows", true}).empty());
  STRUERE_EXPECT(transaction->own_entity(own, "ana") == "c");
  STRUERE_EXPECT(transaction->unlink("a", "knows", "c"));
  STRUERE_EXPECT(!transaction->unlink("a", "knows", "c"));
}

void check_events(const StorageFactory& make, Findings& findings) {
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
    if (sequence == 2) event.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
    transaction->append_event(event);
  };
  append(1, "note.created", "a");
  append(2, "role.created", std::nullopt);
  append(3, "note.updated", "a");
  STRUERE_EXPECT(transaction->chain_head().sequence == 3);
  STRUERE_EXPECT(transaction->chain_head().hash[0] == 3);
  std::vector<std::int64_t> replayed;
  transaction->replay_events({}, [&](const EventRecord& event) {
    replayed.push_back(event.sequence);
    STRUERE_EXPECT(event.trace_id.has_value() == (event.sequence == 2));
    return event.sequence < 2;
  });
  STRUERE_EXPECT(replayed == std::vector<std::int64_t>{1, 2});

  Mask mask;
  mask.hidden = {*FieldPath::parse("data.secret")};
  EventSelection selection;
  selection.types = {{type, std::make_shared<const Grants>(Grants{{Predicate::always(), mask}})}};
  selection.limit = 10;
  const auto visible = transaction->select_events(selection);
  STRUERE_REQUIRE(visible.size() == 2);
  STRUERE_EXPECT(visible[0].payload == R"({"data":{"n":1}})");
  selection.after = 1;
  selection.others = true;
  STRUERE_EXPECT(transaction->select_events(selection).size() == 2);
  selection.type = "note.updated";
  STRUERE_EXPECT(transaction->select_events(selection).size() == 1);
  selection.type.reset();
  selection.before = 3;
  STRUERE_EXPECT(transaction->select_events(selection).size() == 1);
  selection.after = 0;
  selection.newest_first = true;
  const auto newest = transaction->select_events(selection);
  STRUERE_REQUIRE(newest.size() == 2);
  STRUERE_EXPECT(newest[0].sequence == 2);
  selection = {};
  selection.limit = 10;
  STRUERE_EXPECT(transaction->select_events(selection).empty());
}

void check_event_times(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  const auto transaction = stage.write();
  STRUERE_EXPECT(transaction->last_event_before(5, 0) == 0);
  for (std::int64_t sequence = 1; sequence <= 40; ++sequence) {
    EventRecord event;
    event.sequence = sequence;
    event.id = EventId("event-" + std::to_string(sequence));
    event.type = "role.created";
    event.actor_type = event.actor_id = "system";
    event.payload = "{}";
    event.created_at = sequence / 3;  // 0, 0, 1, 1, 1, 2, …
    transaction->append_event(event);
  }
  for (const std::int64_t after : {0, 1, 7, 39, 40})
    for (Timestamp time = 0; time <= 15; ++time) {
      std::int64_t last = after;
      for (std::int64_t sequence = after + 1; sequence <= 40; ++sequence)
        if (sequence / 3 < time) last = sequence;
      STRUERE_EXPECT(transaction->last_event_before(time, after) == last);
    }
  transaction->prune_events({7, Digest{7}});
  STRUERE_EXPECT(transaction->last_event_before(5, 7) == 14);
  STRUERE_EXPECT(transaction->last_event_before(1, 7) == 7);
}

void check_times(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  {
    const auto undone = stage.write();
    STRUERE_EXPECT(undone->last_time() == 0);
    undone->note_time(7);
    STRUERE_EXPECT(undone->last_time() == 7);
  }
  {
    const auto transaction = stage.write();
    STRUERE_EXPECT(transaction->last_time() == 0);
    transaction->note_time(7);
    transaction->commit();
  }
  {
    const auto transaction = stage.write();
    STRUERE_EXPECT(transaction->last_time() == 7);
    EventRecord event;
    event.sequence = 1;
    event.id = EventId("event-1");
    event.type = "role.created";
    event.actor_type = event.actor_id = "system";
    event.payload = "{}";
    event.created_at = 9;
    transaction->append_event(event);
    STRUERE_EXPECT(transaction->last_time() == 9);
    transaction->commit();
  }
  STRUERE_EXPECT(stage.read()->last_time() == 9);
  STRUERE_EXPECT(stage.read(Environment::production)->last_time() == 0);
}

void check_purging(const StorageFactory& make, Findings& findings) {
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
  STRUERE_EXPECT(replayed({.after = 2}).size() == 2);
  STRUERE_REQUIRE(replayed({.entity = "a"}).size() == 2);
  STRUERE_EXPECT(replayed({.entity = "a"})[0].salt == EventSalt{1, 2, 3});

  transaction->purge_payload(1, Digest{9});
  STRUERE_EXPECT(replayed({})[0].payload == "{}");
  STRUERE_EXPECT(!replayed({})[0].salt);
  STRUERE_EXPECT(replayed({})[0].payload_hash == Digest{9});
  transaction->purge_entity("a");
  STRUERE_EXPECT(!transaction->find_entity("a"));
  STRUERE_EXPECT(transaction->related_ids("b", {"knows", false}).empty());
  STRUERE_EXPECT(transaction->related_ids("b", {"knows", true}).empty());
  STRUERE_EXPECT(replayed({})[0].entity == "a");
  STRUERE_EXPECT(replayed({})[1].other_end == "a");

  EventSelection selection;
  selection.types = {{type, std::make_shared<const Grants>(Grants{{Predicate::always(), {}}})}};
  selection.limit = 10;
  STRUERE_EXPECT(transaction->select_events(selection).size() == 1);
  selection.purged = true;
  STRUERE_EXPECT(transaction->select_events(selection).size() == 4);
  selection.entity = "a";
  STRUERE_EXPECT(transaction->select_events(selection).size() == 2);

  transaction->prune_events({3, Digest{3}});
  STRUERE_EXPECT(transaction->log_start().sequence == 3);
  STRUERE_EXPECT(replayed({}).size() == 1);
  STRUERE_EXPECT(transaction->select_events(selection).size() == 1);
  STRUERE_EXPECT(transaction->remove_pruned_events(2) == 2);
  STRUERE_EXPECT(transaction->remove_pruned_events(2) == 1);
  STRUERE_EXPECT(transaction->remove_pruned_events(2) == 0);
  STRUERE_EXPECT(replayed({}).size() == 1);
  STRUERE_EXPECT(transaction->chain_head().sequence == 4);
}

void check_shared_tables(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  STRUERE_EXPECT(!stage.insert(RecordTable::organizations, {"acme", "again", std::int64_t{1}, std::monostate{}}));
  STRUERE_EXPECT(!stage.insert(RecordTable::users, {"ana", "again", std::int64_t{1}}));
  {
    const auto undone = stage.storage->begin_database(Access::write);
    STRUERE_EXPECT(
        undone->insert_record(RecordTable::organizations, {"none", "none", std::int64_t{1}, std::monostate{}}));
  }
  const auto database = stage.storage->begin_database(Access::read);
  STRUERE_EXPECT((database->select_records({RecordTable::organizations, {}, {"id"}, true, {}, 1}) ==
                  std::vector<Record>{{"globex", "globex", std::int64_t{1}, std::monostate{}}}));
  STRUERE_EXPECT(database->sum_records({RecordTable::organizations, {}, {}, {}}).at(0).count == 2);
}

void check_unknown_organization(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  stage.scopes.trusted_host().create_organization("none", OrganizationId("none"));
  for (const Access access : {Access::read, Access::write})
    STRUERE_EXPECT_ERROR(not_found, stage.storage->begin(stage.scope(Environment::production, "none"), access));
  STRUERE_EXPECT_ERROR(not_found, stage.storage->begin_joint({stage.scope(Environment::production, "none")}));
}

void check_joint_transactions(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  const std::vector<Scope> both{stage.scope(), stage.scope(Environment::production)};
  const auto begin = [&] { return stage.storage->begin_joint(both); };
  const auto roles_in = [&](Environment environment) {
    return stage.read(environment)->select_records({RecordTable::roles}).size();
  };
  const auto write = [&](JointTransaction& joint) {
    joint.part(0).insert_record(RecordTable::memberships, {"ana", "member", std::int64_t{1}});
    joint.part(0).insert_record(RecordTable::roles, role_record("r", "reader"));
    joint.part(1).insert_record(RecordTable::roles, role_record("r", "reader"));
    STRUERE_EXPECT(joint.part(1).select_records({RecordTable::memberships}).size() == 1);
    STRUERE_EXPECT_LOGIC_ERROR(joint.part(1).commit());
  };
  {
    const auto undone = begin();
    write(*undone);
  }
  STRUERE_EXPECT(roles_in(Environment::development) == 0);
  STRUERE_EXPECT(roles_in(Environment::production) == 0);
  const std::uint64_t generation = stage.read()->generation();
  {
    const auto joint = begin();
    write(*joint);
    joint->commit();
  }
  STRUERE_EXPECT(roles_in(Environment::development) == 1);
  STRUERE_EXPECT(roles_in(Environment::production) == 1);
  STRUERE_EXPECT(stage.read()->generation() != generation);
  STRUERE_EXPECT(stage.read()->select_records({RecordTable::memberships}).size() == 1);
}

void check_api_keys(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  Digest hash{}, other{};
  hash.fill('h');
  {
    const auto transaction = stage.write(Environment::production);
    transaction->insert_record(RecordTable::api_keys, key_record("key-1", std::string(32, 'h')));
    transaction->commit();
  }
  const auto found = stage.storage->find_api_key(hash);
  STRUERE_REQUIRE(found);
  STRUERE_EXPECT(found->organization == OrganizationId("acme"));
  STRUERE_EXPECT(found->environment == Environment::production);
  STRUERE_EXPECT(found->record == key_record("key-1", std::string(32, 'h')));
  STRUERE_EXPECT(!stage.storage->find_api_key(other));
  {
    const auto transaction = stage.write(Environment::production);
    STRUERE_EXPECT(found->generation == transaction->generation());
    add_type(*transaction);
    STRUERE_EXPECT(found->generation != transaction->generation());
    transaction->commit();
  }
  STRUERE_EXPECT(found->generation != stage.storage->find_api_key(hash)->generation);
  stage.storage->touch_api_key(hash, 33);
  stage.storage->touch_api_key(other, 34);
  // It may be written later.
  const auto is_written = [&] {
    return stage.storage->find_api_key(hash)->record.at(9) == RecordValue(std::int64_t{33});
  };
  for (int waited = 0; waited < 500 && !is_written(); ++waited)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  STRUERE_EXPECT(is_written());
}

void check_due_runs(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  const auto insert_run = [&](Environment environment, const char* status, std::int64_t due_at) {
    const auto transaction = stage.write(environment);
    transaction->insert_entity(row(add_type(*transaction), "x", "{}"));
    transaction->insert_record(RecordTable::trigger_runs,
                               {"run", "t", "{}", "x", "{}", status, due_at, std::int64_t{0}, "[]", std::monostate{},
                                std::int64_t{0}, std::monostate{}, std::int64_t{1}, std::monostate{}});
    transaction->commit();
  };
  insert_run(Environment::development, "pending", 10);
  insert_run(Environment::production, "completed", 10);
  STRUERE_EXPECT(stage.storage->scopes_with_due_runs(9).empty());
  STRUERE_EXPECT(stage.storage->scopes_with_due_runs(10) == std::vector<std::pair<OrganizationId, Environment>>{
                                                                {OrganizationId("acme"), Environment::development}});
}

// An organization that is being copied from another storage.
void check_moving(const StorageFactory& make, Findings& findings) {
  const Stage stage(make);
  stage.insert(RecordTable::organizations, {"new", "new", std::int64_t{1}, "{}"});
  stage.scopes.trusted_host().create_organization("new", OrganizationId("new"));
  const Scope scope = stage.scope(Environment::development, "new");
  Digest hash{};
  hash.fill('h');
  EventRecord event{5, EventId("e"), "note.purged", "purged", std::nullopt, "system", "system", "{}", 4, hash};
  const auto is_hidden = [&] {
    for (const Access access : {Access::read, Access::write, Access::brief_write})
      STRUERE_EXPECT_ERROR(not_found, stage.storage->begin(scope, access));
    STRUERE_EXPECT_ERROR(not_found, stage.storage->begin_joint({scope}));
    STRUERE_EXPECT(!stage.storage->find_api_key(hash));
    STRUERE_EXPECT(stage.storage->scopes_with_due_runs(99).empty());
  };
  STRUERE_EXPECT_ERROR(not_found, stage.storage->begin(stage.scope(), Access::fill));
  const auto fill = [&] {
    const auto transaction = stage.storage->begin(scope, Access::fill);
    const EntityTypeKey type = add_type(*transaction, {{"n"}});
    StoredEntity deleted = row(type, "b", R"({"n":1})");
    deleted.deleted = true;
    transaction->insert_entity(deleted);
    transaction->insert_entity(row(type, "a", R"({"n":1})"));
    transaction->link("a", "likes", "b");
    transaction->prune_events({4, hash});
    transaction->restore_event(event);
    transaction->note_time(9);
    transaction->insert_record(RecordTable::api_keys, key_record("key-1", std::string(32, 'h')));
    transaction->insert_record(RecordTable::trigger_runs, {"run", "t", "{}", "a", "{}", "pending", std::int64_t{1},
                                                           std::int64_t{0}, "[]", std::monostate{}, std::int64_t{0},
                                                           std::monostate{}, std::int64_t{1}, std::monostate{}});
    transaction->commit();
  };
  fill();
  is_hidden();
  {
    const auto clearing = stage.storage->begin(scope, Access::fill);
    clearing->clear_scope();
    clearing->remove_records(RecordTable::api_keys, {});
    STRUERE_EXPECT(clearing->scan_entities("", 9, 999).empty());
    STRUERE_EXPECT(clearing->scan_relations({}, 9).empty());
    STRUERE_EXPECT(clearing->chain_head().sequence == 0);
    STRUERE_EXPECT(clearing->log_start().sequence == 0);
    STRUERE_EXPECT(clearing->last_time() == 0);
    STRUERE_EXPECT(clearing->select_records({RecordTable::trigger_runs}).empty());
    clearing->commit();
  }
  fill();  // what was cleared can be filled again
  is_hidden();
  {
    const auto opening = stage.storage->begin_database(Access::write);
    STRUERE_EXPECT(opening->update_records(RecordTable::organizations, {{"id", {}, "new"}},
                                           {{"unfinished_copy", std::monostate{}}}) == 1);
    opening->commit();
  }
  STRUERE_EXPECT(stage.storage->find_api_key(hash));
  STRUERE_EXPECT(stage.storage->scopes_with_due_runs(99).size() == 1);
  STRUERE_EXPECT_ERROR(not_found, stage.storage->begin(scope, Access::fill));
  const auto transaction = stage.storage->begin(scope, Access::write);
  STRUERE_EXPECT_LOGIC_ERROR(transaction->clear_scope());
  STRUERE_REQUIRE(transaction->scan_entities("", 9, 999).size() == 2);
  STRUERE_EXPECT(transaction->scan_entities("", 1, 999).at(0).id == "a");
  STRUERE_EXPECT(transaction->scan_entities("", 9, 1).size() == 1);
  STRUERE_EXPECT(transaction->scan_entities("a", 9, 999).at(0).deleted);
  STRUERE_EXPECT(ids_of(transaction->select(all_of(1))) == Ids{"a"});
  STRUERE_EXPECT(transaction->find_by_key(1, {"n"}, Json{{"n", 1}}) == "a");
  STRUERE_EXPECT((transaction->scan_relations({}, 9) == std::vector<StoredRelation>{{"a", "likes", "b"}}));
  STRUERE_EXPECT(transaction->scan_relations(StoredRelation{"a", "likes", "b"}, 9).empty());
  STRUERE_EXPECT(transaction->chain_head().sequence == 5);
  STRUERE_EXPECT(transaction->chain_head().hash == hash);
  STRUERE_EXPECT(transaction->log_start().sequence == 4);
  STRUERE_EXPECT(transaction->last_time() == 9);
  std::vector<EventRecord> events;
  transaction->replay_events({}, [&](const EventRecord& found) {
    events.push_back(found);
    return true;
  });
  STRUERE_REQUIRE(events.size() == 1);
  STRUERE_EXPECT(events[0].entity == "purged");
  STRUERE_EXPECT(events[0].hash == hash);
}

}  // namespace

std::vector<std::string> check_storage(const StorageFactory& make) {
  using Part = void (*)(const StorageFactory&, Findings&);
  constexpr std::pair<const char*, Part> parts[] = {
      {"transactions", check_transactions},
      {"scopes", check_scopes},
      {"configuration", check_configuration},
      {"owners", check_owners},
      {"selections", check_selections},
      {"unique keys", check_unique_keys},
      {"unique keys over time", check_unique_keys_over_time},
      {"relations", check_relations},
      {"events", check_events},
      {"times", check_times},
      {"times of events", check_event_times},
      {"purging", check_purging},
      {"shared tables", check_shared_tables},
      {"unknown organization", check_unknown_organization},
      {"joint transactions", check_joint_transactions},
      {"api keys", check_api_keys},
      {"due runs", check_due_runs},
      {"moving", check_moving},
  };
  Findings findings;
  for (const auto& [name, part] : parts) findings.run(name, [&, check = part] { check(make, findings); });
  return findings.take();
}

}  // namespace struere::conformance
