// Entities: what one operation of EntityRepository does, one route does.
#include <array>
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

Response get_entity(const Call& call) {
  GetOptions options;
  options.fields = comma_list(call, "fields");
  options.expand = comma_list(call, "expand").value_or(std::vector<std::string>());
  return entity_response(entities(call).get(id_of(call), options), 200, !options.expand.empty());
}

Response query_entities(const Call& call) {
  const BodyObject body(call.request().body,
                        {"where", "status", "search", "order", "limit", "cursor", "fields", "expand"});
  const EntityRepository repository = entities(call);
  return page_response(ask_query(body, call, [&](const Query& query) { return repository.list(query); }),
                       body.has("expand"));
}

Response count_entities(const Call& call) {
  const BodyObject body(call.request().body, {"where", "status", "search"});
  const EntityRepository repository = entities(call);
  return json_response({{"count", ask_query(body, call, [&](const Query& query) { return repository.count(query); })}});
}

Measure measure_of(const Json& item) {
  constexpr std::array<std::pair<std::string_view, Measure::Op>, 5> known{{{"count", Measure::Op::count},
                                                                           {"sum", Measure::Op::sum},
                                                                           {"avg", Measure::Op::avg},
                                                                           {"min", Measure::Op::min},
                                                                           {"max", Measure::Op::max}}};
  const std::size_t members = item.is_object() && item.contains("field") ? 2 : 1;
  if (item.is_object() && item.size() == members && item.contains("op") && item.at("op").is_string() &&
      (members == 1 || item.at("field").is_string()))
    for (const auto& [word, op] : known)
      if (item.at("op") == word)
        return {op, members == 1 ? std::nullopt : std::optional(item.at("field").get<std::string>())};
  throw Error(ErrorCode::invalid_query,
              "`measures` is a list of {\"op\": \"count\", \"sum\", \"avg\", \"min\" or \"max\", \"field\": …}");
}

Response aggregate_entities(const Call& call) {
  const BodyObject body(call.request().body, {"where", "status", "search", "limit", "groupBy", "measures"});
  body.required_text("measures");
  std::vector<std::string> group_by;
  const EntityRepository repository = entities(call);
  const Aggregates found = ask_query(body, call, [&](Query query) {
    std::vector<Measure> measures;
    std::optional<Error> mistake;
    try {
      group_by = body.strings("groupBy").value_or(std::vector<std::string>());
      const Json items = body.required_json("measures");
      if (!items.is_array()) throw Error(ErrorCode::invalid_query, "`measures` is a list");
      for (const Json& item : items) measures.push_back(measure_of(item));
    } catch (const Error& error) {
      mistake = error;
    } catch (const Refusal& refusal) {
      mistake = Error(ErrorCode::invalid_query, refusal.what());
    }
    if (mistake) query.limit = 0;
    try {
      return repository.aggregate(query, group_by, measures);
    } catch (const Error& error) {
      throw mistake && error.code() == ErrorCode::invalid_query ? *mistake : error;
    }
  });
  Json groups = Json::array();
  for (const AggregateGroup& group : found.groups) {
    Json key = Json::object();  // without what is absent
    for (std::size_t i = 0; i < group.key.size(); ++i)
      if (group.key[i]) key[group_by[i]] = *group.key[i];
    Json values = Json::array();
    for (const auto& value : group.measures) values.push_back(value.value_or(nullptr));
    groups.push_back({{"key", std::move(key)}, {"measures", std::move(values)}});
  }
  return json_response({{"groups", std::move(groups)}, {"more", found.more}});
}

Response get_many(const Call& call) {
  const BodyObject body(call.request().body, {"ids"});
  std::vector<EntityId> ids;
  const auto texts = body.any_strings("ids");
  if (!texts) throw Refusal(400, "malformed_request", "the body needs `ids`");
  for (const std::string& id : *texts) ids.emplace_back(id);
  return rows_response(entities(call).get_many(ids));
}

// What `write` returns; an error in the text of `data` names its place in the body.
template <class Write>
auto with_places(const BodyObject& body, const Write& write) {
  try {
    return write();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid_data) throw;
    throw body.placed(error, "data");
  }
}

std::string location_of(const Call& call, const EntityId& id) {
  return "/v1/entities/" + call.path("type") + "/" + id.str();
}

