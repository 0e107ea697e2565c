#include "http_operations.hpp"

#include <set>
#include <utility>

#include "struere/core/error.hpp"
#include "world.hpp"

namespace struere::conformance {
namespace {

using Segments = std::vector<std::string>;

Json object_of(const char* key, Json value) {
  Json out = Json::object();
  out[key] = std::move(value);
  return out;
}

Segments operator/(Segments segments, const std::string& next) {
  segments.push_back(next);
  return segments;
}

// Texts separated by commas. What is not a list of texts is one empty text, which is no path.
std::string comma_list(const Json& list) {
  std::string out;
  if (!list.is_array()) return ",";
  for (const Json& item : list) out += (item.is_string() ? item.get<std::string>() : "") + ",";
  return out;
}

// One prepared id is drawn first in a transaction, so that a unit can make one entity, in its first step.
bool can_be_one_request(const Json& transaction) {
  static const std::set<std::string> known{"create", "upsert", "update", "delete", "restore",
                                           "purge",  "get",    "link",   "unlink"};
  const Json& steps = transaction.at("steps");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string op = steps[i].at("op");
    const bool makes = op == "create" || op == "upsert";
    if (makes && i > 0) return false;
    if (!known.contains(op) || steps[i].contains("fields") || steps[i].contains("expand")) return false;
    if (steps[i].contains("version") && !steps[i].at("version").is_number_integer()) return false;
  }
  return true;
}

std::string etag_of(const Json& version) {
  const bool is_whole =
      version.is_number() && version.get<double>() == static_cast<double>(version.get<std::int64_t>());
  return "\"" + (is_whole ? std::to_string(version.get<std::int64_t>()) : "-1") + "\"";
}

}  // namespace

std::optional<std::string> why_not_over_http(const Json& step) {
  static const std::set<std::string> served{"can",    "get",    "list",    "count",  "get_many", "aggregate",
                                            "create", "update", "delete",  "upsert", "restore",  "purge",
                                            "link",   "unlink", "related", "events", "verify",   "transaction"};
  const std::string op = step.at("op");
  if (!served.contains(op)) return "`" + op + "` is an operation of the host";
  if (op == "transaction" && !can_be_one_request(step))
    return "a unit of work that makes several entities, or that reads otherwise than by `get`";
  if (op == "aggregate" && !step.at("groupBy").is_array()) return "`groupBy` is not a list";
  return std::nullopt;
}

Json HttpOperations::perform(const Json& actor, const Json& step, std::size_t index) {
  actor_ = actor;
  const std::string op = step.at("op");
  const auto cursor = op == "list" ? std::exchange(cursor_, std::nullopt) : std::nullopt;
  return perform_as(step, index, cursor);
}

Json HttpOperations::ask(const std::string& method, const Segments& segments, const std::optional<Json>& body) {
  return asker_.ask(actor_, {.method = method, .segments = segments, .body = body});
}

// The items of all pages.
Json HttpOperations::all_pages(HttpRequest request) {
  Json out = Json::array();
  const auto parameters = request.parameters;
  for (;;) {
    const Json page = asker_.ask(actor_, request);
    for (const Json& item : page.at("items")) out.push_back(item);
    if (!page.contains("cursor")) return out;
    request.parameters = parameters;
    request.parameters.emplace_back("cursor", page.at("cursor"));
  }
}

std::string HttpOperations::id_in(const Json& step, const char* key) {
  return asker_.references().id_of(step.at(key).get<std::string>());
}

Json HttpOperations::query_in(const Json& step) {
  Json out = Json::object();
  for (const char* key : {"status", "search", "limit", "order", "fields", "expand"})
    if (step.contains(key)) out[key] = step.at(key);
  if (step.contains("where")) out["where"] = asker_.references().resolved(step.at("where"));
  return out;
}

Json HttpOperations::shown_row(const Json& row) const {
  Json out = object_of("ref", asker_.references().ref_of(row.at("id")));
  if (!row.contains("data")) return out;  // the actor does not see what it wrote
  out["data"] = asker_.references().shown(row.at("data"));
  out["version"] = row.at("version");
  if (row.contains("status")) out["status"] = row.at("status");
  if (row.contains("expanded")) {
    Json& beside = out["expanded"] = Json::object();
    for (const auto& [path, found] : row.at("expanded").items())
      beside[path] = found.is_array() ? shown_rows(found) : shown_row(found);
  }
  return out;
}

