#include "storage/postgres/new_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "storage/postgres/scoped_insert.hpp"
#include "storage/search_words.hpp"
#include "storage/sql/event_reader.hpp"

namespace struere::postgres {
namespace {

using enum Array::Of;

// Of one statement, and of those that the connection may hold in memory.
constexpr std::size_t most_rows_at_once = 500, most_bytes_at_once = 1 << 20, most_unanswered_bytes = 8 << 20;
constexpr std::size_t worth_sending = 64 << 10;

}  // namespace

struct NewRows::Layout {
  using Column = std::pair<std::string_view, Array::Of>;

  Layout(std::string_view table, std::vector<Column> all, std::string_view conflict = {})
      : columns(std::move(all)),
        one_row(fmt::format("INSERT INTO struere.{}(scope_id, {}) VALUES($1, {}){}", table, list(name_of),
                            list([](const Column&, int number) { return fmt::format("${}", number); }), conflict)),
        many_rows(table, list(name_of), "u.*",
                  fmt::format("unnest({}) u", list([](const Column& column, int number) {
                                return fmt::format("${}::{}[]", number, Array(column.second).type_name());
                              })),
                  conflict) {}

  std::vector<Column> columns;
  std::string one_row;  // $1 is the scope
  ScopedInsert many_rows;

 private:
  static std::string name_of(const Column& column, int) { return std::string(column.first); }

