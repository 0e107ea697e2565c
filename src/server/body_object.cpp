#include "server/body_object.hpp"

#include <algorithm>
#include <utility>

#include "core/json_split.hpp"
#include "server/refusal.hpp"

namespace struere::server {
namespace {

[[noreturn]] void refuse(const std::string& detail) { throw Refusal(400, "malformed_request", detail); }

// Runs a visit of the members or elements of a body.
template <class Visit>
bool visit_parts(const Visit& visit) {
  try {
    return visit();
  } catch (const Error& error) {
    refuse(std::string("the body is not JSON: ") + error.what());
  }
}

Json parsed(std::string_view text, std::string_view what) {
  JsonFault fault;
  auto out = parse_json(text, fault);
  if (!out) refuse("`" + std::string(what) + "` is not acceptable JSON: " + fault.message);
  return *std::move(out);
}

}  // namespace

BodyObject::BodyObject(std::string_view text, std::initializer_list<std::string_view> known) : text_(text) {
  const auto add = [&](const std::string& key, std::string_view value) {
    if (std::ranges::find(known, key) == known.end()) {
      std::string list;
      for (const std::string_view other : known) list += (list.empty() ? "" : ", ") + std::string(other);
      refuse("the body has " + (key.size() > 100 ? std::string("a member") : "the member `" + key + "`") +
             " that is not known here; there are: " + list);
    }
    if (!members_.emplace(key, value).second) refuse("the body has `" + key + "` twice");
  };
  if (!visit_parts([&] { return visit_members(text, add); })) refuse("the body must be a JSON object");
}

std::optional<std::string_view> BodyObject::text(std::string_view name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? std::nullopt : std::optional(found->second);
}

std::string BodyObject::in_body(std::string message, std::string_view member) const {
  return count_byte_from(std::move(message), static_cast<std::size_t>(member.data() - text_.data()), " of the body");
}

Error BodyObject::placed(const Error& error, std::string_view name) const {
  const auto member = text(name);
  return member ? error.with_message(in_body(error.what(), *member)) : error;
}

Json BodyObject::parsed_member(std::string_view text, std::string_view name) const {
  try {
    return parsed(text, name);
  } catch (const Refusal& refusal) {
    refuse(in_body(refusal.what(), text));
  }
}

std::optional<Json> BodyObject::json(std::string_view name) const {
  const auto found = text(name);
  return found ? std::optional(parsed_member(*found, name)) : std::nullopt;
}

std::string_view BodyObject::required_text(std::string_view name) const {
  const auto found = text(name);
  if (!found) refuse("the body needs `" + std::string(name) + "`");
  return *found;
}

Json BodyObject::required_json(std::string_view name) const { return parsed_member(required_text(name), name); }

std::optional<std::string> BodyObject::string(std::string_view name) const {
  auto value = json(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) refuse("`" + std::string(name) + "` must be a string");
  return value->get<std::string>();
}

std::string BodyObject::required_string(std::string_view name) const {
  required_text(name);
  return *string(name);
}

std::optional<std::int64_t> BodyObject::integer(std::string_view name) const {
  const auto value = json(name);
  if (!value) return std::nullopt;
  // As in the library, 5.0 is a whole number.
  if (value->is_number_integer() && !(value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX))
    return value->get<std::int64_t>();
  if (value->is_number_float()) {
    const double number = value->get<double>();
    if (number >= -9e15 && number <= 9e15 && number == static_cast<double>(static_cast<std::int64_t>(number)))
      return static_cast<std::int64_t>(number);
  }
  refuse("`" + std::string(name) + "` must be a whole number");
}

std::optional<bool> BodyObject::boolean(std::string_view name) const {
  const auto value = json(name);
  if (!value) return std::nullopt;
  if (!value->is_boolean()) refuse("`" + std::string(name) + "` must be true or false");
  return value->get<bool>();
}

std::optional<std::vector<std::string>> BodyObject::strings(std::string_view name) const {
  const auto value = json(name);
  if (!value) return std::nullopt;
  if (!value->is_array() || !std::ranges::all_of(*value, [](const Json& one) { return one.is_string(); }))
    refuse("`" + std::string(name) + "` must be an array of strings");
  return value->get<std::vector<std::string>>();
}

std::optional<std::vector<std::string>> BodyObject::any_strings(std::string_view name) const {
  const auto found = text(name);
  if (!found || found->find("\\u0000") == std::string_view::npos) return strings(name);
  const Json value = Json::parse(*found, nullptr, false);
  if (!value.is_array() || !std::ranges::all_of(value, [](const Json& one) { return one.is_string(); }))
    refuse("`" + std::string(name) + "` must be an array of strings");
  return value.get<std::vector<std::string>>();
}

std::optional<std::string> written_status(const BodyObject& body) {
  const auto status = body.json("status");
  if (!status) return std::nullopt;
  return status->is_string() ? status->get<std::string>() : std::string();
}

std::vector<std::string_view> split_array(std::string_view text, std::size_t most) {
  std::vector<std::string_view> out;
  const auto add = [&](std::string_view element) {
    if (out.size() == most) refuse("an array has more than " + std::to_string(most) + " elements");
    out.push_back(element);
  };
  if (!visit_parts([&] { return visit_elements(text, add); })) refuse("the body is not JSON: an array is missing");
  return out;
}

}  // namespace struere::server
