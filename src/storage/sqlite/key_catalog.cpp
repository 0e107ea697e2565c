#include "storage/sqlite/key_catalog.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include "storage/sql/stored_texts.hpp"

namespace struere {
namespace {

constexpr std::size_t most_types_known = 1024;

}  // namespace

std::string canonical_fields(const std::vector<std::string>& fields) { return canonical_json(Json(fields)); }

std::shared_ptr<const FieldKeys> KeyCatalog::keys_of(Connection& connection, std::int64_t scope, EntityTypeKey type,
                                                     std::uint64_t state) {
  const std::pair place(scope, type);
  if (entries_.size() >= most_types_known && !entries_.contains(place)) entries_.erase(entries_.begin());
  Entry& entry = entries_[place];
  if (entry.keys && entry.state == state) return entry.keys;
  std::string text;
  FieldKeys keys;
  Statement statement = connection.prepare(
      "SELECT key_no, fields, state = 'whole' FROM field_keys WHERE scope_id = ?1 AND type_key = ?2 AND state <> "
      "'dropping'");
  statement.bind(1, scope).bind(2, type);
  while (statement.step())
    text += fmt::format("{} {} {};", statement.integer(0), statement.text(1), statement.integer(2));
  if (!entry.keys || entry.text != text) {
    statement.reset();
    while (statement.step()) {
      FieldKey key{statement.integer(0), {}, {}, statement.integer(2) != 0};
      for (const std::string& field : read_texts(statement.text(1)))
        if (auto path = FieldPath::parse(field); path && path->is_data()) {
          key.inner.push_back(field.substr(5));
          key.fields.push_back(*std::move(path));
        }
      if (!key.fields.empty()) keys.push_back(std::move(key));
    }
    entry.keys = std::make_shared<const FieldKeys>(std::move(keys));
    entry.text = std::move(text);
  }
  entry.state = state;
  return entry.keys;
}

std::uint64_t KeyCatalog::state_of_reader(Connection& connection) {
  {
    Statement snapshot = connection.prepare("PRAGMA data_version");  // the transaction gets its snapshot here
    snapshot.step();
  }
  unsigned version = 0;
  sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_DATA_VERSION, &version);
  return version;
}

}  // namespace struere
