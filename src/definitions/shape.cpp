#include "definitions/shape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "definitions/definition_schemas.hpp"

namespace struere {
namespace {

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

}  // namespace struere
