#include "server/reference.hpp"

#include <algorithm>
#include <map>

namespace struere::server {
namespace {

constexpr const char* event_stream = "text/event-stream";

std::vector<std::string> path_parameters(const std::string& pattern) {
  std::vector<std::string> out;
  for (std::size_t at = pattern.find('{'); at != std::string::npos; at = pattern.find('{', at + 1))
    out.push_back(pattern.substr(at + 1, pattern.find('}', at) - at - 1));
  return out;
}

Json reference_to(const std::string& schema) {
  if (schema.empty() || !schemas().contains(schema)) return Json::object();
  return {{"$ref", "#/components/schemas/" + schema}};
}

Json content_of(const std::string& type, const std::string& schema) {
  // A stream has a schema for each of its lines, which OpenAPI 3.1 cannot say.
  const bool is_json = type == "application/json";
  return {{type, {{"schema", is_json ? reference_to(schema) : Json{{"type", "string"}}}}}};
}

Json parameters_of(const Route& route) {
  Json out = Json::array();
  for (const std::string& name : path_parameters(route.pattern))
    out.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  for (const Parameter& parameter : route.parameters)
    out.push_back({{"name", parameter.name},
                   {"in", "query"},
                   {"description", parameter.description},
                   {"schema", {{"type", parameter.type}}}});
  if (route.access == Access::session)
    out.push_back({{"name", "environment"},
                   {"in", "query"},
                   {"description", "Required of an operator; of a key it must be the key's own"},
                   {"schema", {{"type", "string"}, {"enum", {"development", "production"}}}}});
  const auto add_header = [&](const char* name, const char* description, Json schema) {
    out.push_back({{"name", name}, {"in", "header"}, {"description", description}, {"schema", std::move(schema)}});
  };
  if (route.idempotency != Idempotency::none)
    add_header("Idempotency-Key", "A repeated request with the same key gets the first answer again",
               {{"type", "string"}, {"minLength", 1}, {"maxLength", 200}});
  if (route.takes_if_match)
    add_header("If-Match", "The version as ETag gave it, in quotes; another one is refused with 412. `*`: any version",
               {{"type", "string"}});
  if (route.access == Access::session && route.lane != Lane::write)
    add_header("Struere-View-As", "user:ID, agent:SLUG, key:ID or roles:a,b: answers as that actor; for org admins",
               {{"type", "string"}});
  if (route.answer_type == event_stream)
    add_header("Last-Event-ID", "The `id:` of the last event that arrived: the stream goes on after it",
               {{"type", "string"}});
  return out;
}

std::string operation_id(const Route& route) {
  std::string out(to_string(route.method));
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const char c : route.pattern) out += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
  return out;
}

Json operation_of(const Route& route) {
  Json answer{{"description", route.status == 204 ? "Done" : "The answer"}};
  if (route.status != 204) answer["content"] = content_of(route.answer_type, route.answer);
  if (route.answer == "Entity" || route.answer == "Upserted")
    answer["headers"] = {{"ETag", {{"description", "The version, in quotes"}, {"schema", {{"type", "string"}}}}}};
  Json responses{{"default", {{"$ref", "#/components/responses/Problem"}}}};
  if (route.other_status != 0) responses[std::to_string(route.other_status)] = answer;
  responses[std::to_string(route.status)] = std::move(answer);
  Json out{{"operationId", operation_id(route)},
           {"summary", route.summary},
           {"parameters", parameters_of(route)},
           {"responses", std::move(responses)}};
  if (!route.request.empty())
    out["requestBody"] = {{"required", true}, {"content", content_of(route.request_type, route.request)}};
  if (route.access == Access::open) out["security"] = Json::array();
  return out;
}

}  // namespace