Json HttpOperations::shown_rows(const Json& rows) const {
  Json out = Json::array();
  for (const Json& row : rows) out.push_back(shown_row(row));
  return out;
}

Json HttpOperations::perform_as(const Json& step, std::size_t index, const std::optional<std::string>& cursor) {
  const std::string op = step.at("op");
  if (op == "transaction") return transaction(step);
  if (op == "events") return events(step);
  if (op == "related") return related(step);
  if (op == "verify") return object_of("ok", ask("POST", {"v1", "events", "verify"}).at("ok"));
  if (op == "can") {
    const Json body{{"action", step.at("action")}, {"resource", step.at("resource")}};
    return object_of("allowed", ask("POST", {"v1", "can"}, body).at("allowed"));
  }
  if (op == "link" || op == "unlink") {
    ask(op == "link" ? "PUT" : "DELETE",
        {"v1", "relations", id_in(step, "from"), step.at("type").get<std::string>(), id_in(step, "to")});
    return object_of("ok", true);
  }
  const std::string type = step.at("type").get<std::string>();
  const Segments entities{"v1", "entities", type};
  if (op == "list") {
    Json query = query_in(step);
    if (step.value("after", false)) query["cursor"] = cursor.value_or("no-cursor-of-any-list");
    const Json page = ask("POST", entities / "query", query);
    if (page.contains("cursor")) cursor_ = page.at("cursor").get<std::string>();
    Json out = object_of("rows", shown_rows(page.at("items")));
    out["more"] = page.contains("cursor");
    return out;
  }
  if (op == "count") {
    Json query = query_in(step);
    for (const char* other : {"limit", "order", "fields", "expand"}) query.erase(other);
    return object_of("count", ask("POST", entities / "count", query).at("count"));
  }
  if (op == "get_many") {
    Json ids = Json::array();
    for (const Json& ref : step.at("ids")) ids.push_back(asker_.references().id_of(ref.get<std::string>()));
    return object_of("rows", shown_rows(ask("POST", entities / "get-many", object_of("ids", ids)).at("items")));
  }
  if (op == "aggregate") return aggregate(step, entities);
  if (op == "create" || op == "upsert") {
    Json body = object_of("data", asker_.references().resolved(step.at("data")));
    if (op == "create" && step.contains("status")) body["status"] = step.at("status");
    if (op == "upsert") body["key"] = step.at("key");
    const Segments target = op == "upsert" ? entities / "upsert" : entities;
    const Json got = asker_.make(ref_of_create(step, index), type, [&] { return ask("POST", target, body); });
    Json out = object_of("row", shown_row(op == "upsert" ? got.at("entity") : got));
    if (op == "upsert") out["created"] = got.at("created");
    return out;
  }
  return about_one(step, entities / id_in(step, "id"));
}

Json HttpOperations::about_one(const Json& step, const Segments& entity) {
  const std::string op = step.at("op");
  if (op == "get") {
    HttpRequest request{.method = "GET", .segments = entity};
    for (const char* key : {"fields", "expand"})
      if (step.contains(key)) request.parameters.emplace_back(key, comma_list(step.at(key)));
    return object_of("row", shown_row(asker_.ask(actor_, request)));
  }
  if (op == "update") {
    HttpRequest request{.method = "PATCH", .segments = entity};
    request.body.emplace(object_of("data", asker_.references().resolved(step.at("patch"))));
    if (step.contains("status")) (*request.body)["status"] = step.at("status");
    if (step.contains("version")) request.if_match = etag_of(step.at("version"));
    return object_of("row", shown_row(asker_.ask(actor_, request)));
  }
  if (op == "restore") return object_of("row", shown_row(ask("POST", entity / "restore")));
  if (op == "purge") ask("POST", entity / "purge");
  if (op == "delete") ask("DELETE", entity);
  return object_of("ok", true);
}

