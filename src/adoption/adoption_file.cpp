#include "adoption/adoption_file.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "storage/sqlite/schema.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view separator = ", ") {
  std::string out;
  for (const std::string& part : parts) out.append(out.empty() ? "" : separator).append(part);
  return out;
}

// A column that compares by its bytes, whatever collation the table declares.
std::string bytes_of(std::string_view column) { return fmt::format("\"{}\" COLLATE BINARY", column); }

AdoptionValue read_value(const Statement& statement, int column) {
  switch (statement.type(column)) {
    case Statement::Type::null: return std::monostate{};
    case Statement::Type::integer: return statement.integer(column);
    case Statement::Type::text: return statement.string(column);
    default: return AdoptionBytes{std::string(statement.blob(column))};
  }
}

void bind(Statement& statement, int index, const AdoptionValue& value) {
  if (const auto* const text = std::get_if<std::string>(&value))
    statement.bind(index, std::string_view(*text));
  else if (const auto* const number = std::get_if<std::int64_t>(&value))
    statement.bind(index, *number);
  else
    statement.bind_null(index);
}

std::string organization_of(const AdoptionRow& row) {
  const auto* const text = std::get_if<std::string>(&row.organization);
  if (!text) throw Error(ErrorCode::storage, "a row was changed while it was being adopted: it has no organization");
  return *text;
}

std::string environment_of(const AdoptionRow& row) {
  const auto* const text = std::get_if<std::string>(&row.environment);
  if (!text) throw Error(ErrorCode::storage, "a row was changed while it was being adopted: it has no environment");
  return *text;
}

}  // namespace

// --- names and expressions

bool AdoptionFile::has_column(const AdoptionTable& table, std::string_view name) const {
  return columns_.at(table.name).contains(name);
}

std::string AdoptionFile::name_of(const AdoptionTable& table) const {
  return fmt::format("{}{}", state_ == State::original ? "" : "legacy_", table.name);
}

std::string AdoptionFile::value_of(const AdoptionTable& table, std::string_view column) const {
  const auto found = std::ranges::find(table.columns, column, &AdoptionColumn::name);
  if (found == table.columns.end()) return std::string(column);  // a literal
  if (found->fallback.empty()) return bytes_of(column);
  const std::string fallback =
      found->fallback == time_of_adoption ? std::to_string(began_) : value_of(table, found->fallback);
  return has_column(table, column) ? fmt::format("coalesce(\"{}\", {})", column, fallback) : fallback;
}

// The columns that name the owner of a row, up to the level of `owner`.
std::vector<std::string> AdoptionFile::owner_of(const AdoptionTable& table, AdoptionOwner owner) const {
  std::vector<std::string> out;
  if (owner == AdoptionOwner::file || table.owner == AdoptionOwner::file) return out;
  out.push_back(bytes_of("organization_id"));
  if (owner == AdoptionOwner::organization || table.owner == AdoptionOwner::organization) return out;
  out.push_back(has_column(table, "environment")
                    ? fmt::format("coalesce(\"environment\", '{}')", to_string(environment_))
                    : fmt::format("'{}'", to_string(environment_)));
  return out;
}

std::vector<std::string> AdoptionFile::order_of(const AdoptionTable& table) const {
  std::vector<std::string> out;
  for (const std::string_view column : table.order)
    if (has_column(table, column)) out.push_back(bytes_of(column));
  return out;
}

// The order of the rows of one owner. The owner is not part of it, because SQLite would then sort all rows for each
// batch.
std::string AdoptionFile::in_order(const AdoptionTable& table) const {
  std::vector<std::string> order = order_of(table);
  order.emplace_back("rowid");
  return "ORDER BY " + joined(order);
}

std::string AdoptionFile::select(const AdoptionTable& table, const std::string& rest) const {
  std::vector<std::string> owner = owner_of(table, table.owner);
  owner.resize(2, "NULL");
  std::string columns = "rowid, " + joined(owner);
  for (const AdoptionColumn& column : table.columns) columns.append(", ").append(value_of(table, column.name));
  return fmt::format("SELECT {} FROM {} {}", columns, name_of(table), rest);
}

// --- reading

std::vector<AdoptionRow> AdoptionFile::read_rows(const AdoptionTable& table, Statement& statement) const {
  std::vector<AdoptionRow> out;
  while (statement.step()) {
    AdoptionRow& row = out.emplace_back();
    row.number = statement.integer(0);
    row.organization = read_value(statement, 1);
    row.environment = read_value(statement, 2);
    row.values.reserve(table.columns.size());
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      row.values.push_back(read_value(statement, static_cast<int>(i) + 3));
  }
  return out;
}