Json open_api(const std::vector<Route>& routes, const std::vector<EntityType>& types) {
  Json paths = Json::object();
  for (const Route& route : routes) {
    std::string method(to_string(route.method));
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c + 32); });
    paths[route.pattern][method] = operation_of(route);
  }
  Json components{
      {"schemas", schemas()},
      {"securitySchemes",
       {{"key", {{"type", "http"}, {"scheme", "bearer"}}},
        {"operator", {{"type", "apiKey"}, {"in", "cookie"}, {"name", "__Host-struere"}}}}},
      {"responses",
       {{"Problem",
         {{"description", "What went wrong (RFC 9457)"},
          {"content", {{"application/problem+json", {{"schema", {{"$ref", "#/components/schemas/Problem"}}}}}}}}}}}};
  for (const EntityType& type : types) components["schemas"]["data." + type.slug] = parse_canonical_json(type.schema);
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "struere"}, {"version", "v1"}}},
          {"security", {{{"key", Json::array()}}, {{"operator", Json::array()}}}},
          {"paths", std::move(paths)},
          {"components", std::move(components)}};
}

std::string reference_tables(const std::vector<Route>& routes) {
  // By the second word of the path, in the order in which the table has them.
  std::vector<std::pair<std::string, std::string>> groups;
  for (const Route& route : routes) {
    std::string name = "the server";
    if (route.pattern.starts_with("/v1/")) {
      const std::size_t end = route.pattern.find('/', 4);
      name = route.pattern.substr(4, end == std::string::npos ? end : end - 4);
    }
    if (name == "me" || name == "openapi.json") name = "the server";
    auto group = std::ranges::find(groups, name, &std::pair<std::string, std::string>::first);
    if (group == groups.end()) {
      groups.emplace_back(name, "| request | what | query | body | answer |\n| --- | --- | --- | --- | --- |\n");
      group = std::prev(groups.end());
    }
    std::string parameters;
    for (const Parameter& parameter : route.parameters) parameters += (parameters.empty() ? "" : ", ") + parameter.name;
    std::string answer = std::to_string(route.status) +
                         (route.other_status != 0 ? " or " + std::to_string(route.other_status) : "") +
                         (route.answer.empty() ? "" : " " + route.answer);
    if (route.answer_type != "application/json") answer += " as " + route.answer_type;
    group->second +=
        "| `" + std::string(to_string(route.method)) + " " + route.pattern + "` | " + route.summary + " | " +
        parameters + " | " + route.request +
        (route.request.empty() || route.request_type == "application/json" ? "" : " as " + route.request_type) + " | " +
        answer + " |\n";
  }
  std::string out;
  for (const auto& [name, table] : groups) out += "### " + name + "\n\n" + table + "\n";
  out += "### Idempotency-Key\n\n| request | its answer is kept |\n| --- | --- |\n";
  for (const auto& [kind, where] : {std::pair(Idempotency::in_commit, "in the database, by the commit of the write"),
                                    std::pair(Idempotency::in_process, "in the memory of the process")})
    for (const Route& route : routes)
      if (route.idempotency == kind)
        out +=
            "| `" + std::string(to_string(route.method)) + " " + route.pattern + "` | " +
            (route.lost_answer.empty() ? where : "only in memory, that it was carried out: the answer holds a secret") +
            " |\n";
  out += "\n### Bodies\n\n| name | members; those with * are required |\n| --- | --- |\n";
  for (const auto& [name, schema] : schemas().items()) {
    std::string members;
    if (schema.contains("properties"))
      for (const auto& [member, inner] : schema.at("properties").items()) {
        const bool is_required = schema.contains("required") &&
                                 std::ranges::find(schema.at("required"), Json(member)) != schema.at("required").end();
        members += (members.empty() ? "" : ", ") + ("`" + member + "`") + (is_required ? "*" : "");
      }
    if (schema.contains("description")) {
      if (!members.empty()) members += ": ";
      members += schema.at("description").get<std::string>();
    }
    out += "| " + name + " | " + members + " |\n";
  }
  return out;
}

}  // namespace struere::server
