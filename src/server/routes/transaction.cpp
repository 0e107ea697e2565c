// Several operations in one commit.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <map>
#include <string_view>
#include <vector>

#include "server/body_object.hpp"
#include "server/entity_json.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

constexpr std::size_t most_operations = 1000;
constexpr std::size_t most_bytes = 8 << 20;
const std::initializer_list<std::string_view> operation_members{"op",  "type", "id",       "data", "status", "version",
                                                                "key", "from", "relation", "to",   "payload"};

std::string written_text(const Written& written) {
  if (!written.row) return Json{{"id", written.id.str()}}.dump();
  std::string out;
  append_entity(out, *written.row);
  return out;
}

EntityId id_in(const BodyObject& operation, std::string_view member = "id") {
  return EntityId(operation.required_string(member));
}

// Throws Refusal{400} if there is no such operation, or it has a member that it does not use: a `version` that nobody
// compares must not be dropped.
void require_used_members(const std::string& op, const BodyObject& operation) {
  using Names = std::vector<std::string_view>;
  static const std::map<std::string_view, Names> used{{"create", {"type", "data", "status"}},
                                                      {"update", {"type", "id", "data", "status", "version"}},
                                                      {"upsert", {"type", "key", "data"}},
                                                      {"remove", {"type", "id", "version"}},
                                                      {"restore", {"type", "id"}},
                                                      {"purge", {"type", "id"}},
                                                      {"get", {"type", "id"}},
                                                      {"link", {"from", "relation", "to"}},
                                                      {"unlink", {"from", "relation", "to"}},
                                                      {"event", {"type", "id", "payload"}}};
  const auto found = used.find(op);
  if (found == used.end())
    throw Refusal(400, "malformed_request",
                  "`op` is create, update, upsert, remove, restore, purge, get, link, unlink or event");
  for (const std::string_view name : operation_members)
    if (name != "op" && operation.has(name) && std::ranges::find(found->second, name) == found->second.end())
      throw Refusal(400, "malformed_request", fmt::format("`{}` takes no `{}`", op, name));
}

// The text of the answer to one operation.
std::string carry_out_operation(const Session& unit, const BodyObject& operation) {
  const std::string op = operation.required_string("op");
  require_used_members(op, operation);
  if (op == "link" || op == "unlink") {
    const RelationRepository relations = unit.relations();
    const EntityId from = id_in(operation, "from"), to = id_in(operation, "to");
    const std::string relation = operation.required_string("relation");
    op == "link" ? relations.link(from, relation, to) : relations.unlink(from, relation, to);
    return "{}";
  }
  if (op == "event") {
    std::optional<EntityId> about;
    if (operation.has("id")) about = id_in(operation);
    const EventId id = unit.audit().append(operation.required_string("type"),
                                           operation.json("payload").value_or(Json::object()), about);
    return Json{{"id", id.str()}}.dump();
  }
  const EntityRepository entities = unit.entities(operation.required_string("type"));
  if (op == "get") {
    std::string out;
    append_entity(out, entities.get(id_in(operation)));
    return out;
  }
  if (op == "create")
    return written_text(entities.create(JsonTextView{operation.required_text("data")}, {written_status(operation)}));
  if (op == "update")
    return written_text(entities.update(id_in(operation), JsonTextView{operation.text("data").value_or("{}")},
                                        {written_status(operation), operation.integer("version")}));
  if (op == "upsert") {
    const auto key = operation.strings("key");
    if (!key) throw Refusal(400, "malformed_request", "an upsert needs `key`: the paths of a unique key");
    const Upserted upserted = entities.upsert(*key, JsonTextView{operation.required_text("data")});
    return "{\"created\":" + std::string(upserted.created ? "true" : "false") +
           ",\"entity\":" + written_text(upserted.written) + "}";
  }
  if (op == "restore") return written_text(entities.restore(id_in(operation)));
  if (op == "remove") return entities.remove(id_in(operation), {operation.integer("version")}), "{}";
  entities.purge(id_in(operation));
  return "{}";
}

Response run_transaction(const Call& call) {
  const BodyObject body(call.request().body, {"operations"});
  const auto operations = split_array(body.required_text("operations"), most_operations);
  const std::chrono::milliseconds longest = call.services().options.limits.transaction_time;
  std::size_t at = 0;
  try {
    const auto carry_out_all = [&](const Session& unit) {
      std::string results = "{\"results\":[";
      at = 0;
      const auto began = std::chrono::steady_clock::now();
      for (const std::string_view operation : operations) {
        // All writers of the file or of the scope wait. The work of a unit has bounds (docs/limits.md), but what the
        // rules of a scope cost for each operation is up to the scope.
        if (at > 0 && std::chrono::steady_clock::now() - began > longest)
          throw Error(ErrorCode::conflict,
                      fmt::format("the operations before this one took more than {} ms, while other writers waited; "
                                  "divide them into several transactions",
                                  longest.count()));
        if (at > 0) results += ',';
        results += carry_out_operation(unit, BodyObject(operation, operation_members));
        if (results.size() > most_bytes)
          throw Error(ErrorCode::invalid_query, "the answers of the operations hold more than 8 MiB; divide them");
        ++at;
      }
      return results + "]}";
    };
    Response out;
    out.body = call.is_unit() ? carry_out_all(call.session()) : call.session().transaction(carry_out_all);
    return out;
  } catch (const Error& error) {
    throw error.at(at);
  } catch (const Refusal& refusal) {
    throw Refusal(refusal.status(), refusal.code(), "operation " + std::to_string(at) + ": " + refusal.what());
  }
}

}  // namespace

void add_transaction_routes(std::vector<Route>& routes) {
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/transaction",
                    .summary = "Carries out operations in one commit, or none of them; a problem names its `index`",
                    .handler = run_transaction,
                    .lane = Lane::write,
                    .request = "Transaction",
                    .answer = "TransactionResults",
                    .body_bytes = most_bytes,
                    .idempotency = Idempotency::in_commit});
}

}  // namespace struere::server
