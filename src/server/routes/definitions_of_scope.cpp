// Entity types, roles and triggers of the environment, one by one.
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"
#include "struere/definitions/definitions.hpp"
#include "struere/triggers/trigger_repository.hpp"

namespace struere::server {
namespace {

// The definition in the body, whose name is that of the path.
Json definition_of(const Call& call, const char* name_key, const std::string& name) {
  JsonFault fault;
  auto out = parse_json(call.request().body, fault);
  if (!out || !out->is_object())
    throw Refusal(400, "malformed_request", "the body must be a definition, a JSON object");
  const auto named = out->find(name_key);
  if (named != out->end() && *named != name)
    throw Refusal(400, "malformed_request", std::string("`") + name_key + "` must be that of the address, or left out");
  (*out)[name_key] = name;
  return *std::move(out);
}

const Json& require(const DefinitionSet& all, DefinitionKind kind, const std::string& name) {
  const Json* const found = all.find(kind, name);
  if (!found) throw Error(ErrorCode::not_found, "there is no " + std::string(to_string(kind)) + " of this name");
  return *found;
}

// Routes of one kind of definition. `define` and `remove` take the session.
template <class Define, class Remove>
void add_kind(std::vector<Route>& routes, const std::string& folder, DefinitionKind kind, const char* name_key,
              const std::string& words, Define define, Remove remove) {
  const std::string parameter = name_key, one = folder + "/{" + parameter + "}";
  routes.push_back({.pattern = folder,
                    .summary = "All " + words + "s of the environment, as definitions",
                    .handler =
                        [kind](const Call& call) {
                          Json items = Json::array();
                          const DefinitionSet all = Definitions(call.session()).current();
                          for (const auto& [name, definition] : all.of(kind)) items.push_back(definition);
                          return json_response({{"items", std::move(items)}});
                        },
                    .answer = "DefinitionList"});
  routes.push_back({.pattern = one,
                    .summary = "The definition of one " + words,
                    .handler =
                        [kind, parameter](const Call& call) {
                          return json_response(
                              require(Definitions(call.session()).current(), kind, call.path(parameter)));
                        },
                    .answer = "Definition"});
  routes.push_back({.method = Method::put,
                    .pattern = one,
                    .summary = "Creates the " + words + ", or replaces it",
                    .handler =
                        [kind, parameter, define](const Call& call) {
                          define(call.session(), definition_of(call, parameter.c_str(), call.path(parameter)));
                          return json_response(
                              require(Definitions(call.session()).current(), kind, call.path(parameter)));
                        },
                    .lane = Lane::write,
                    .request = "Definition",
                    .answer = "Definition"});
  routes.push_back({.method = Method::remove,
                    .pattern = one,
                    .summary = "Removes the " + words,
                    .handler =
                        [parameter, remove](const Call& call) {
                          remove(call.session(), call.path(parameter));
                          return no_content();
                        },
                    .lane = Lane::write,
                    .status = 204});
}

}  // namespace

void add_definition_routes(std::vector<Route>& routes) {
  add_kind(
      routes, "/v1/types", DefinitionKind::entity_type, "slug", "entity type",
      [](const Session& session, const Json& definition) { session.entity_types().define(definition); },
      [](const Session& session, const std::string& slug) { session.entity_types().remove(slug); });
  add_kind(
      routes, "/v1/roles", DefinitionKind::role, "name", "role",
      [](const Session& session, const Json& definition) { session.roles().define(definition); },
      [](const Session& session, const std::string& name) { session.roles().remove(name); });
  add_kind(
      routes, "/v1/triggers", DefinitionKind::trigger, "slug", "trigger",
      [](const Session& session, const Json& definition) { session.triggers().define(definition); },
      [](const Session& session, const std::string& slug) { session.triggers().remove(slug); });
}

}  // namespace struere::server