std::int64_t AdoptionFile::count(const AdoptionTable& table) {
  Statement statement = connection_->prepare("SELECT count(*) FROM " + name_of(table));
  statement.step();
  return statement.integer(0);
}

void AdoptionFile::each_row(const AdoptionTable& table, const std::function<void(const AdoptionRow& row)>& visit) {
  constexpr std::int64_t rows_at_once = 200;
  Statement statement = connection_->prepare(select(table, "WHERE rowid > ?1 ORDER BY rowid LIMIT ?2"));
  statement.bind(1, std::numeric_limits<std::int64_t>::min()).bind(2, rows_at_once);
  for (auto rows = read_rows(table, statement); !rows.empty(); rows = read_rows(table, statement)) {
    for (const AdoptionRow& row : rows) visit(row);
    statement.reset();
    statement.bind(1, rows.back().number);
  }
}

std::vector<AdoptionRow> AdoptionFile::examples(const AdoptionTable& table, const std::string& rest,
                                                std::int64_t limit) {
  Statement statement = connection_->prepare(select(table, fmt::format("{} LIMIT {}", rest, limit)));
  return read_rows(table, statement);
}

std::vector<AdoptionRow> AdoptionFile::repeated(const AdoptionTable& table, std::span<const std::string_view> columns,
                                                std::int64_t limit) {
  std::vector<std::string> group = owner_of(table, table.owner), present;
  for (const std::string_view column : columns) {
    group.push_back(value_of(table, column));
    present.push_back(group.back() + " IS NOT NULL");
  }
  return examples(
      table, fmt::format("WHERE {} GROUP BY {} HAVING count(*) > 1", joined(present, " AND "), joined(group)), limit);
}

std::vector<AdoptionRow> AdoptionFile::dangling(const AdoptionTable& table, const AdoptionReference& reference,
                                                std::int64_t limit) {
  const AdoptionTable& target = *find_adoption_table(reference.table);
  const std::string value = value_of(table, reference.column);
  if (columns_.at(target.name).empty()) return examples(table, fmt::format("WHERE {} IS NOT NULL", value), limit);
  std::vector<std::string> from = owner_of(table, target.owner), to = owner_of(target, table.owner);
  from.push_back(value);
  to.push_back(value_of(target, reference.target));
  std::string present;  // with a NULL in the list, NOT IN is true of no row
  for (const std::string& column : to) present.append(present.empty() ? "" : " AND ").append(column + " IS NOT NULL");
  return examples(table,
                  fmt::format("WHERE {} IS NOT NULL AND ({}) NOT IN (SELECT {} FROM {} WHERE {})", value, joined(from),
                              joined(to), name_of(target), present),
                  limit);
}

std::vector<AdoptionRow> AdoptionFile::without_organization(const AdoptionTable& table, std::int64_t limit) {
  if (table.owner == AdoptionOwner::file) return {};
  const bool is_known = !columns_.at("organizations").empty();
  return examples(table,
                  fmt::format("WHERE {0} IS NULL OR {0} NOT IN ({1})", bytes_of("organization_id"),
                              is_known ? "SELECT id FROM organizations WHERE id IS NOT NULL" : ""),
                  limit);
}

std::vector<AdoptionRow> AdoptionFile::parts_of_role(const AdoptionTable& table, const AdoptionRow& role) {
  if (columns_.at(table.name).empty()) return {};
  const std::vector<std::string> owner = owner_of(table, table.owner);
  Statement statement =
      connection_->prepare(select(table, fmt::format("WHERE {} = ?1 AND {} = ?2 AND {} = ?3 {}", owner[0], owner[1],
                                                     bytes_of("role_id"), in_order(table))));
  bind(statement, 1, role.organization);
  bind(statement, 2, role.environment);
  bind(statement, 3, role.at(*find_adoption_table("roles"), "id"));
  return read_rows(table, statement);
}

// --- preparing

// In struere each configuration says whether an agent is active. In an existing database the agent itself says it.
void AdoptionFile::move_agent_statuses() {
  const AdoptionTable& agents = *find_adoption_table("agents");
  const AdoptionTable& configs = *find_adoption_table("agent_configs");
  if (columns_.at(configs.name).empty() || !has_column(agents, "status") || has_column(configs, "status")) return;
  connection_->execute(
      "ALTER TABLE legacy_agent_configs ADD COLUMN status TEXT; "
      "UPDATE legacy_agent_configs SET status = (SELECT a.status FROM legacy_agents a WHERE "
      "a.organization_id = legacy_agent_configs.organization_id AND a.id = legacy_agent_configs.agent_id)");
}

