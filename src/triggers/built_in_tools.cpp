#include "triggers/built_in_tools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "query/condition_parser.hpp"
#include "repository/audit_logger.hpp"
#include "repository/entity_reader.hpp"
#include "repository/entity_writer.hpp"
#include "triggers/placeholders.hpp"

namespace struere {
namespace {

// Reads the arguments of a tool. Refuses arguments that are missing, unknown or of the wrong type.
class Arguments {
 public:
  Arguments(const std::string& tool, const Json& arguments, std::initializer_list<std::string_view> known)
      : tool_(tool), arguments_(arguments) {
    for (const auto& item : arguments.items())
      if (std::ranges::find(known, item.key()) == known.end()) refuse(fmt::format("has no argument `{}`", item.key()));
  }

  std::string text(const char* key) const {
    const auto found = arguments_.find(key);
    if (found == arguments_.end() || !found->is_string()) refuse(fmt::format("needs a text `{}`", key));
    return found->get<std::string>();
  }
  std::optional<std::string> optional_text(const char* key) const {
    return arguments_.contains(key) ? std::optional(text(key)) : std::nullopt;
  }
  Json object(const char* key, bool required = true) const {
    const auto found = arguments_.find(key);
    if (found == arguments_.end() && !required) return Json::object();
    if (found == arguments_.end() || !found->is_object()) refuse(fmt::format("needs an object `{}`", key));
    return *found;
  }
  const Json* find(const char* key) const {
    const auto found = arguments_.find(key);
    return found == arguments_.end() ? nullptr : &*found;
  }
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorCode::invalid_data, fmt::format("the tool `{}` {}", tool_, why));
  }

 private:
  const std::string& tool_;
  const Json& arguments_;
};

Json answer(const Written& written) { return written.row ? written.row->to_json() : Json{{"id", written.id.str()}}; }

Json create(GuardedOperation& operation, const Arguments& arguments) {
  const std::string type = arguments.text("type");
  return answer(
      EntityWriter(operation, type).create(WrittenJson(arguments.object("data")), {arguments.optional_text("status")}));
}

Json get(GuardedOperation& operation, const Arguments& arguments) {
  auto row = find_entity(operation, arguments.text("type"), arguments.text("id"));
  if (!row) throw_not_found();
  return row->to_json();
}

Json query(GuardedOperation& operation, const Arguments& arguments, std::chrono::milliseconds timeout) {
  Query asked;
  asked.timeout = timeout;
  if (const Json* const where = arguments.find("where")) asked.where = Condition(*where);
  asked.search = arguments.optional_text("search");
  if (const Json* const limit = arguments.find("limit")) {
    if (!limit->is_number_integer()) arguments.refuse("needs a whole number `limit`");
    asked.limit = limit->get<std::int64_t>();
  }
  Json rows = Json::array();
  for (const Entity& row : list_entities(operation, arguments.text("type"), asked)) rows.push_back(row.to_json());
  return {{"rows", std::move(rows)}};
}

Json update(GuardedOperation& operation, const Arguments& arguments) {
  const std::string type = arguments.text("type");
  return answer(EntityWriter(operation, type)
                    .update(arguments.text("id"), WrittenJson(arguments.object("data", false)),
                            {arguments.optional_text("status"), {}}));
}

Json remove(GuardedOperation& operation, const Arguments& arguments) {
  const std::string type = arguments.text("type"), id = arguments.text("id");
  EntityWriter(operation, type).remove(id);
  return {{"id", id}};
}

Json emit(GuardedOperation& operation, const Arguments& arguments) {
  const auto about = arguments.optional_text("entityId");
  const EventId id = append_host_event(operation, arguments.text("type"), arguments.object("payload", false),
                                       about ? std::optional(EntityId(*about)) : std::nullopt);
  return {{"id", id.str()}};
}

bool has_placeholder(const Json& value) {
  bool found = false;
  each_placeholder(value, [&](std::string_view) { found = true; });
  return found;
}