Json HttpOperations::aggregate(const Json& step, Segments entities) {
  Json body = query_in(step);
  for (const char* other : {"order", "fields", "expand"}) body.erase(other);
  body["measures"] = step.at("measures");
  body["groupBy"] = Json::array();
  for (const Json& path : step.at("groupBy")) body["groupBy"].push_back(path.is_string() ? path : Json(""));
  const Json found = ask("POST", std::move(entities) / "aggregate", body);
  Json groups = Json::array();
  const auto shown = [&](const Json& value) { return object_of("value", asker_.references().shown(value)); };
  for (const Json& group : found.at("groups")) {
    Json key = Json::array(), measures = Json::array();
    for (const Json& path : body.at("groupBy")) {
      const auto value = group.at("key").find(path.get<std::string>());
      key.push_back(value == group.at("key").end() ? Json::object() : shown(*value));
    }
    for (const Json& value : group.at("measures")) measures.push_back(value.is_null() ? Json::object() : shown(value));
    Json& out = groups.emplace_back(object_of("key", std::move(key)));
    out["measures"] = std::move(measures);
  }
  Json out = object_of("groups", std::move(groups));
  out["more"] = found.at("more");
  return out;
}

Json HttpOperations::related(const Json& step) {
  return object_of(
      "rows",
      shown_rows(all_pages({.method = "GET",
                            .segments = {"v1", "relations", id_in(step, "id"), step.at("relation").get<std::string>()},
                            .parameters = {{"direction", step.at("direction") == "out" ? "forward" : "backward"}}})));
}

Json HttpOperations::events(const Json& step) {
  HttpRequest request{
      .method = "GET", .segments = {"v1", "events"}, .parameters = {{"order", "oldest"}, {"limit", "1000"}}};
  if (step.contains("entity")) request.parameters.emplace_back("entity", id_in(step, "entity"));
  if (step.contains("type")) request.parameters.emplace_back("type", step.at("type").get<std::string>());
  Json shown = Json::array();
  for (const Json& event : all_pages(request)) {
    if (event.at("entityId").is_null() || event.at("type") == "access.denied") continue;
    shown.push_back({{"type", event.at("type")},
                     {"entity", asker_.references().ref_of(event.at("entityId"))},
                     {"payload", asker_.references().shown(event.at("payload"))}});
  }
  return object_of("events", std::move(shown));
}

Json HttpOperations::transaction(const Json& step) {
  const Json& steps = step.at("steps");
  Json operations = Json::array();
  for (const Json& inner : steps) {
    const std::string op = inner.at("op");
    Json& out = operations.emplace_back(object_of("op", op == "delete" ? "remove" : op));
    for (const char* key : {"id", "from", "to"})
      if (inner.contains(key)) out[key] = asker_.references().id_of(inner.at(key).get<std::string>());
    for (const char* key : {"status", "version", "key"})
      if (inner.contains(key)) out[key] = inner.at(key);
    out[op == "link" || op == "unlink" ? "relation" : "type"] = inner.at("type");
    for (const char* key : {"data", "patch"})
      if (inner.contains(key)) out["data"] = asker_.references().resolved(inner.at(key));
  }
  Json got;
  try {
    asker_.in_unit([&] {
      const auto post = [&] {
        got = ask("POST", {"v1", "transaction"}, object_of("operations", operations)).at("results");
        return got.empty() ? Json::object() : got[0];
      };
      const std::string first = steps.empty() ? "" : steps[0].at("op").get<std::string>();
      if (first == "create" || first == "upsert")
        return asker_.make(ref_of_create(steps[0], 0), steps[0].at("type").get<std::string>(), post);
      return post();
    });
  } catch (const Error& error) {
    Json out = object_of("error", to_string(error.code()));
    out["at"] = error.index().value_or(0);
    return out;
  }
  Json results = Json::array();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string op = steps[i].at("op");
    if (op == "upsert") {
      Json& out = results.emplace_back(object_of("row", shown_row(got[i].at("entity"))));
      out["created"] = got[i].at("created");
    } else {
      results.push_back(got[i].empty() ? object_of("ok", true) : object_of("row", shown_row(got[i])));
    }
  }
  return object_of("results", std::move(results));
}

}  // namespace struere::conformance
