#include "struere/definitions/definitions.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "actor/actor_resolver.hpp"
#include "core/authority.hpp"
#include "core/compiled_schemas.hpp"
#include "definitions/held_fields.hpp"
#include "definitions/pack_definitions.hpp"
#include "definitions/planner.hpp"
#include "definitions/reveals.hpp"
#include "query/bounds.hpp"
#include "repository/checks.hpp"
#include "repository/guarded_operation.hpp"
#include "storage/records.hpp"
#include "storage/retry.hpp"
#include "struere/model/installed_pack.hpp"

namespace struere {
namespace {

// The names of the changed definitions, by kind of change and kind of definition.
Json summary_of(const ChangePlan& plan) {
  Json out = Json::object();
  for (const DefinitionChange& change : plan.changes) {
    Json& names = out[std::string(to_string(change.change))][std::string(to_string(change.kind))];
    names.push_back(change.name);
  }
  return out;
}

Release require_release(GuardedOperation& operation, std::int64_t number) {
  auto found = select<Release>(operation.transaction(), {{}, {{"number", {}, number}}, {}, false, {}, 1});
  if (found.empty()) throw_not_found();
  return std::move(found.front());
}

// For a plan for production: the versions of the packs in development, by id. Where production has another one, its
// data was not migrated to what development has. Empty inside a transaction, which reads its own environment only.
std::map<std::string, std::string> packs_in_development(const Caller& caller) {
  std::map<std::string, std::string> out;
  if (caller.actor().environment() != Environment::production || caller.unit() || !caller.actor().passes_policies())
    return out;
  Engine& engine = caller.engine();
  const ActorContext development = ActorResolver(*engine.storage, *engine.clock)
                                       .system_actor(caller.actor().scope().organization(), Environment::development);
  return retried([&] {
    out.clear();
    GuardedOperation operation(engine, development, Access::read);
    for (const auto& pack :
         select<InstalledPack>(operation.transaction(), {{}, {}, {"pack_id"}, false, {}, most_definitions}))
      out.emplace(pack.pack_id, pack.version);
    return out;
  });
}

// What tools may see is shared, and a plan for development changes it: the values of production that it would show.
// Read in a transaction of its own, without a lock.
std::vector<Reveal> reveals_in_production(const Caller& caller, const ChangePlan& plan) {
  const bool changes_tools = std::ranges::any_of(plan.changes, [](const DefinitionChange& change) {
    return change.kind == DefinitionKind::tool && change.change != ChangeKind::create;
  });
  if (!changes_tools || plan.environment == Environment::production) return {};
  if (caller.unit())
    throw Error(
        ErrorCode::conflict,
        "inside a transaction, what a plan for tools would show of production cannot be read; plan and apply it "
        "outside");
  Engine& engine = caller.engine();
  const ActorContext production = ActorResolver(*engine.storage, *engine.clock)
                                      .system_actor(caller.actor().scope().organization(), Environment::production);
  return retried([&] {
    GuardedOperation operation(engine, production, Access::read);
    auto out = find_tool_reveals(operation, plan.definitions);
    for (Reveal& reveal : out) reveal.role += " in production";
    return out;
  });
}

}  // namespace

DefinitionSet Definitions::current() const {
  return guarded(session_.caller(authority()), Access::read, {"read", "definitions"}, [&](GuardedOperation& operation) {
    operation.require_admin("read the definitions");
    return current_definitions(operation);
  });
}

HeldFields Definitions::held_fields() const {
  return [self = *this](const std::string& type, const FieldPath& field) {
    return guarded(self.session_.caller(authority()), Access::read, {"read", "definitions"},
                   [&](GuardedOperation& operation) {
                     operation.require_admin("read the definitions");
                     return struere::held_fields(operation)(type, field);
                   });
  };
}

ChangePlan Definitions::plan(const DefinitionSet& definitions, const PlanOptions& options) const {
  const Caller caller = session_.caller(authority());
  const auto in_development = packs_in_development(caller);
  ChangePlan plan = guarded(caller, Access::read, {"read", "definitions"}, [&](GuardedOperation& operation) {
    operation.require_admin("plan a change of the definitions");
    // Definitions for production were checked in development, against the data that is stored there.
    const bool is_production = operation.actor().environment() == Environment::production;
    const DefinitionSet wanted =
        definitions.normal_form(is_production ? any_field() : either(options.held, struere::held_fields(operation)));
    WithPacks with_packs = keeping_packs(operation, wanted, [&](const std::string& pack) {
      const auto found = in_development.find(pack);
      return found != in_development.end() &&
             found->second != find<InstalledPack>(operation.transaction(), "pack_id", pack)->version;
    });
    ChangePlan out = make_plan(operation, std::move(with_packs.definitions), options);
    out.kept = std::move(with_packs.kept);
    return out;
  });
  for (Reveal& reveal : reveals_in_production(caller, plan)) {
    if (!options.reveal) plan.obstacles.push_back(obstacle_of(reveal));
    plan.reveals.push_back(std::move(reveal));
  }
  return plan;
}

ChangePlan Definitions::plan_rollback(std::int64_t release, const PlanOptions& options) const {
  return guarded(session_.caller(authority()), Access::read, {"read", "definitions"}, [&](GuardedOperation& operation) {
    operation.require_admin("plan a rollback");
    const auto wanted = DefinitionSet::from_json(require_release(operation, release).definitions);
    WithPacks with_packs = keeping_packs(operation, wanted, [](const std::string&) { return true; });
    ChangePlan plan = make_plan(operation, std::move(with_packs.definitions), options);
    plan.kept = std::move(with_packs.kept);
    plan.restores = release;
    return plan;
  });
}

namespace {

// Reads all stored data while others can write, and then writes. Under the lock it reads only the data that was written
// meanwhile: after the event of the sequence that `write` gets.
template <class Write>
auto look_and_write(const Caller& caller, const ChangePlan& plan, const auto& check, const Write& write) {
  const Attempt attempt{"update", "definitions"};
  return CompiledSchemas::around(
      [&] {
        ChangePlan now;
        const std::int64_t end = guarded(caller, Access::read, attempt, [&](GuardedOperation& operation) {
          check(operation);
          now = check_plan(operation, plan);
          compile_schemas(operation, now);
          return operation.transaction().chain_head().sequence;
        });
        now.reveals = reveals_in_production(caller, now);
        if (!plan.options.reveal && !now.reveals.empty())
          throw Error(ErrorCode::conflict, obstacle_of(now.reveals.front()).message);
        require_named(plan, now);
        return end;
      },
      [&](std::int64_t since) {
        return guarded(caller, Access::write, attempt, [&](GuardedOperation& operation) {
          check(operation);
          carry_out(operation, plan, since);
          return write(operation);
        });
      });
}

}  // namespace

void Definitions::apply(const ChangePlan& plan) const {
  look_and_write(
      session_.caller(authority()), plan,
      [](GuardedOperation& operation) { operation.require_admin("sync definitions"); },
      [&](GuardedOperation& operation) {
        if (plan.empty()) return;
        operation.audit().append("sync.completed", canonical_json(summary_of(plan)));
        operation.commit();
      });
}

Release Definitions::deploy(const ChangePlan& plan, const std::string& note) const {
  const auto check = [&](GuardedOperation& operation) {
    operation.require_admin("deploy definitions");
    if (session_.actor().environment() != Environment::production)
      throw Error(ErrorCode::invalid_definition, "releases belong to production; use a session of production");
    require_text(note, "the note of a release");
  };
  return look_and_write(session_.caller(authority()), plan, check, [&](GuardedOperation& operation) {
    const auto newest = select<Release>(operation.transaction(), {{}, {}, {"number"}, true, {}, 1});
    if (plan.empty() && !newest.empty())
      throw Error(ErrorCode::conflict, "production is already as the plan says; there is nothing to deploy");
    Json changes = plan.to_json().at("changes");
    for (Json& change : changes) change.erase("pendingRuns");  // of the environment, and of that moment
    Release release{newest.empty() ? 1 : newest.front().number + 1,
                    plan.definitions.to_json(),
                    std::move(changes),
                    note,
                    plan.restores,
                    std::string(to_string(session_.actor().type())),
                    session_.actor().id(),
                    operation.now()};
    insert(operation.transaction(), release);
    Json payload{{"release", release.number}, {"note", note}, {"changes", summary_of(plan)}};
    if (release.restores) payload["restores"] = *release.restores;
    operation.audit().append("deploy.completed", canonical_json(payload));
    operation.commit();
    return release;
  });
}

std::vector<Release> Definitions::releases() const {
  return guarded(session_.caller(authority()), Access::read, {"list", "definitions"}, [&](GuardedOperation& operation) {
    operation.require_admin("list the releases");
    std::vector<Release> out;
    std::size_t bytes = 0;
    // A release may hold 32 MiB of definitions, so few of them are in memory at a time.
    RecordSelection part{{}, {}, {"number"}, true, {}, most_in_page, most_page_bytes};
    do {
      auto some = select<Release>(operation.transaction(), part);
      if (some.empty()) break;
      for (Release& release : some) {
        release.definitions = nullptr;
        bytes += canonical_json(release.changes).size() + release.note.size();
        part.after = {RecordValue(release.number)};
        out.push_back(std::move(release));
      }
      part.limit = most_in_page - static_cast<std::int64_t>(out.size());
    } while (part.limit > 0 && bytes < most_page_bytes);
    return out;
  });
}

Release Definitions::release(std::int64_t number) const {
  return guarded(session_.caller(authority()), Access::read, {"read", "definitions"}, [&](GuardedOperation& operation) {
    operation.require_admin("read a release");
    return require_release(operation, number);
  });
}

}  // namespace struere
