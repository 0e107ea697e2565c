// Recognises the kind of the file, and checks that its tables are those of an existing database.
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "adoption/adoption_file.hpp"
#include "storage/sqlite/schema.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr std::int64_t busy_timeout = 5000;

// Tables that struere has too. Their original rows have no meaning without definitions in struere's form.
constexpr std::array<std::string_view, 2> unsupported{"triggers", "trigger_runs"};

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::storage, message); }

// Names in SQLite are case-insensitive.
std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::int64_t number_of(Connection& connection, const char* pragma) {
  Statement statement = connection.prepare(pragma);
  statement.step();
  return statement.integer(0);
}

bool is_taken_by_us(const std::string& name) {
  return is_in_schema(name) || name == "adoption" || name.starts_with("entity_search_") ||
         name.starts_with("entities_by_data.") ||
         (name.starts_with("legacy_") && find_adoption_table(std::string_view(name).substr(7)));
}

}  // namespace

AdoptionFile::AdoptionFile(const std::string& path) {
  if (!std::filesystem::is_regular_file(path))
    refuse("there is no such file to adopt; Database::open makes a new database");
  std::error_code none;
  const bool log_is_pending = std::filesystem::file_size(path + "-wal", none) > 0 && !none;
  connection_ = std::make_unique<Connection>(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  sqlite3_busy_timeout(connection_->handle(), busy_timeout);
  sqlite3_extended_result_codes(connection_->handle(), 1);
  // A file that is refused must not change, so closing it must not merge a log that another program left.
  if (log_is_pending) sqlite3_db_config(connection_->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // Foreign keys of the original tables would prevent moving rows or delete further rows. struere's foreign keys are
  // checked before the adoption ends.
  connection_->execute("PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = ON; PRAGMA cache_size = -65536");
  read_state();
}

AdoptionFile::~AdoptionFile() {
  if (in_transaction_ && sqlite3_get_autocommit(connection_->handle()) == 0)
    sqlite3_exec(connection_->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void AdoptionFile::read_state() {
  const std::int64_t mark = number_of(*connection_, "PRAGMA application_id");
  if (mark == application_id) {
    recognise(*connection_);
    state_ = State::adopted;
  } else if (mark == adoption_id) {
    state_ = State::under_way;
    resume();
  } else {
    state_ = State::original;
  }
}

void AdoptionFile::resume() {
  const std::int64_t version = number_of(*connection_, "PRAGMA user_version");
  if (version > schema_version) refuse("a newer library began the adoption of this file; finish it with that");
  const auto environment = parse_environment(noted("environment"));
  if (!environment) refuse("the notes of the adoption are damaged; restore a backup");
  environment_ = *environment;
  began_ = std::stoll(noted("began"));
  if (version < schema_version) {
    connection_->execute("BEGIN IMMEDIATE");
    in_transaction_ = true;
    take_schema_steps(*connection_, version, adoption_id);
    connection_->execute("COMMIT");
    in_transaction_ = false;
  }
  read_tables("legacy_");
}

std::string AdoptionFile::noted(std::string_view name) {
  Statement statement = connection_->prepare("SELECT value FROM adoption WHERE name = ?1");
  statement.bind(1, name);
  if (!statement.step()) refuse("the notes of the adoption are damaged; restore a backup");
  return statement.string(0);
}

void AdoptionFile::note(std::string_view name, const std::string& value) {
  Statement statement = connection_->prepare("INSERT INTO adoption(name, value) VALUES(?1, ?2)");
  statement.bind(1, name).bind(2, std::string_view(value)).run();
}

void AdoptionFile::begin(Environment environment, Timestamp now) {
  environment_ = environment;
  began_ = now;
  connection_->execute("BEGIN IMMEDIATE");
  in_transaction_ = true;
  // A writer before this transaction may have adopted the file.
  if (const auto mark = number_of(*connection_, "PRAGMA application_id"); mark == application_id || mark == adoption_id)
    throw Error(ErrorCode::conflict, "another process adopts this file just now; wait for it, or run this again");
  check_tables();
}

void AdoptionFile::read_tables(std::string_view prefix) {
  tables_.clear();
  columns_.clear();
  for (const AdoptionTable& table : adoption_tables()) {
    Statement statement = connection_->prepare("SELECT name FROM pragma_table_xinfo(?1)");
    const std::string name = std::string(prefix).append(table.name);
    statement.bind(1, std::string_view(name));
    auto& columns = columns_[table.name];
    while (statement.step()) columns.insert(lower_case(statement.string(0)));
    if (!columns.empty()) tables_.push_back(&table);
  }
}

void AdoptionFile::check_tables() {
  Statement encoding = connection_->prepare("PRAGMA encoding");
  if (encoding.step() && encoding.text(0) != "UTF-8")
    refuse("the file's encoding is not UTF-8; copy it into one that is");
  Statement objects = connection_->prepare(
      "SELECT s.type, s.name, s.tbl_name, coalesce(l.type, ''), coalesce(l.wr, 0) FROM sqlite_schema s "
      "LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name WHERE s.name NOT LIKE 'sqlite\\_%' "
      "ESCAPE "
      "'\\'");
  while (objects.step()) {
    const std::string type = objects.string(0), name = objects.string(1), known = lower_case(name);
    if (type == "trigger" || type == "view")
      refuse(fmt::format("there is a {} in the file, `{}`, and a database of struere has none; drop it", type, name));
    if (type == "index" && find_adoption_table(lower_case(objects.string(2)))) continue;  // it belongs to its table
    if (std::ranges::find(unsupported, known) != unsupported.end())
      refuse(
          fmt::format("the rows of `{}` cannot be adopted; rename or drop the table, and define triggers anew", name));
    if (find_adoption_table(known)) {
      if (objects.text(3) != "table" || objects.integer(4) != 0)
        refuse(fmt::format("`{}` is virtual or WITHOUT ROWID, and only an ordinary table can be adopted", name));
    } else if (is_taken_by_us(known)) {
      refuse(fmt::format("the {} `{}` has a name that struere needs; rename or drop it", type, name));
    } else if (type == "table") {
      check_foreign_keys(name);
    }
  }
  read_tables("");
  if (tables_.empty())
    refuse("this is not a database that can be adopted: it has none of the tables that docs/adopting.md names");
  for (const AdoptionTable* table : tables_) check_columns(*table);
}

void AdoptionFile::check_foreign_keys(const std::string& table) {
  Statement statement = connection_->prepare("SELECT \"table\" FROM pragma_foreign_key_list(?1)");
  statement.bind(1, std::string_view(table));
  while (statement.step())
    if (find_adoption_table(lower_case(statement.string(0))))
      refuse(
          fmt::format("the table `{}` stays as it is, but refers to `{}`, whose keys will change; drop its foreign key",
                      table, statement.text(0)));
}

void AdoptionFile::check_columns(const AdoptionTable& table) {
  std::set<std::string, std::less<>> known;
  if (table.owner != AdoptionOwner::file) known.insert("organization_id");
  for (const AdoptionColumn& column : table.columns) {
    if (column.fallback.empty() && !has_column(table, column.name))
      refuse(fmt::format("the table `{}` lacks the column `{}`", table.name, column.name));
    known.emplace(column.name);
  }
  if (table.owner != AdoptionOwner::file && !has_column(table, "organization_id"))
    refuse(fmt::format("the table `{}` lacks the column `organization_id`", table.name));
  if (table.owner == AdoptionOwner::scope) known.insert("environment");
  for (const std::string& column : columns_.at(table.name))
    if (!known.contains(column))
      refuse(fmt::format("the table `{}` has a column that struere has no place for, `{}`; move or drop it", table.name,
                         column));
}

}  // namespace struere
