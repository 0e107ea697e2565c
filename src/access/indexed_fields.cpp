#include "access/indexed_fields.hpp"

#include <algorithm>

#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"

namespace struere {
namespace {

void add(FieldNames& out, const Json& name) {
  const auto field = name.is_string() ? FieldPath::parse(name.get_ref<const std::string&>()) : std::nullopt;
  if (field && field->is_data()) out.insert(field->str());
}

void add_rule(FieldNames& out, const Json& rule, bool by_list) {
  if (!rule.is_object()) return;
  if (const auto all = rule.find("all"); all != rule.end() && all->is_array())
    for (const Json& part : *all) add_rule(out, part, by_list);
  const auto compared_by = rule.find("operator"), field = rule.find("field");
  if (field != rule.end() && compared_by != rule.end() && (*compared_by == "eq" || (by_list && *compared_by == "in")))
    add(out, *field);
}

FieldNames fields_of_rule(const std::string& rule, bool by_list) {
  FieldNames out;
  try {
    add_rule(out, parse_canonical_json(rule), by_list);
  } catch (const std::exception&) {  // a rule that cannot be read grants nothing, and doctor reports it
  }
  return out;
}

void add_properties(FieldNames& out, const Json& schema, const std::string& place) {
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return;
  for (const auto& [name, property] : properties->items()) {
    if (!property.is_object()) continue;
    const std::string inner = place + "." + name;
    if (const auto asked = property.find("x-index"); asked != property.end() && *asked == true) add(out, inner);
    add_properties(out, property, inner);
  }
}

}  // namespace

FieldNames indexed_fields(const std::string& rule) { return fields_of_rule(rule, true); }

FieldNames indexed_fields(const RoleRecord& role) {
  FieldNames out;
  for (const TypedRecord& rule : role.scope_rules) out.merge(indexed_fields(rule.json));
  return out;
}

FieldNames indexed_fields(const EntityType& type) {
  FieldNames out;
  if (type.bound_to_role) add(out, "data." + type.user_id_field);
  try {
    const Json schema = parse_canonical_json(type.schema);
    if (schema.is_object()) add_properties(out, schema, "data");
  } catch (const std::exception&) {
  }
  return out;
}

std::vector<KeyFields> key_fields(const EntityType& type, const std::vector<std::string>& rules) {
  const FieldNames own = indexed_fields(type);
  FieldNames of_rules, equal;
  for (const std::string& rule : rules) {
    of_rules.merge(fields_of_rule(rule, true));
    equal.merge(fields_of_rule(rule, false));
  }
  std::vector<KeyFields> out;
  std::set<KeyFields> known;
  const auto add_key = [&](KeyFields fields) {
    if (known.insert(fields).second) out.push_back(std::move(fields));
  };
  for (const std::string& field : own) add_key({field});
  for (const UniqueKey& key : type.unique) {
    KeyFields fields;
    for (const std::string& path : key) fields.push_back("data." + path);
    add_key(std::move(fields));
  }
  for (const std::string& field : of_rules) add_key({field});
  for (const std::string& first : equal)
    for (const std::string& second : own)
      if (first != second) add_key({first, second});
  return out;
}

}  // namespace struere
