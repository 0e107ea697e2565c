#include "struere/adoption/adoption.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adoption/adoption_check.hpp"
#include "adoption/adoption_file.hpp"
#include "adoption/adoption_values.hpp"
#include "core/instant.hpp"
#include "repository/event_chain.hpp"
#include "storage/configuration.hpp"
#include "storage/people.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

const RecordShape* find_shape(std::string_view table) {
  const auto shapes = record_shapes();
  const auto found = std::ranges::find(shapes, table, &RecordShape::name);
  return found == shapes.end() ? nullptr : &*found;
}

[[noreturn]] void changed(const std::string& row) {
  throw Error(ErrorCode::conflict, fmt::format("{} cannot be adopted: there is such a row already", row));
}

// Writes original rows, one by one, into the tables of struere.
class RowAdopter {
 public:
  explicit RowAdopter(AdoptionFile& file) : file_(file) {}

  void adopt(const AdoptionTable& table, Transaction& transaction, const OrganizationId& organization,
             Environment environment, const AdoptionRow& row) {
    const AdoptionValues values(table, row);
    if (table.name == "entity_types")
      put_entity_type(transaction, adopted_entity_type(row));
    else if (table.name == "roles")
      define_field_keys(transaction, put_role(transaction, adopted_role(row, [&](const AdoptionTable& parts) {
                                                return file_.take_parts(parts, row);
                                              })));
    else if (table.name == "role_assignments")
      adopt_assignment(transaction, values);
    else if (table.name == "api_keys")
      adopt_key(transaction, organization, environment, values);
    else if (table.name == "entities")
      adopt_entity(transaction, types_of(transaction, organization, environment), values);
    else if (table.name == "entity_relations")
      adopt_relation(transaction, table, row, values);
    else if (table.name == "events")
      adopt_event(transaction, organization, environment, values);
    else
      adopt_record(transaction, table, row, values);
  }

 private:
  static void adopt_assignment(Transaction& transaction, const AdoptionValues& values) {
    put_assignment(transaction, {UserId(values.text("user_id")),
                                 RoleId(values.text("role_id")),
                                 {},
                                 values.optional_number("expires_at"),
                                 values.text("granted_by"),
                                 values.number("created_at")});
  }

  void adopt_key(Transaction& transaction, const OrganizationId& organization, Environment environment,
                 const AdoptionValues& values) {
    ApiKey key;
    key.id = ApiKeyId(values.text("id"));
    key.organization = organization;
    key.environment = environment;
    key.name = values.text("name");
    key.display_prefix = values.text("display_prefix");
    key.roles = values.texts("roles");
    key.kind = values.text("kind") == "webhook" ? ApiKeyKind::webhook : ApiKeyKind::agent;
    key.created_at = values.number("created_at");
    key.expires_at = values.optional_number("expires_at");
    key.revoked_at = values.optional_number("revoked_at");
    key.last_used_at = values.optional_number("last_used_at");
    Digest hash{};
    std::ranges::copy(values.text("hash"), hash.begin());
    insert_api_key(transaction, key, hash);
  }

  void adopt_entity(Transaction& transaction, const std::vector<EntityType>& types, const AdoptionValues& values) {
    const auto type = std::ranges::find(types, values.text("type"), &EntityType::slug);
    if (type == types.end())
      throw Error(ErrorCode::storage, "an entity's type went missing while it was being adopted");
    StoredEntity entity;
    entity.type = type->key;
    entity.id = values.text("id");
    entity.data = values.text("data");
    entity.status = values.text("status");
    entity.created_at = values.number("created_at");
    entity.updated_at = values.number("updated_at");
    entity.version = values.number("version");
    const bool is_deleted = values.has("deleted_at") || entity.status == "deleted";
    transaction.insert_entity(entity);
    if (!is_deleted) return;
    // The same state as after a removal.
    entity.status = "deleted";
    entity.deleted = true;
    transaction.update_entity(entity);
    if (const auto at = values.optional_number("deleted_at")) file_.set_deleted_at(entity.id, *at);
  }

  static void adopt_relation(Transaction& transaction, const AdoptionTable& table, const AdoptionRow& row,
                             const AdoptionValues& values) {
    if (!transaction.link(values.text("from_id"), values.text("type"), values.text("to_id")))
      changed(name_of_row(table, row));
  }

