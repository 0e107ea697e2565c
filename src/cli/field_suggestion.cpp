#include "cli/field_suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

namespace struere::cli {
namespace {

constexpr int deepest_reference = 32;

// What a schema says about the keys of an object, however the object is reached.
struct Keys {
  std::vector<std::pair<std::string, const Json*>> known;
  bool closed = false;  // no other key is allowed

  const Json* find(std::string_view key) const {
    for (const auto& [name, schema] : known)
      if (name == key) return schema;
    return nullptr;
  }
};

const Json* referenced_by(const Json& root, const Json& reference) {
  if (!reference.is_string() || !reference.get_ref<const std::string&>().starts_with("#")) return nullptr;
  try {
    const Json::json_pointer place(reference.get<std::string>().substr(1));
    return root.contains(place) ? &root.at(place) : nullptr;
  } catch (const Json::exception&) {
    return nullptr;
  }
}

void collect(const Json& root, const Json& schema, int depth, Keys& keys) {
  if (!schema.is_object() || depth == deepest_reference) return;
  if (const auto found = schema.find("properties"); found != schema.end() && found->is_object())
    for (const auto& [name, inner] : found->items()) keys.known.emplace_back(name, &inner);
  if (schema.contains("additionalProperties") && schema.at("additionalProperties") == false &&
      !schema.contains("patternProperties"))
    keys.closed = true;
  if (const auto found = schema.find("$ref"); found != schema.end())
    if (const Json* target = referenced_by(root, *found)) collect(root, *target, depth + 1, keys);
  for (const char* const word : {"allOf", "anyOf", "oneOf"})
    if (const auto found = schema.find(word); found != schema.end() && found->is_array())
      for (const Json& part : *found) collect(root, part, depth + 1, keys);
}

// The number of letters to insert, remove, replace or swap with the next one.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i)
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  return cost[a.size()][b.size()];
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// The known key that is spelled most like `key`.
std::optional<std::string> near(const Keys& keys, std::string_view key) {
  const std::size_t allowed = key.size() < 4 ? 1 : 2;
  std::optional<std::pair<std::size_t, std::string>> best;
  for (const auto& [name, schema] : keys.known) {
    const std::size_t found = edits_between(lower(key), lower(name));
    if (found <= allowed && found < std::max(key.size(), name.size()) && (!best || std::pair(found, name) < *best))
      best.emplace(found, name);
  }
  return best ? std::optional(best->second) : std::nullopt;
}

void add_fields(const Json& node, std::vector<std::string>& out) {
  if (!node.is_object()) return;
  if (node.contains("field") && node.at("field").is_string()) out.push_back(node.at("field").get<std::string>());
  for (const char* const group : {"any", "all"})
    if (node.contains(group) && node.at(group).is_array())
      for (const Json& part : node.at(group)) add_fields(part, out);
}

}  // namespace

std::optional<std::string> field_warning(const Json& schema, const std::string& path) {
  constexpr std::string_view data = "data.";
  if (!path.starts_with(data)) return std::nullopt;
  std::string before = "data";
  const Json* at = &schema;
  for (std::string_view rest = std::string_view(path).substr(data.size());;) {
    const auto dot = rest.find('.');
    const std::string_view key = rest.substr(0, dot);
    Keys keys;
    collect(schema, *at, 0, keys);
    at = keys.find(key);
    if (!at) {
      const auto meant = near(keys, key);
      const std::string tail = dot == std::string_view::npos ? "" : std::string(rest.substr(dot));
      if (meant) return fmt::format("no field `{}`; did you mean `{}.{}{}`?", path, before, *meant, tail);
      const std::set<std::string_view> attributes{"id", "status", "createdAt", "updatedAt"};
      if (before == "data" && tail.empty() && attributes.contains(key))
        return fmt::format("no field `{}`; did you mean `{}`?", path, key);
      if (keys.closed) return fmt::format("no field `{}`: the schema allows none of this name", path);
      return std::nullopt;
    }
    before.append(".").append(key);
    if (dot == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(dot + 1);
  }
}

std::vector<std::string> field_warnings(const Json& schema, const Query& query) {
  std::vector<std::string> fields;
  if (query.where.nodes().is_array())
    for (const Json& node : query.where.nodes()) add_fields(node, fields);
  for (const OrderBy& by : query.order) fields.push_back(by.field);
  const std::set<std::string> distinct(fields.begin(), fields.end());
  std::vector<std::string> out;
  for (const std::string& field : distinct)
    if (auto warning = field_warning(schema, field)) out.push_back(*std::move(warning));
  return out;
}

}  // namespace struere::cli
