#include "storage/postgres/type_keys.hpp"

#include "storage/sql/stored_texts.hpp"

namespace struere::postgres {

FieldKey parse_field_key(std::int64_t number, std::string_view fields, bool is_whole) {
  constexpr std::size_t data_and_point = 5;
  FieldKey key{number, {}, {}, is_whole};
  for (const std::string& field : read_texts(fields))
    if (auto path = FieldPath::parse(field); path && path->is_data()) {
      key.inner.push_back(field.substr(data_and_point));
      key.fields.push_back(*std::move(path));
    }
  return key;
}

TypeKeys read_type_keys(Work& work, std::int64_t scope, EntityTypeKey type) {
  Connection& connection = work.in(scope);
  const Parameters place = Parameters().add(scope).add(type);
  const auto fields = connection.queue(
      "SELECT key_no, fields, state = 'whole' FROM struere.field_keys WHERE scope_id = $1 AND type_key = $2 AND state "
      "<> 'dropping' ORDER BY key_no",
      place);
  const auto unique = connection.queue(
      "SELECT key_no, paths FROM struere.unique_keys WHERE scope_id = $1 AND type_key = $2 ORDER BY position", place);
  const auto search =
      connection.queue("SELECT search_fields FROM struere.entity_types WHERE scope_id = $1 AND type_key = $2", place);
  connection.finish();
  TypeKeys out;
  const Result field_rows = connection.take(fields), unique_rows = connection.take(unique);
  const Result search_rows = connection.take(search);
  for (int row = 0; row < field_rows.rows(); ++row) {
    FieldKey key =
        parse_field_key(field_rows.integer(row, 0), field_rows.bytes(row, 1), field_rows.integer(row, 2) != 0);
    if (!key.fields.empty()) out.fields.push_back(std::move(key));
  }
  for (int row = 0; row < unique_rows.rows(); ++row)
    out.unique.push_back({unique_rows.integer(row, 0), read_texts(unique_rows.bytes(row, 1))});
  if (search_rows.rows() > 0)
    for (const std::string& field : read_texts(search_rows.bytes(0, 0)))
      if (auto path = FieldPath::parse("data." + field)) out.search.push_back(*std::move(path));
  return out;
}

std::optional<TypeKeyCache::Known> TypeKeyCache::find(std::int64_t scope, EntityTypeKey type) {
  const MutexLock lock(mutex_);
  const Known* const known = known_.find(Place(scope, type));
  return known ? std::optional(*known) : std::nullopt;
}

void TypeKeyCache::put(std::int64_t scope, EntityTypeKey type, std::uint64_t generation,
                       std::shared_ptr<const TypeKeys> keys) {
  const MutexLock lock(mutex_);
  known_.put(Place(scope, type), {generation, std::move(keys)});
}

}  // namespace struere::postgres