Response create_entity(const Call& call) {
  const BodyObject body(call.request().body, {"data", "status"});
  CreateOptions options;
  options.status = written_status(body);
  const Written written =
      with_places(body, [&] { return entities(call).create(JsonTextView{body.required_text("data")}, options); });
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

// What `write` returns; a stale version is 412.
template <class Write>
auto if_at_version(const Write& write) {
  try {
    return write();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::conflict || error.path() != "version") throw;
    throw Refusal(412, "conflict", error.what());
  }
}

Response patch_entity(const Call& call) {
  const BodyObject body(call.request().body, {"data", "status"});
  UpdateOptions options;
  options.status = written_status(body);
  options.version = expected_version(call.request());
  const EntityRepository repository = entities(call);
  return written_response(if_at_version([&] {
    return with_places(
        body, [&] { return repository.update(id_of(call), JsonTextView{body.text("data").value_or("{}")}, options); });
  }));
}

Response upsert_entity(const Call& call) {
  const BodyObject body(call.request().body, {"key", "data"});
  const auto key = body.strings("key");
  if (!key) throw Refusal(400, "malformed_request", "the body needs `key`: the paths of a unique key of the type");
  const Upserted upserted =
      with_places(body, [&] { return entities(call).upsert(*key, JsonTextView{body.required_text("data")}); });
  Response out = written_response(upserted.written, upserted.created ? 201 : 200);
  out.body = "{\"created\":" + std::string(upserted.created ? "true" : "false") + ",\"entity\":" + out.body + "}";
  if (upserted.created) out.headers.emplace_back("Location", location_of(call, upserted.written.id));
  return out;
}

Response restore_entity(const Call& call) { return written_response(entities(call).restore(id_of(call))); }

Response purge_entity(const Call& call) {
  entities(call).purge(id_of(call));
  return no_content();
}

Response remove_entity(const Call& call) {
  const RemoveOptions options{expected_version(call.request())};
  if_at_version([&] { entities(call).remove(id_of(call), options); });
  return no_content();
}

}  // namespace

void add_entity_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/v1/entities/{type}/{id}",
                    .summary = "One entity",
                    .handler = get_entity,
                    .lane = Lane::brief,
                    .parameters = {{"fields", "Only these paths of the data, separated by commas"},
                                   {"expand", "Adds the entities that these fields refer to"}},
                    .answer = "Entity"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}/query",
                    .summary = "One page of the entities that match",
                    .handler = query_entities,
                    .request = "Query",
                    .answer = "EntityPage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}/count",
                    .summary = "How many entities match",
                    .handler = count_entities,
                    .request = "Filter",
                    .answer = "Count"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}/aggregate",
                    .summary = "Counts, sums and other measures of the entities that match, by group",
                    .handler = aggregate_entities,
                    .request = "Aggregation",
                    .answer = "Groups"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}/get-many",
                    .summary = "The entities with these ids that the actor sees, in this order",
                    .handler = get_many,
                    .request = "Ids",
                    .answer = "EntityPage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}/upsert",
                    .summary = "Updates the entity with these values of a unique key, or creates it",
                    .handler = upsert_entity,
                    .lane = Lane::write,
                    .request = "Upsert",
                    .answer = "Upserted",
                    .other_status = 201,
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}/{id}/restore",
                    .summary = "Makes a deleted entity active again, for org admins",
                    .handler = restore_entity,
                    .lane = Lane::write,
                    .answer = "Entity",
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}/{id}/purge",
                    .summary = "Removes an entity for good, with the payloads of its events, for org admins",
                    .handler = purge_entity,
                    .lane = Lane::write,
                    .status = 204,
                    .idempotency = Idempotency::in_process});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/entities/{type}",
                    .summary = "Creates an entity",
                    .handler = create_entity,
                    .lane = Lane::write,
                    .request = "NewEntity",
                    .answer = "Entity",
                    .status = 201,
                    .idempotency = Idempotency::in_commit});
  routes.push_back(
      {.method = Method::patch,
       .pattern = "/v1/entities/{type}/{id}",
       .summary = "Changes an entity by a JSON Merge Patch of its data; with If-Match only at that version",
       .handler = patch_entity,
       .lane = Lane::write,
       .request = "EntityPatch",
       .answer = "Entity",
       .takes_if_match = true});
  routes.push_back({.method = Method::remove,
                    .pattern = "/v1/entities/{type}/{id}",
                    .summary = "Deletes an entity; with If-Match only at that version",
                    .handler = remove_entity,
                    .lane = Lane::write,
                    .status = 204,
                    .takes_if_match = true});
}

}  // namespace struere::server