  static void adopt_event(Transaction& transaction, const OrganizationId& organization, Environment environment,
                          const AdoptionValues& values) {
    const ChainHead head = transaction.chain_head();
    EventRecord event;
    event.sequence = head.sequence + 1;
    event.id = EventId(values.text("id"));
    event.type = values.text("type");
    event.entity = values.optional_text("entity_id");
    event.other_end = values.optional_text("other_end_id");
    event.actor_type = values.text("actor_type");
    event.actor_id = values.text("actor_id");
    event.payload = values.text("payload");
    event.created_at = values.number("created_at");
    seal_event(event, head.hash, organization, environment);
    transaction.append_event(event);
  }

  static void adopt_record(Transaction& transaction, const AdoptionTable& table, const AdoptionRow& row,
                           const AdoptionValues& values) {
    const RecordShape& shape = *find_shape(table.name);
    Record record;
    for (const std::string_view column : shape.columns) record.push_back(values.value(column));
    // Counters are computed again.
    if (shape.table == RecordTable::threads) record[column_of(shape, "message_count")] = std::int64_t{0};
    if (shape.table == RecordTable::messages)
      record[column_of(shape, "sequence")] = next_message(transaction, values.text("thread_id"));
    if (shape.table == RecordTable::executions) record[column_of(shape, "day")] = day_of(values.number("created_at"));
    if (!transaction.insert_record(shape.table, record)) changed(name_of_row(table, row));
  }

  static std::int64_t next_message(Transaction& transaction, const std::string& thread) {
    const auto found = transaction.select_records({RecordTable::threads, {{"id", {}, thread}}});
    if (found.empty()) throw Error(ErrorCode::storage, "a message's thread went missing while it was being adopted");
    const std::size_t count = column_of(shape_of(RecordTable::threads), "message_count");
    const std::int64_t next = std::get<std::int64_t>(found[0][count]) + 1;
    transaction.update_records(RecordTable::threads, {{"id", {}, thread}}, {{"message_count", next}});
    return next;
  }

  // The entity types do not change any more when entities are moved.
  const std::vector<EntityType>& types_of(Transaction& transaction, const OrganizationId& organization,
                                          Environment environment) {
    if (types_.empty() || types_owner_ != std::pair(organization, environment)) {
      types_ = stored_entity_types(transaction);
      types_owner_ = {organization, environment};
    }
    return types_;
  }

  AdoptionFile& file_;
  std::vector<EntityType> types_;
  std::pair<OrganizationId, Environment> types_owner_;
};

void move_table(AdoptionFile& file, const AdoptionTable& table, const AdoptionOptions& options) {
  RowAdopter adopter(file);
  AdoptionProgress progress{std::string(table.name), 0, file.count_at_start(table)};
  progress.done = progress.total - file.count(table);  // moved by earlier calls, or with the roles
  const auto adopt = [&](Transaction& transaction, const OrganizationId& organization, Environment environment,
                         const AdoptionRow& row) { adopter.adopt(table, transaction, organization, environment, row); };
  while (const std::int64_t moved = file.move(table, options.batch_rows, adopt)) {
    progress.done += moved;
    if (options.progress && progress.done < progress.total) options.progress(progress);
  }
  if (options.progress) options.progress(progress);
}

}  // namespace

AdoptionReport adopt_database(const std::string& path, Environment environment, const AdoptionOptions& options) {
  if (options.batch_rows < 1) throw Error(ErrorCode::invalid_data, "`batch_rows` is at least 1");
  AdoptionReport report;
  AdoptionFile file(path);
  if (file.state() == AdoptionFile::State::adopted) {
    report.was_adopted = true;
    return report;
  }
  report.was_resumed = file.state() == AdoptionFile::State::under_way;
  if (!report.was_resumed) {
    const Timestamp now = (options.clock ? *options.clock : system_clock()).now();
    file.begin(environment, now);
    check_adoption_rows(file, now);
    file.prepare();
  } else if (file.environment() != environment) {
    throw Error(ErrorCode::conflict, fmt::format("the adoption of this file to {} has begun; finish it with that",
                                                 to_string(file.environment())));
  }
  for (const AdoptionTable* table : file.tables()) {
    move_table(file, *table, options);
    report.tables.push_back({std::string(table->name), file.count_at_start(*table), 0});
  }
  const std::vector<std::int64_t> after = file.finish();
  for (std::size_t i = 0; i < after.size(); ++i) report.tables[i].after = after[i];
  return report;
}

}  // namespace struere
