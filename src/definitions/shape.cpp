#include "definitions/shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "definitions/definition_schemas.hpp"

namespace struere {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> out;
  for (const auto& [key, value] : object.items()) out.push_back(key);
  return out;
}

bool is_of_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  return type == "integer" && value.is_number_integer();
}

class ShapeCheck {
 public:
  void check(const Json& schema, const Json& value, const Json::json_pointer& place) {
    if (const auto type = schema.find("type"); type != schema.end() && !is_of_type(value, type->get<std::string>()))
      return fault(place, fmt::format("this must be of type {}", type->get<std::string>()));
    if (const auto words = schema.find("enum"); words != schema.end()) check_word(*words, value, place);
    if (value.is_object()) check_object(schema, value, place);
    if (const auto items = schema.find("items"); items != schema.end() && value.is_array())
      for (std::size_t i = 0; i < value.size(); ++i) check(*items, value[i], place / i);
  }

  std::vector<ShapeFault> faults;

 private:
  void fault(const Json::json_pointer& place, std::string message) { faults.push_back({place, std::move(message)}); }

  void check_word(const Json& words, const Json& value, const Json::json_pointer& place) {
    if (std::ranges::find(words, value) != words.end()) return;
    const auto known = words.get<std::vector<std::string>>();
    fault(place, fmt::format("{} is none of {}.{}", value.dump(-1, ' ', false, Json::error_handler_t::replace),
                             fmt::join(known, ", "),
                             value.is_string() ? suggestion(value.get_ref<const std::string&>(), known) : ""));
  }

  void check_object(const Json& schema, const Json& value, const Json::json_pointer& place) {
    static const Json none = Json::object();
    const Json& properties = schema.contains("properties") ? schema.at("properties") : none;
    const auto others = schema.find("additionalProperties");
    for (const auto& [key, part] : value.items())
      if (const auto known = properties.find(key); known != properties.end())
        check(*known, part, place / key);
      else if (others != schema.end() && others->is_object())
        check(*others, part, place / key);
      else if (others != schema.end())
        fault(place / key, fmt::format("unknown key `{}`.{}", key, suggestion(key, keys_of(properties))));
    if (const auto required = schema.find("required"); required != schema.end())
      for (const Json& key : *required)
        if (!value.contains(key.get<std::string>()))
          fault(place, fmt::format("the key `{}` is missing", key.get<std::string>()));
  }
};

const Json& schema_of(DefinitionKind kind) {
  static const std::array schemas{Json::parse(entity_type_schema), Json::parse(role_schema), Json::parse(agent_schema),
                                  Json::parse(trigger_schema), Json::parse(tool_schema)};
  return schemas.at(static_cast<std::size_t>(kind));
}

}  // namespace

std::vector<ShapeFault> shape_faults(DefinitionKind kind, const Json& definition) {
  ShapeCheck check;
  check.check(schema_of(kind), definition, Json::json_pointer());
  return std::move(check.faults);
}

std::vector<ShapeFault> pack_shape_faults(const Json& manifest) {
  static const Json schema = Json::parse(pack_schema);
  ShapeCheck check;
  check.check(schema, manifest, Json::json_pointer());
  return std::move(check.faults);
}

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const auto distance = [&](const std::string& other) { return edit_distance(word, other); };
  const auto nearest = std::ranges::min_element(known, {}, distance);
  if (nearest == known.end() || distance(*nearest) > (word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 3)))
    return {};
  return fmt::format(" Did you mean `{}`?", *nearest);
}

}  // namespace struere