// Checks the parts of a query that contain no placeholder.
void check_query(const Json& arguments) {
  const auto written = [&](const char* key) {
    const auto found = arguments.find(key);
    return found == arguments.end() || has_placeholder(*found) ? nullptr : &*found;
  };
  Query query;
  if (const Json* const where = written("where")) query.where = Condition(*where);
  if (const Json* const search = written("search")) query.search = search->get<std::string>();
  if (const Json* const limit = written("limit")) query.limit = limit->get<std::int64_t>();
  parse_query(query, {});
}

// Whether the value contains a placeholder. A text that is only a placeholder becomes a value of any type.
bool is_open(const Json& value) {
  return value.is_string() && value.get_ref<const std::string&>().find("{{") != std::string::npos;
}

}  // namespace

void check_built_in_arguments(const std::string& name, const Json& arguments) {
  // The arguments in the order text, object, integer, any value. `!` marks a required argument.
  struct Signature {
    std::vector<std::string_view> texts, objects, numbers, others;
  };
  static const std::map<std::string_view, Signature> signatures{
      {"entity.create", {{"!type", "status"}, {"!data"}, {}, {}}},
      {"entity.get", {{"!type", "!id"}, {}, {}, {}}},
      {"entity.query", {{"!type", "search"}, {}, {"limit"}, {"where"}}},
      {"entity.update", {{"!type", "!id", "status"}, {"data"}, {}, {}}},
      {"entity.delete", {{"!type", "!id"}, {}, {}, {}}},
      {"event.emit", {{"!type", "entityId"}, {"payload"}, {}, {}}}};
  const Signature& signature = signatures.at(name);
  std::set<std::string_view> known;
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::invalid_data, fmt::format("the tool `{}` {}", name, why));
  };
  const auto check = [&](const std::vector<std::string_view>& keys, const char* kind, const auto& fits) {
    for (std::string_view key : keys) {
      const bool is_required = key.starts_with('!');
      key.remove_prefix(is_required ? 1 : 0);
      known.insert(key);
      const auto found = arguments.find(key);
      if (found == arguments.end() ? is_required : !is_open(*found) && !fits(*found))
        refuse(fmt::format("needs {} `{}`", kind, key));
    }
  };
  check(signature.texts, "a text", [](const Json& value) { return value.is_string(); });
  check(signature.objects, "an object", [](const Json& value) { return value.is_object(); });
  check(signature.numbers, "a whole number", [](const Json& value) { return value.is_number_integer(); });
  check(signature.others, "a", [](const Json&) { return true; });
  for (const auto& item : arguments.items())
    if (!known.contains(item.key())) refuse(fmt::format("has no argument `{}`", item.key()));
  if (name == "event.emit" && !is_open(arguments.at("type"))) require_event_type(arguments.at("type"));
  if (const auto status = arguments.find("status"); status != arguments.end()) {
    if (*status == "deleted") refuse("cannot write the status `deleted`; entity.delete does");
    if (*status == "") refuse("needs a `status` that is not empty");
  }
  if (name == "entity.query") check_query(arguments);
}

std::optional<std::string> type_written_in(const std::string& name, const Json& arguments) {
  const Json& type = arguments.at("type");
  return name == "event.emit" || is_open(type) ? std::nullopt : std::optional(type.get<std::string>());
}

bool is_built_in_tool(std::string_view name) noexcept {
  return std::ranges::find(built_in_tools, name) != built_in_tools.end();
}

bool is_reading_tool(std::string_view name) noexcept { return name == "entity.get" || name == "entity.query"; }

Json call_built_in_tool(GuardedOperation& operation, const std::string& name, const Json& arguments,
                        std::chrono::milliseconds query_timeout) {
  if (name == "entity.create") return create(operation, {name, arguments, {"type", "data", "status"}});
  if (name == "entity.get") return get(operation, {name, arguments, {"type", "id"}});
  if (name == "entity.query")
    return query(operation, {name, arguments, {"type", "where", "search", "limit"}}, query_timeout);
  if (name == "entity.update") return update(operation, {name, arguments, {"type", "id", "data", "status"}});
  if (name == "entity.delete") return remove(operation, {name, arguments, {"type", "id"}});
  return emit(operation, {name, arguments, {"type", "payload", "entityId"}});
}

}  // namespace struere
