#include "adoption/legacy_values.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

[[noreturn]] void refuse(const LegacyColumn& column, std::string_view what) {
  throw Error(ErrorCode::invalid_data, fmt::format("`{}` {}", column.name, what));
}

std::string canonical(const LegacyColumn& column, const std::string& text) {
  JsonFault fault;
  const auto json = parse_json(text, fault);
  if (!json) refuse(column, "is not acceptable JSON: " + fault.message);
  if (column.kind == LegacyKind::object ? !json->is_object() : !json->is_array())
    refuse(column, column.kind == LegacyKind::object ? "is not a JSON object" : "is not a JSON list");
  if (column.kind == LegacyKind::texts && !std::ranges::all_of(*json, [](const Json& e) { return e.is_string(); }))
    refuse(column, "is not a list of texts");
  auto out = canonical_json(*json, fault);
  if (!out) refuse(column, "cannot be stored: " + fault.message);
  return *std::move(out);
}

std::string hash_bytes(const LegacyColumn& column, const LegacyValue& value) {
  if (const auto* const bytes = std::get_if<LegacyBytes>(&value); bytes && bytes->bytes.size() == sizeof(Digest))
    return bytes->bytes;
  const auto* const text = std::get_if<std::string>(&value);
  const auto digest = text ? digest_from_hex(*text) : std::nullopt;
  if (!digest) refuse(column, "is neither 32 bytes nor 64 hexadecimal digits");
  return {reinterpret_cast<const char*>(digest->data()), digest->size()};
}

// The definition of a rule or a mask, which must not name its entity type.
std::string untyped(std::string definition) {
  if (parse_canonical_json(definition).contains("entityType"))
    throw Error(ErrorCode::invalid_data, "a rule or mask names its entity type itself; leave that to the column");
  return definition;
}

}  // namespace

RecordValue read_legacy_value(const LegacyColumn& column, const LegacyValue& value) {
  using Kind = LegacyKind;
  if (std::holds_alternative<std::monostate>(value)) {
    if (column.fallback != "NULL") refuse(column, "is missing");
    return {};
  }
  if (column.kind == Kind::number || column.kind == Kind::positive) {
    const auto* const number = std::get_if<std::int64_t>(&value);
    if (!number) refuse(column, "is not a whole number");
    if (column.kind == Kind::positive && *number < 1) refuse(column, "is less than 1");
    return *number;
  }
  if (column.kind == Kind::hash) return hash_bytes(column, value);
  const auto* const text = std::get_if<std::string>(&value);
  if (!text) refuse(column, "is no text");
  if (column.kind == Kind::object || column.kind == Kind::list || column.kind == Kind::texts)
    return canonical(column, *text);
  if (column.kind == Kind::name && text->empty()) refuse(column, "is empty");
  if (column.kind == Kind::word && std::ranges::find(column.words, *text) == column.words.end())
    refuse(column, fmt::format("is none of {}", fmt::join(column.words, ", ")));
  if (!is_text(*text, text->size())) refuse(column, "is not valid UTF-8, or holds U+0000");
  return *text;
}

bool LegacyValues::has(std::string_view column) const { return row_.at(table_, column).index() != 0; }

RecordValue LegacyValues::value(std::string_view column) const {
  const auto found = std::ranges::find(table_.columns, column, &LegacyColumn::name);
  return read_legacy_value(*found, row_.at(table_, column));
}

std::string LegacyValues::text(std::string_view column) const { return std::get<std::string>(value(column)); }

std::int64_t LegacyValues::number(std::string_view column) const { return std::get<std::int64_t>(value(column)); }

std::optional<std::string> LegacyValues::optional_text(std::string_view column) const {
  return has(column) ? std::optional(text(column)) : std::nullopt;
}

std::optional<std::int64_t> LegacyValues::optional_number(std::string_view column) const {
  return has(column) ? std::optional(number(column)) : std::nullopt;
}

std::vector<std::string> LegacyValues::texts(std::string_view column) const {
  return parse_canonical_json(text(column)).get<std::vector<std::string>>();
}

EntityType legacy_entity_type(const LegacyRow& row) {
  const LegacyValues values(*find_legacy_table("entity_types"), row);
  return {0,
          values.text("slug"),
          values.text("name"),
          values.text("schema"),
          values.texts("search_fields"),
          values.optional_text("bound_to_role"),
          values.text("user_id_field"),
          values.number("created_at")};
}

RoleRecord legacy_role(const LegacyRow& row,
                       const std::function<std::vector<LegacyRow>(const LegacyTable& table)>& parts) {
  const LegacyValues values(*find_legacy_table("roles"), row);
  RoleRecord role{RoleId(values.text("id")), values.text("name"), {}, {}, {}, {}, values.number("created_at")};
  const LegacyTable& policies = *find_legacy_table("policies");
  for (const LegacyRow& part : parts(policies)) {
    const LegacyValues policy(policies, part);
    role.policies.push_back({policy.text("resource"), policy.text("action"), policy.text("effect")});
  }
  const LegacyTable& rules = *find_legacy_table("scope_rules");
  for (const LegacyRow& part : parts(rules)) {
    const LegacyValues rule(rules, part);
    role.scope_rules.push_back({rule.text("entity_type"), untyped(rule.text("rule"))});
  }
  const LegacyTable& masks = *find_legacy_table("field_masks");
  for (const LegacyRow& part : parts(masks)) {
    const LegacyValues mask(masks, part);
    (mask.text("kind") == "mask" ? role.field_masks : role.visible_fields)
        .push_back({mask.text("entity_type"), untyped(mask.text("definition"))});
  }
  return role;
}

}  // namespace struere