  // Of each column and the number of its parameter.
  template <class Write>
  std::string list(Write write) const {
    std::string out;
    int number = 1;
    for (const Column& column : columns) {
      if (!out.empty()) out += ", ";
      out += write(column, ++number);
    }
    return out;
  }
};

const NewRows::Layout NewRows::entity_layout("entities", {{"id", texts},
                                                          {"type_key", integers},
                                                          {"status", texts},
                                                          {"created_at", integers},
                                                          {"updated_at", integers},
                                                          {"version", integers},
                                                          {"data", texts},
                                                          {"deleted_at", integers}});
const NewRows::Layout NewRows::key_layout(
    "entity_keys",
    {{"type_key", integers}, {"key_no", integers}, {"key", Array::Of::bytes}, {"created_at", integers}, {"id", texts}},
    ScopedInsert::or_ignore);
const NewRows::Layout NewRows::word_layout("entity_words",
                                           {{"type_key", integers}, {"word", texts}, {"entity_id", texts}},
                                           ScopedInsert::or_ignore);
const NewRows::Layout NewRows::unique_value_layout(
    "unique_values", {{"type_key", integers}, {"key_no", integers}, {"value", texts}, {"entity_id", texts}});
const NewRows::Layout NewRows::event_layout("events", {{"sequence", integers},
                                                       {"id", texts},
                                                       {"type", texts},
                                                       {"entity_id", texts},
                                                       {"other_end_id", texts},
                                                       {"actor_type", texts},
                                                       {"actor_id", texts},
                                                       {"created_at", integers},
                                                       {"payload", texts},
                                                       {"hash", Array::Of::bytes},
                                                       {"salt", Array::Of::bytes},
                                                       {"impersonated_by_type", texts},
                                                       {"impersonated_by", texts},
                                                       {"trace_id", texts}});

NewRows::Table::Table(const Layout& described) : layout(described) {
  columns.reserve(layout.columns.size());
  for (const auto& [name, type] : layout.columns) columns.emplace_back(type);
}

NewRows::NewRows(Work& work, std::int64_t scope)
    : work_(work),
      scope_(scope),
      entities_(entity_layout),
      keys_(key_layout),
      words_(word_layout),
      unique_values_(unique_value_layout),
      events_(event_layout) {}

void NewRows::add(const StoredEntity& entity, const TypeKeys& keys) {
  for (const std::string* const text : {&entity.id, &entity.status, &entity.data}) require_storable(*text);
  begin_row();
  std::size_t column = 0;
  ++entities_.rows;
  entities_[column++].add_text(entity.id);
  entities_[column++].add(entity.type);
  entities_[column++].add_text(entity.status);
  entities_[column++].add(entity.created_at);
  entities_[column++].add(entity.updated_at);
  entities_[column++].add(entity.version);
  entities_[column++].add_text(entity.data);
  entities_[column++].add(entity.deleted ? std::optional(entity.updated_at) : std::nullopt);
  if (entity.deleted) return;
  for (const FieldKey& key : keys.fields) {
    ++keys_.rows;
    keys_[0].add(entity.type);
    keys_[1].add(key.number);
    keys_[2].add_bytes(key_of(key, entity.data));
    keys_[3].add(entity.created_at);
    keys_[4].add_text(entity.id);
  }
  if (keys.search.empty()) return;
  for (const std::string& word : indexed_words(keys.search, entity.data)) {
    ++words_.rows;
    words_[0].add(entity.type);
    words_[1].add_text(word);
    words_[2].add_text(entity.id);
  }
}

void NewRows::add(const EventRecord& event) {
  for (const std::string* const text :
       {&event.id.str(), &event.type, &event.actor_type, &event.actor_id, &event.payload})
    require_storable(*text);
  begin_row();
  std::size_t column = 0;
  ++events_.rows;
  events_[column++].add(event.sequence);
  events_[column++].add_text(event.id.str());
  events_[column++].add_text(event.type);
  events_[column++].add_text(event.entity);
  events_[column++].add_text(event.other_end);
  events_[column++].add_text(event.actor_type);
  events_[column++].add_text(event.actor_id);
  events_[column++].add(event.created_at);
  events_[column++].add_text(event.payload);
  events_[column++].add_bytes(bytes_of(event.hash));
  if (event.salt)
    events_[column++].add_bytes(bytes_of(*event.salt));
  else
    events_[column++].add_null();
  if (event.impersonated_by) {
    events_[column++].add_text(event.impersonated_by->type);
    events_[column++].add_text(event.impersonated_by->id);
  } else {
    events_[column++].add_null();
    events_[column++].add_null();
  }
  events_[column++].add_text(event.trace_id);
}

void NewRows::add_unique_value(EntityTypeKey type, std::int64_t key, std::string_view value, const std::string& id) {
  require_storable(value);
  begin_row();
  ++unique_values_.rows;
  unique_values_[0].add(type);
  unique_values_[1].add(key);
  unique_values_[2].add_text(value);
  unique_values_[3].add_text(id);
}

void NewRows::begin_row() {
  std::size_t rows = 0, bytes = 0;
  for (const Table* const table : tables()) {
    rows = std::max(rows, table->rows);
    for (const Array& column : table->columns) bytes += column.bytes();
  }
  if (rows >= most_rows_at_once || bytes >= most_bytes_at_once) work_.send_deferred();
  work_.defer(*this);
}

// Rows that others refer to come first.
void NewRows::send() {
  for (Table* const table : tables()) send(*table);
  if (unanswered_bytes_ < most_unanswered_bytes) return;
  unanswered_bytes_ = 0;
  work_.in(scope_).finish();
}

void NewRows::send(Table& table) {
  if (table.rows == 0) return;
  Connection& connection = work_.in(scope_);
  Parameters parameters = Parameters().add(scope_);
  std::size_t bytes = 0;
  for (Array& column : table.columns) {
    bytes += column.bytes();
    if (table.rows > 1)
      parameters.add_bytes(column.encoded());
    else if (const auto value = column.last())
      parameters.add_bytes(*value);
    else
      parameters.add_null();
  }
  unanswered_bytes_ += bytes;
  connection.queue(table.rows > 1 ? table.layout.many_rows.text(connection) : table.layout.one_row, parameters);
  if (bytes >= worth_sending) connection.begin_sending();  // so that the server begins as well
  for (Array& column : table.columns) column.clear();
  table.rows = 0;
}

}  // namespace struere::postgres
