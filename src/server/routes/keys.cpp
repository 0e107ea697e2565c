// The API keys of the environment. A secret is in the answer that made it, and nowhere else.
#include "server/body_object.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"

namespace struere::server {
namespace {

Json key_json(const ApiKey& key) {
  Json out{{"id", key.id.str()},           {"name", key.name},
           {"prefix", key.display_prefix}, {"roles", key.roles},
           {"kind", to_string(key.kind)},  {"createdByType", key.created_by_type},
           {"createdBy", key.created_by},  {"createdAt", key.created_at}};
  if (key.expires_at) out["expiresAt"] = *key.expires_at;
  if (key.revoked_at) out["revokedAt"] = *key.revoked_at;
  if (key.last_used_at) out["lastUsedAt"] = *key.last_used_at;
  if (key.ended_with_maker) out["endedWithMaker"] = true;
  return out;
}

Response created_key(const CreatedApiKey& key) {
  Json out = key_json(key.key);
  out["secret"] = key.secret;
  return json_response(out, 201);
}

Response list_keys(const Call& call) {
  const ApiKeyPage page = call.session().api_keys().page(call.integer("limit").value_or(50), call.text("cursor"));
  Json out{{"items", Json::array()}};
  for (const ApiKey& key : page.keys) out["items"].push_back(key_json(key));
  if (page.next) out["cursor"] = *page.next;
  return json_response(out);
}

Response create_key(const Call& call) {
  const BodyObject body(call.request().body, {"name", "roles", "kind", "expiresAt"});
  NewApiKey key{.name = body.required_string("name")};
  key.roles = body.strings("roles").value_or(std::vector<std::string>());
  key.expires_at = body.integer("expiresAt");
  const std::string kind = body.string("kind").value_or("agent");
  if (kind != "agent" && kind != "webhook") throw Refusal(400, "malformed_request", "`kind` must be agent or webhook");
  key.kind = kind == "webhook" ? ApiKeyKind::webhook : ApiKeyKind::agent;
  return created_key(call.session().api_keys().create(key));
}

Response rotate_key(const Call& call) {
  const BodyObject body(call.request().body, {"expiresInSeconds"});
  constexpr std::int64_t year = 366LL * 24 * 60 * 60;
  const std::int64_t overlap = body.integer("expiresInSeconds").value_or(0);
  if (overlap < 0 || overlap > year) throw Refusal(400, "malformed_request", "`expiresInSeconds` is from 0 to a year");
  return created_key(call.session().api_keys().rotate(ApiKeyId(call.path("id")), std::chrono::seconds(overlap)));
}

Response revoke_key(const Call& call) {
  call.session().api_keys().revoke(ApiKeyId(call.path("id")));
  return no_content();
}

}  // namespace

void add_key_routes(std::vector<Route>& routes) {
  routes.push_back(
      {.pattern = "/v1/keys",
       .summary = "The API keys of the environment, newest first, without their secrets",
       .handler = list_keys,
       .parameters = {{"limit", "From 1 to 1000; default 50", "integer"}, {"cursor", "Of the page before"}},
       .answer = "KeyPage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/keys",
                    .summary = "Makes a key; its secret is shown this once",
                    .handler = create_key,
                    .lane = Lane::write,
                    .request = "NewKey",
                    .answer = "CreatedKey",
                    .status = 201,
                    .lost_answer = "Rotate the key that it made (GET /v1/keys has its id), or revoke it",
                    .idempotency = Idempotency::in_process});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/keys/{id}/rotate",
                    .summary = "Makes a successor of a key, which itself ends after `expiresInSeconds`; default 0",
                    .handler = rotate_key,
                    .lane = Lane::write,
                    .request = "KeyRotation",
                    .answer = "CreatedKey",
                    .status = 201,
                    .lost_answer = "Rotate the successor that it made (GET /v1/keys has its id)",
                    .idempotency = Idempotency::in_process});
  routes.push_back({.method = Method::remove,
                    .pattern = "/v1/keys/{id}",
                    .summary = "Revokes a key",
                    .handler = revoke_key,
                    .lane = Lane::write,
                    .status = 204});
}

}  // namespace struere::server
