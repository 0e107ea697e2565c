#include "adoption/adoption_values.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// A version grows with each update. JSON has it as a number that every reader keeps.
constexpr std::int64_t largest_positive = std::int64_t{1} << 53;

[[noreturn]] void refuse(const AdoptionColumn& column, std::string_view what) {
  throw Error(ErrorCode::invalid_data, fmt::format("`{}` {}", column.name, what));
}

std::string canonical(const AdoptionColumn& column, const std::string& text) {
  JsonFault fault;
  const auto json = parse_json(text, fault);
  if (!json) refuse(column, "is not acceptable JSON: " + fault.message);
  if (column.kind == AdoptionKind::object ? !json->is_object() : !json->is_array())
    refuse(column, column.kind == AdoptionKind::object ? "is not a JSON object" : "is not a JSON list");
  if (column.kind == AdoptionKind::texts && !std::ranges::all_of(*json, [](const Json& e) { return e.is_string(); }))
    refuse(column, "is not a list of texts");
  auto out = canonical_json(*json, fault);
  if (!out) refuse(column, "cannot be stored: " + fault.message);
  return *std::move(out);
}

std::string hash_bytes(const AdoptionColumn& column, const AdoptionValue& value) {
  if (const auto* const bytes = std::get_if<AdoptionBytes>(&value); bytes && bytes->bytes.size() == sizeof(Digest))
    return bytes->bytes;
  const auto* const text = std::get_if<std::string>(&value);
  const auto lower = [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::string digits = text ? *text : std::string();
  std::ranges::transform(digits, digits.begin(), lower);
  const auto digest = digest_from_hex(digits);
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

RecordValue read_adoption_value(const AdoptionColumn& column, const AdoptionValue& value) {
  using Kind = AdoptionKind;
  if (std::holds_alternative<std::monostate>(value)) {
    if (column.fallback != "NULL") refuse(column, "is missing");
    return {};
  }
  if (column.kind == Kind::number || column.kind == Kind::time || column.kind == Kind::positive) {
    const auto* const number = std::get_if<std::int64_t>(&value);
    if (!number) refuse(column, "is not a whole number");
    if (column.kind == Kind::positive && *number < 1) refuse(column, "is less than 1");
    if (column.kind == Kind::positive && *number > largest_positive) refuse(column, "is greater than 2^53");
    return *number;
  }
  if (column.kind == Kind::hash) return hash_bytes(column, value);
  const auto* const text = std::get_if<std::string>(&value);
  if (!text) refuse(column, "is no text");
  if (column.kind == Kind::object || column.kind == Kind::list || column.kind == Kind::texts)
    return canonical(column, *text);
  if (column.kind == Kind::name && text->empty()) refuse(column, "is empty");
  if (column.kind == Kind::name && text->size() > longest_name)
    refuse(column, fmt::format("has more than {} bytes", longest_name));
  if (column.kind == Kind::word && std::ranges::find(column.words, *text) == column.words.end())
    refuse(column, fmt::format("is none of {}", fmt::join(column.words, ", ")));
  if (!is_text(*text, text->size())) refuse(column, "is not valid UTF-8, or holds U+0000");
  return *text;
}

bool AdoptionValues::has(std::string_view column) const { return row_.at(table_, column).index() != 0; }

RecordValue AdoptionValues::value(std::string_view column) const {
  const auto found = std::ranges::find(table_.columns, column, &AdoptionColumn::name);
  return read_adoption_value(*found, row_.at(table_, column));
}

std::string AdoptionValues::text(std::string_view column) const { return std::get<std::string>(value(column)); }

std::int64_t AdoptionValues::number(std::string_view column) const { return std::get<std::int64_t>(value(column)); }

std::optional<std::string> AdoptionValues::optional_text(std::string_view column) const {
  return has(column) ? std::optional(text(column)) : std::nullopt;
}

std::optional<std::int64_t> AdoptionValues::optional_number(std::string_view column) const {
  return has(column) ? std::optional(number(column)) : std::nullopt;
}

std::vector<std::string> AdoptionValues::texts(std::string_view column) const {
  return parse_canonical_json(text(column)).get<std::vector<std::string>>();
}

EntityType adopted_entity_type(const AdoptionRow& row) {
  const AdoptionValues values(*find_adoption_table("entity_types"), row);
  return {0,
          values.text("slug"),
          values.text("name"),
          values.text("schema"),
          values.texts("search_fields"),
          values.optional_text("bound_to_role"),
          values.text("user_id_field"),
          values.number("created_at")};
}

RoleRecord adopted_role(const AdoptionRow& row,
                        const std::function<std::vector<AdoptionRow>(const AdoptionTable& table)>& parts) {
  const AdoptionValues values(*find_adoption_table("roles"), row);
  RoleRecord role{RoleId(values.text("id")), values.text("name"), {}, {}, {}, {}, values.number("created_at")};
  const AdoptionTable& policies = *find_adoption_table("policies");
  for (const AdoptionRow& part : parts(policies)) {
    const AdoptionValues policy(policies, part);
    role.policies.push_back({policy.text("resource"), policy.text("action"), policy.text("effect")});
  }
  const AdoptionTable& rules = *find_adoption_table("scope_rules");
  for (const AdoptionRow& part : parts(rules)) {
    const AdoptionValues rule(rules, part);
    role.scope_rules.push_back({rule.text("entity_type"), untyped(rule.text("rule"))});
  }
  const AdoptionTable& masks = *find_adoption_table("field_masks");
  for (const AdoptionRow& part : parts(masks)) {
    const AdoptionValues mask(masks, part);
    (mask.text("kind") == "mask" ? role.field_masks : role.visible_fields)
        .push_back({mask.text("entity_type"), untyped(mask.text("definition"))});
  }
  return role;
}

}  // namespace struere
