// Entities: get, query, create, patch, delete.
#include <charconv>

#include "server/body_object.hpp"
#include "server/entity_json.hpp"
#include "server/query_json.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

EntityRepository entities(const Call& call) { return call.session().entities(call.path("type")); }
EntityId id_of(const Call& call) { return EntityId(call.path("id")); }

std::optional<std::vector<std::string>> comma_list(const Call& call, std::string_view parameter) {
  const auto text = call.request().parameter(parameter);
  if (!text) return std::nullopt;
  std::vector<std::string> out;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    out.emplace_back(rest.substr(0, comma));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return out;
}

Response get(const Call& call) {
  GetOptions options;
  options.fields = comma_list(call, "fields");
  options.expand = comma_list(call, "expand").value_or(std::vector<std::string>());
  return entity_response(entities(call).get(id_of(call), options));
}

Response query(const Call& call) {
  const BodyObject body(call.request().body,
                        {"where", "status", "search", "order", "limit", "cursor", "fields", "expand"});
  return page_response(entities(call).list(query_of(body, call)));
}

std::string location_of(const Call& call, const EntityId& id) {
  return "/v1/entities/" + call.path("type") + "/" + id.str();
}

Response create(const Call& call) {
  const BodyObject body(call.request().body, {"data", "status"});
  CreateOptions options;
  options.status = body.string("status");
  const Written written = entities(call).create(JsonTextView{body.required_text("data")}, options);
  Response out = written_response(written, 201);
  out.headers.emplace_back("Location", location_of(call, written.id));
  return out;
}

// The version of If-Match: "7". nullopt if the header is missing or `*`.
std::optional<std::int64_t> expected_version(const Request& request) {
  const auto header = request.header("if-match");
  if (!header || *header == "*") return std::nullopt;
  std::int64_t out = 0;
  if (header->size() > 2 && header->front() == '"' && header->back() == '"') {
    const std::string_view text = header->substr(1, header->size() - 2);
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (fault == std::errc() && end == text.data() + text.size()) return out;
  }
  throw Refusal(400, "malformed_request", "If-Match must be one version in quotes, as ETag gave it");
}

Response patch(const Call& call) {
  const BodyObject body(call.request().body, {"data", "status"});
  UpdateOptions options;
  options.status = body.string("status");
  options.version = expected_version(call.request());
  const EntityRepository repository = entities(call);
  try {
    return written_response(repository.update(id_of(call), JsonTextView{body.text("data").value_or("{}")}, options));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::conflict || !options.version) throw;
    // A stale version and a taken unique key are both conflicts; only the first is cured by reading again.
    const auto now = repository.find(id_of(call));
    if (!now || now->version() == *options.version) throw;
    throw Refusal(412, "conflict", error.what());
  }
}

Response remove(const Call& call) {
  entities(call).remove(id_of(call));
  return no_content();
}

}  // namespace

void add_entity_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/v1/entities/{type}/{id}",
                    .summary = "One entity",
                    .handler = get,
                    .lane = Lane::brief,
                    .parameters = {{"fields", "Only these paths of the data, separated by commas"},
                                   {"expand", "Adds the entities that these fields refer to"}},
                    .answer = "Entity"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}/query",
                    .summary = "One page of the entities that match",
                    .handler = query,
                    .request = "Query",
                    .answer = "EntityPage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}",
                    .summary = "Creates an entity",
                    .handler = create,
                    .lane = Lane::write,
                    .request = "NewEntity",
                    .answer = "Entity",
                    .status = 201});
  routes.push_back(
      {.method = Method::patch,
       .pattern = "/v1/entities/{type}/{id}",
       .summary = "Changes an entity by a JSON Merge Patch of its data; with If-Match only at that version",
       .handler = patch,
       .lane = Lane::write,
       .request = "EntityPatch",
       .answer = "Entity"});
  routes.push_back({.method = Method::remove,
                    .pattern = "/v1/entities/{type}/{id}",
                    .summary = "Deletes an entity",
                    .handler = remove,
                    .lane = Lane::write,
                    .status = 204});
}

}  // namespace struere::server