void AdoptionFile::prepare() {
  std::vector<std::string> indexes;
  Statement listed = connection_->prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL AND "
      "lower(tbl_name) = ?1");
  for (const AdoptionTable* table : tables_) {
    listed.bind(1, table->name);
    while (listed.step()) indexes.push_back(listed.string(0));
    listed.reset();
  }
  connection_->execute("CREATE TABLE adoption(name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID");
  note("environment", std::string(to_string(environment_)));
  note("began", std::to_string(began_));
  // The names of the original indexes can equal those of struere's, and no query needs the indexes any more.
  for (const std::string& index : indexes) {
    Statement quoted = connection_->prepare("SELECT format('DROP INDEX \"%w\"', ?1)");
    quoted.bind(1, std::string_view(index)).step();
    connection_->execute(quoted.string(0));
  }
  for (const AdoptionTable* table : tables_) {
    note(fmt::format("rows.{}", table->name), std::to_string(count(*table)));
    connection_->execute(fmt::format("ALTER TABLE {0} RENAME TO legacy_{0}", table->name));
    if (table->owner == AdoptionOwner::scope && !has_column(*table, "environment"))
      connection_->execute(fmt::format("ALTER TABLE legacy_{} ADD COLUMN environment TEXT", table->name));
  }
  move_agent_statuses();
  take_schema_steps(*connection_, 0, adoption_id);
  read_tables("legacy_");
  // Batches hold rows of one owner, in the order of the table.
  for (const AdoptionTable* table : tables_) {
    if (table->owner == AdoptionOwner::file) continue;
    std::vector<std::string> columns = owner_of(*table, table->owner);
    std::ranges::move(order_of(*table), std::back_inserter(columns));
    connection_->execute(
        fmt::format("CREATE INDEX legacy_{0}_by_owner ON legacy_{0}({1})", table->name, joined(columns)));
  }
  connection_->execute("COMMIT");
  in_transaction_ = false;
  state_ = State::under_way;
}

// --- moving

