#include "server/http_operations.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>

#include "struere/core/error.hpp"

namespace struere::test {
namespace {

Json answer(const char* key, Json value) {
  Json out = Json::object();
  out[key] = std::move(value);
  return out;
}

std::string entities_path(const Json& step) {
  return "/v1/entities/" + url_encoded(step.at("type").get<std::string>());
}

// Texts separated by commas. What is not a list of texts is one empty text, which is no path.
std::string comma_list(const Json& list) {
  std::string out;
  if (!list.is_array()) return ",";
  for (const Json& item : list) out += url_encoded(item.is_string() ? item.get<std::string>() : "") + ",";
  return out;
}

ErrorCode code_of(const std::string& word) {
  for (const ErrorCode code :
       {ErrorCode::unauthenticated, ErrorCode::permission_denied, ErrorCode::not_found, ErrorCode::invalid_data,
        ErrorCode::invalid_reference, ErrorCode::invalid_definition, ErrorCode::invalid_query,
        ErrorCode::invalid_cursor, ErrorCode::conflict, ErrorCode::storage})
    if (to_string(code) == word) return code;
  throw std::runtime_error("the server answers " + word);
}

bool is_served(const std::string& op) {
  static const std::set<std::string> served{"can",    "get",    "list",    "count",  "get_many", "aggregate",
                                            "create", "update", "delete",  "upsert", "restore",  "purge",
                                            "link",   "unlink", "related", "events", "verify",   "transaction"};
  return served.contains(op);
}

// One prepared id is drawn first in a transaction, so that a unit can make one entity, in its first step.
bool can_be_one_request(const Json& transaction) {
  const Json& steps = transaction.at("steps");
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string op = steps[i].at("op");
    const bool makes = op == "create" || op == "upsert";
    if (makes && i > 0) return false;
    static const std::set<std::string> known{"create", "upsert", "update", "delete", "restore",
                                             "purge",  "get",    "link",   "unlink"};
    if (!known.contains(op) || steps[i].contains("fields") || steps[i].contains("expand")) return false;
    if (steps[i].contains("version") && !steps[i].at("version").is_number_integer()) return false;
  }
  return true;
}

}  // namespace

Json HttpOperations::perform(const Json& step, std::size_t index) {
  if (step.contains("actor")) actor_ = step.at("actor");
  const std::string op = step.at("op");
  const bool is_system = actor_.is_object() && actor_.value("system", false);
  if (is_system || !is_served(op) || (op == "transaction" && !can_be_one_request(step)) ||
      (op == "aggregate" && !step.at("groupBy").is_array())) {
    Json whole = step;
    if (!actor_.is_null()) whole["actor"] = actor_;
    return in_process_.perform(whole, index);
  }
  const auto cursor = op == "list" ? std::exchange(cursor_, std::nullopt) : std::nullopt;
  world_.actor(actor_);  // throws if there is no such actor
  ++over_http_;
  return perform_over_http(step, index, cursor);
}

Json HttpOperations::ask(const std::string& method, const std::string& target, const std::optional<std::string>& body,
                         HttpClient::Headers headers) {
  std::string whole = target;
  if (actor_.contains("roles")) {
    headers.emplace_back("Authorization", "Bearer " + world_.secret_of_key(actor_));
  } else {
    headers.emplace_back("Cookie", "user=" + actor_.at("user").get<std::string>() +
                                       "; organization=" + actor_.at("organization").get<std::string>());
    headers.emplace_back("Sec-Fetch-Site", "same-origin");
    whole += (target.find('?') == std::string::npos ? "?" : "&") +
             ("environment=" + actor_.at("environment").get<std::string>());
  }
  const HttpAnswer got = client_.ask(method, whole, headers, body);
  if (got.status == 0) throw std::runtime_error("the server closed the connection");
  if (got.status == 204) return Json::object();
  if (got.status < 400) return got.json();
  failed_at_.reset();
  if (got.json().contains("index")) failed_at_ = got.json().at("index").get<std::size_t>();
  throw Error(code_of(got.code()), got.json().at("detail"));
}

std::string HttpOperations::id_in(const Json& step, const char* key) {
  return url_encoded(world_.references().id_of(step.at(key).get<std::string>()));
}

Json HttpOperations::query_in(const Json& step) {
  Json out = Json::object();
  for (const char* key : {"status", "search", "limit", "order", "fields", "expand"})
    if (step.contains(key)) out[key] = step.at(key);
  if (step.contains("where")) out["where"] = world_.references().resolved(step.at("where"));
  return out;
}

