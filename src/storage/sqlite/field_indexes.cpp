#include "storage/sqlite/field_indexes.hpp"

#include <fmt/format.h>

#include "storage/sqlite/selection_compiler.hpp"

namespace struere {

void FieldIndexes::replace(const FieldNames& before, const FieldNames& after) {
  for (const std::string& field : before)
    if (!after.contains(field) && !is_needed(field))
      connection_.execute(fmt::format("DROP INDEX IF EXISTS \"{}\"", field_index_name(*FieldPath::parse(field))));
  for (const std::string& field : after) make(field);
}

void FieldIndexes::make(const std::string& field) {
  // Each index costs every write of every organization a little; past so many, a rule has to do with the index of its
  // type.
  constexpr std::int64_t most_field_indexes = 16;
  const FieldPath path = *FieldPath::parse(field);
  Statement known = connection_.prepare(
      "SELECT count(*), coalesce(max(name = ?1), 0) FROM sqlite_schema WHERE type = 'index' AND name GLOB "
      "'entities_by_data.*'");
  const std::string name = field_index_name(path);
  known.bind(1, std::string_view(name)).step();
  const bool is_missing = known.integer(1) == 0 && known.integer(0) < most_field_indexes;
  known.reset();
  if (is_missing) connection_.execute(field_index_sql(path));
}

// By any role or type of the file: looked through one by one, as definitions seldom lose a field.
bool FieldIndexes::is_needed(const std::string& field) {
  Statement rules = connection_.prepare("SELECT DISTINCT rule FROM scope_rules");
  while (rules.step())
    if (indexed_fields(rules.string(0)).contains(field)) return true;
  Statement types =
      connection_.prepare("SELECT DISTINCT schema, bound_to_role IS NOT NULL, user_id_field FROM entity_types");
  while (types.step()) {
    EntityType type;
    type.schema = types.string(0);
    if (types.integer(1) != 0) type.bound_to_role = "";
    type.user_id_field = types.string(2);
    if (indexed_fields(type).contains(field)) return true;
  }
  return false;
}

}  // namespace struere