// Uses WAL, as struere's own files do. A loss of power may undo the last batches, but each as a whole.
void AdoptionFile::write_ahead() {
  if (is_write_ahead_) return;
  Statement mode = connection_->prepare("PRAGMA journal_mode = WAL");
  if (!mode.step() || mode.text(0) != "wal")
    throw Error(ErrorCode::storage,
                "the file's journal cannot be changed; close it in all other programs, and try again");
  mode.reset();
  connection_->execute("PRAGMA synchronous = NORMAL");
  sqlite3_db_config(connection_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  is_write_ahead_ = true;
}

void AdoptionFile::require_under_way() {
  Statement statement = connection_->prepare("PRAGMA application_id");
  statement.step();
  if (statement.integer(0) != adoption_id)
    throw Error(ErrorCode::conflict, "another process has finished the adoption of this file");
}

std::int64_t AdoptionFile::count_at_start(const AdoptionTable& table) {
  return std::stoll(noted(fmt::format("rows.{}", table.name)));
}

void AdoptionFile::remove(const AdoptionTable& table, const AdoptionRow& row) {
  connection_->prepare(fmt::format("DELETE FROM {} WHERE rowid = ?1", name_of(table))).bind(1, row.number).run();
}

std::int64_t AdoptionFile::move(const AdoptionTable& table, std::int64_t limit, const Adopt& adopt) {
  write_ahead();
  if (table.owner == AdoptionOwner::file) return move_shared(table, limit);
  const std::vector<std::string> owner = owner_of(table, table.owner);
  const std::vector<AdoptionRow> first = examples(table, "ORDER BY " + joined(owner), 1);
  if (first.empty()) return 0;
  const OrganizationId organization(organization_of(first[0]));
  const auto environment =
      table.owner == AdoptionOwner::scope ? parse_environment(environment_of(first[0])) : std::optional(environment_);
  if (!environment) throw Error(ErrorCode::storage, "a row was changed while it was being adopted: its environment");
  {
    Statement scope = connection_->prepare("SELECT id FROM scopes WHERE organization_id = ?1 AND environment = ?2");
    scope.bind(1, std::string_view(organization.str())).bind(2, to_string(*environment));
    if (!scope.step())
      throw Error(ErrorCode::storage, "a row was changed while it was being adopted: its organization");
    scope_ = scope.integer(0);
  }
  GroupCommit writers([this] { return ConnectionLease(connection_.get(), [](Connection*) {}); });
  SqliteTransaction transaction(writers.begin(std::chrono::seconds(1), WriteLength::any), scope_, organization.str());
  require_under_way();
  std::vector<AdoptionRow> rows;
  {
    std::string condition = owner[0] + " = ?1";
    if (owner.size() > 1) condition += fmt::format(" AND {} = ?3", owner[1]);
    Statement statement =
        connection_->prepare(select(table, fmt::format("WHERE {} {} LIMIT ?2", condition, in_order(table))));
    statement.bind(1, std::string_view(organization.str())).bind(2, limit);
    if (owner.size() > 1) statement.bind(3, to_string(*environment));
    rows = read_rows(table, statement);
  }
  if (rows.empty()) throw Error(ErrorCode::conflict, "another process adopts this file just now; run this again");
  for (const AdoptionRow& row : rows) {
    adopt(transaction, organization, *environment, row);
    remove(table, row);
  }
  transaction.commit();
  return static_cast<std::int64_t>(rows.size());
}

// Moves organizations, with their scopes, and users. Their columns are the same in struere.
std::int64_t AdoptionFile::move_shared(const AdoptionTable& table, std::int64_t limit) {
  connection_->execute("BEGIN IMMEDIATE");
  in_transaction_ = true;
  require_under_way();
  const std::vector<AdoptionRow> rows = examples(table, "ORDER BY rowid", limit);
  Statement insert =
      connection_->prepare(fmt::format("INSERT INTO {}(id, name, created_at) VALUES(?1, ?2, ?3)", table.name));
  Statement scopes = connection_->prepare(
      "INSERT INTO scopes(organization_id, environment) VALUES(?1, 'development'), (?1, 'production')");
  for (const AdoptionRow& row : rows) {
    for (std::size_t i = 0; i < row.values.size(); ++i) bind(insert, static_cast<int>(i) + 1, row.values[i]);
    insert.run();
    insert.reset();
    if (table.name == "organizations") {
      bind(scopes, 1, row.at(table, "id"));
      scopes.run();
      scopes.reset();
    }
    remove(table, row);
  }
  connection_->execute("COMMIT");
  in_transaction_ = false;
  return static_cast<std::int64_t>(rows.size());
}

std::vector<AdoptionRow> AdoptionFile::take_parts(const AdoptionTable& table, const AdoptionRow& role) {
  std::vector<AdoptionRow> out = parts_of_role(table, role);
  for (const AdoptionRow& row : out) remove(table, row);
  return out;
}

void AdoptionFile::set_deleted_at(const std::string& entity, Timestamp at) {
  Statement update = connection_->prepare("UPDATE entities SET deleted_at = ?3 WHERE scope_id = ?1 AND id = ?2");
  update.bind(1, scope_).bind(2, std::string_view(entity)).bind(3, at).run();
}

// --- finishing

std::vector<std::int64_t> AdoptionFile::require_all_rows() {
  std::vector<std::int64_t> out;
  for (const AdoptionTable* table : tables_) {
    Statement ours = connection_->prepare(fmt::format("SELECT count(*) FROM {}", table->name));
    ours.step();
    if (count(*table) != 0 || ours.integer(0) != count_at_start(*table))
      throw Error(ErrorCode::storage,
                  fmt::format("`{}` had {} rows, and now has {} with {} still to be adopted; restore a backup",
                              table->name, count_at_start(*table), ours.integer(0), count(*table)));
    Statement broken = connection_->prepare("SELECT 1 FROM pragma_foreign_key_check(?1)");
    broken.bind(1, table->name);
    if (broken.step())
      throw Error(ErrorCode::storage,
                  fmt::format("a row of `{}` names another that is not there; restore a backup", table->name));
    out.push_back(ours.integer(0));
  }
  return out;
}

std::vector<std::int64_t> AdoptionFile::finish() {
  write_ahead();
  connection_->execute("PRAGMA synchronous = FULL; BEGIN IMMEDIATE");
  in_transaction_ = true;
  require_under_way();
  std::vector<std::int64_t> counts = require_all_rows();
  for (const AdoptionTable* table : tables_) connection_->execute(fmt::format("DROP TABLE legacy_{}", table->name));
  connection_->execute(fmt::format("DROP TABLE adoption; PRAGMA application_id = {}", application_id));
  connection_->execute("COMMIT");
  in_transaction_ = false;
  state_ = State::adopted;
  return counts;
}

}  // namespace struere