Json HttpOperations::shown_row(const Json& row) const {
  Json out = answer("ref", world_.references().ref_of(row.at("id")));
  if (!row.contains("data")) return out;  // the actor does not see what it wrote
  out["data"] = world_.references().shown(row.at("data"));
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

Json HttpOperations::made(const Json& step, std::size_t index, const std::string& target, const Json& body) {
  Json out;
  world_.creating(conformance::ref_of_create(step, index), [&] {
    out = ask("POST", target, body.dump());
    return out.value("created", true);
  });
  return out;
}

Json HttpOperations::perform_over_http(const Json& step, std::size_t index, const std::optional<std::string>& cursor) {
  const std::string op = step.at("op");
  if (op == "transaction") return transaction(step);
  if (op == "events") return events(step);
  if (op == "related") return related(step);
  if (op == "verify") return answer("ok", ask("POST", "/v1/events/verify").at("ok"));
  if (op == "can") {
    const Json body{{"action", step.at("action")}, {"resource", step.at("resource")}};
    return answer("allowed", ask("POST", "/v1/can", body.dump()).at("allowed"));
  }
  if (op == "link" || op == "unlink") {
    const std::string path =
        "/v1/relations/" + id_in(step, "from") + "/" + url_encoded(step.at("type").get<std::string>()) + "/";
    ask(op == "link" ? "PUT" : "DELETE", path + id_in(step, "to"));
    return answer("ok", true);
  }
  const std::string entities = entities_path(step);
  if (op == "get") {
    std::string parameters = "?";
    for (const char* key : {"fields", "expand"})
      if (step.contains(key)) parameters += std::string(key) + "=" + comma_list(step.at(key)) + "&";
    parameters.pop_back();
    return answer("row", shown_row(ask("GET", entities + "/" + id_in(step, "id") + parameters)));
  }
  if (op == "list") {
    Json query = query_in(step);
    if (step.value("after", false)) query["cursor"] = cursor.value_or("no-cursor-of-any-list");
    const Json page = ask("POST", entities + "/query", query.dump());
    if (page.contains("cursor")) cursor_ = page.at("cursor").get<std::string>();
    Json out = answer("rows", shown_rows(page.at("items")));
    out["more"] = page.contains("cursor");
    return out;
  }
  if (op == "count") {
    Json query = query_in(step);
    for (const char* other : {"limit", "order", "fields", "expand"}) query.erase(other);
    return answer("count", ask("POST", entities + "/count", query.dump()).at("count"));
  }
  if (op == "get_many") {
    Json ids = Json::array();
    for (const Json& ref : step.at("ids")) ids.push_back(world_.references().id_of(ref.get<std::string>()));
    return answer("rows", shown_rows(ask("POST", entities + "/get-many", answer("ids", ids).dump()).at("items")));
  }
  if (op == "aggregate") {
    Json body = query_in(step);
    for (const char* other : {"order", "fields", "expand"}) body.erase(other);
    body["measures"] = step.at("measures");
    body["groupBy"] = Json::array();
    for (const Json& path : step.at("groupBy")) body["groupBy"].push_back(path.is_string() ? path : Json(""));
    const Json found = ask("POST", entities + "/aggregate", body.dump());
    Json groups = Json::array();
    const auto shown = [&](const Json& value) { return answer("value", world_.references().shown(value)); };
    for (const Json& group : found.at("groups")) {
      Json key = Json::array(), measures = Json::array();
      for (const Json& path : body.at("groupBy")) {
        const auto value = group.at("key").find(path.get<std::string>());
        key.push_back(value == group.at("key").end() ? Json::object() : shown(*value));
      }
      for (const Json& value : group.at("measures"))
        measures.push_back(value.is_null() ? Json::object() : shown(value));
      groups.push_back({{"key", key}, {"measures", measures}});
    }
    Json out = answer("groups", std::move(groups));
    out["more"] = found.at("more");
    return out;
  }
  if (op == "create") {
    Json body = answer("data", world_.references().resolved(step.at("data")));
    if (step.contains("status")) body["status"] = step.at("status");
    return answer("row", shown_row(made(step, index, entities, body)));
  }
  if (op == "upsert") {
    Json body = answer("data", world_.references().resolved(step.at("data")));
    body["key"] = step.at("key");
    const Json got = made(step, index, entities + "/upsert", body);
    Json out = answer("row", shown_row(got.at("entity")));
    out["created"] = got.at("created");
    return out;
  }
  const std::string entity = entities + "/" + id_in(step, "id");
  if (op == "update") {
    Json body = answer("data", world_.references().resolved(step.at("patch")));
    if (step.contains("status")) body["status"] = step.at("status");
    HttpClient::Headers headers;
    if (step.contains("version")) {
      const Json& version = step.at("version");
      const bool is_whole =
          version.is_number() && version.get<double>() == static_cast<double>(version.get<std::int64_t>());
      headers.emplace_back("If-Match", "\"" + (is_whole ? std::to_string(version.get<std::int64_t>()) : "-1") + "\"");
    }
    return answer("row", shown_row(ask("PATCH", entity, body.dump(), headers)));
  }
  if (op == "restore") return answer("row", shown_row(ask("POST", entity + "/restore")));
  if (op == "purge") ask("POST", entity + "/purge");
  if (op == "delete") ask("DELETE", entity);
  return answer("ok", true);
}

Json HttpOperations::related(const Json& step) {
  // The route names the type of the entity, which a scenario does not.
  const std::string id = id_in(step, "id");
  const std::string target = "/v1/entities/" + url_encoded(type_of(step)) + "/" + id +
                             "/related?type=" + url_encoded(step.at("relation").get<std::string>()) +
                             "&direction=" + (step.at("direction") == "out" ? "forward" : "backward");
  Json rows = Json::array();
  std::string cursor;
  do {
    const Json page = ask("GET", target + cursor);
    for (const Json& row : page.at("items")) rows.push_back(shown_row(row));
    cursor = page.contains("cursor") ? "&cursor=" + url_encoded(page.at("cursor").get<std::string>()) : "";
  } while (!cursor.empty());
  return answer("rows", std::move(rows));
}

std::string HttpOperations::type_of(const Json& step) {
  const EntityId id(world_.references().id_of(step.at("id").get<std::string>()));
  Json system = actor_;
  for (const char* who : {"user", "roles"}) system.erase(who);
  system["system"] = true;
  const Session session = world_.actor(system);
  for (const EntityType& type : session.entity_types().list())
    if (session.entities(type.slug).find(id)) return type.slug;
  return "unknown";
}

Json HttpOperations::events(const Json& step) {
  std::string target = "/v1/events?order=oldest&limit=1000";
  if (step.contains("entity")) target += "&entity=" + id_in(step, "entity");
  if (step.contains("type")) target += "&type=" + url_encoded(step.at("type").get<std::string>());
  Json shown = Json::array();
  std::string cursor;
  do {
    const Json page = ask("GET", target + cursor);
    for (const Json& event : page.at("items")) {
      if (event.at("entityId").is_null() || event.at("type") == "access.denied") continue;
      shown.push_back({{"type", event.at("type")},
                       {"entity", world_.references().ref_of(event.at("entityId"))},
                       {"payload", world_.references().shown(event.at("payload"))}});
    }
    cursor = page.contains("cursor") ? "&cursor=" + url_encoded(page.at("cursor").get<std::string>()) : "";
  } while (!cursor.empty());
  return answer("events", std::move(shown));
}

Json HttpOperations::transaction(const Json& step) {
  const Json& steps = step.at("steps");
  Json operations = Json::array();
  for (const Json& inner : steps) {
    const std::string op = inner.at("op");
    Json& out = operations.emplace_back(answer("op", op == "delete" ? "remove" : op));
    for (const char* key : {"id", "from", "to"})
      if (inner.contains(key)) out[key] = world_.references().id_of(inner.at(key).get<std::string>());
    for (const char* key : {"status", "version", "key"})
      if (inner.contains(key)) out[key] = inner.at(key);
    out[op == "link" || op == "unlink" ? "relation" : "type"] = inner.at("type");
    for (const char* key : {"data", "patch"})
      if (inner.contains(key)) out["data"] = world_.references().resolved(inner.at(key));
  }
  Json got;
  conformance::World::Unit unit(world_);
  try {
    const auto post = [&] {
      got = ask("POST", "/v1/transaction", answer("operations", operations).dump()).at("results");
    };
    const std::string first = steps.empty() ? "" : steps[0].at("op").get<std::string>();
    if (first == "create" || first == "upsert")
      world_.creating(conformance::ref_of_create(steps[0], 0), [&] {
        post();
        return got[0].value("created", true);
      });
    else
      post();
  } catch (const Error& error) {
    unit.undone();
    Json out = answer("error", to_string(error.code()));
    out["at"] = failed_at_.value_or(0);
    return out;
  }
  Json results = Json::array();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const std::string op = steps[i].at("op");
    if (op == "upsert") {
      Json& out = results.emplace_back(answer("row", shown_row(got[i].at("entity"))));
      out["created"] = got[i].at("created");
    } else {
      results.push_back(got[i].empty() ? answer("ok", true) : answer("row", shown_row(got[i])));
    }
  }
  return answer("results", std::move(results));
}

}  // namespace struere::test
