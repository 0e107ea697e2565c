#include "access/indexed_fields.hpp"

#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"

namespace struere {
namespace {

void add(FieldNames& out, const Json& name) {
  const auto field = name.is_string() ? FieldPath::parse(name.get_ref<const std::string&>()) : std::nullopt;
  if (field && field->is_data()) out.insert(field->str());
}

void add_rule(FieldNames& out, const Json& rule) {
  if (!rule.is_object()) return;
  if (const auto all = rule.find("all"); all != rule.end() && all->is_array())
    for (const Json& part : *all) add_rule(out, part);
  const auto compared_by = rule.find("operator"), field = rule.find("field");
  if (field != rule.end() && compared_by != rule.end() && (*compared_by == "eq" || *compared_by == "in"))
    add(out, *field);
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

FieldNames indexed_fields(const std::string& rule) {
  FieldNames out;
  try {
    add_rule(out, parse_canonical_json(rule));
  } catch (const std::exception&) {  // it grants nothing, and whoever looks for what is wrong is told elsewhere
  }
  return out;
}

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

}  // namespace struere
