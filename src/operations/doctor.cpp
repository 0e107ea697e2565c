#include "struere/operations/doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "access/indexed_fields.hpp"
#include "actor/key_lineage.hpp"
#include "core/authority.hpp"
#include "core/deadline.hpp"
#include "core/json_schema.hpp"
#include "core/single_line.hpp"
#include "operations/shown_fields.hpp"
#include "repository/engine.hpp"
#include "struere/access/policy.hpp"
#include "struere/access/rule_book.hpp"
#include "struere/core/error.hpp"
#include "struere/query/mask.hpp"
#include "struere/triggers/trigger_repository.hpp"
#include "triggers/trigger_events.hpp"

namespace struere {
namespace {

using Check = Finding::Check;

constexpr std::array environments{Environment::development, Environment::production};
constexpr std::array system_resources{"users", "agents", "threads", "events", "executions", "packs", "api_keys"};
constexpr std::array all_actions{Action::create, Action::read, Action::update, Action::remove, Action::list};
constexpr Timestamp milliseconds_of_day = 24LL * 60 * 60'000;
constexpr Timestamp most_ahead = 60'000;     // of the clock; hosts differ by less
constexpr std::size_t most_rows_named = 20;  // of one type

std::string remaining(Timestamp time) {
  constexpr Timestamp minute = 60'000, hour = 60 * minute;
  const auto of = [&](Timestamp unit, const char* name) {
    const Timestamp count = saturating_add(time, unit - 1) / unit;
    return fmt::format("{} {}{}", count, name, count == 1 ? "" : "s");
  };
  if (time < minute) return "less than a minute";
  return time < hour                  ? of(minute, "minute")
         : time < milliseconds_of_day ? of(hour, "hour")
                                      : of(milliseconds_of_day, "day");
}

// Examines one scope.
class Examination {
 public:
  Examination(const Session& system, const DoctorOptions& options, const StorageReport& storage,
              std::vector<Finding>& findings)
      : system_(system),
        options_(options),
        storage_(storage),
        findings_(findings),
        now_((options.clock ? *options.clock : system_clock()).now()),
        types_(system.entity_types().list()),
        roles_(system.roles().list()) {}

  void check_all() {
    check_chain();
    check_keys();
    check_roles();
    check_types();
    check_rules();
    check_runs();
    check_shown_fields();
    if (options_.rows)
      for (const EntityType& type : types_) check_rows_of(type);
  }

 private:
  void tell(Severity severity, Check check, const std::string& subject, const std::string& message) {
    findings_.push_back({severity, check, system_.actor().organization(), system_.actor().environment(), subject,
                         single_line(message)});
  }

  bool has_type(const std::string& slug) const {
    return std::ranges::find(types_, slug, &EntityType::slug) != types_.end();
  }
  bool has_role(const std::string& name) const {
    return std::ranges::find(roles_, name, &RoleRecord::name) != roles_.end();
  }

  void check_chain() {
    const Verification found = system_.events().verify();
    if (!found.ok) return tell(Severity::error, Check::chain, {}, "the audit log was tampered with: " + found.problem);
    const auto newest = system_.events().list({.newest_first = true, .limit = 1}).events;
    if (!newest.empty() && newest.front().created_at() > saturating_add(now_, most_ahead))
      tell(Severity::warning, Check::time_ahead, {},
           fmt::format("the newest event was written by a clock that is {} ahead of this one. Times never run "
                       "backwards, so each write until then gets that time, and its `createdAt` cannot be trusted; "
                       "correct the clock that is wrong",
                       remaining(newest.front().created_at() - now_)));
  }

  void check_keys() {
    for (const ApiKey& key : system_.api_keys().list()) {
      if (key.revoked_at) continue;
      const std::string name = fmt::format("the key `{}` ({}…)", key.name, key.display_prefix);
      if (key.expires_at && *key.expires_at <= now_) {
        tell(Severity::note, Check::key_expired, key.id.str(), name + " has expired; revoke it, or make another");
        continue;
      }
      if (!authority_of_key(*system_.caller(authority()).engine().storage, system_.actor().scope(), key, now_)) {
        tell(Severity::note, Check::key_ended, key.id.str(),
             name + " ended with the actor that made it; revoke it, or make another");
        continue;
      }
      if (key.expires_at && *key.expires_at <= saturating_add(now_, options_.soon.count()))
        tell(Severity::warning, Check::key_expires_soon, key.id.str(),
             fmt::format("{} expires in {}", name, remaining(*key.expires_at - now_)));
      if (std::ranges::none_of(key.roles, [&](const std::string& role) { return has_role(role); }))
        tell(Severity::warning, Check::key_grants_nothing, key.id.str(),
             name + " has no role of this environment, and so may do nothing");
      else if (!key.last_used_at && options_.long_unused.count() <= now_ - key.created_at)
        tell(
            Severity::note, Check::key_unused, key.id.str(),
            fmt::format("{} was made {} days ago and never used", name, (now_ - key.created_at) / milliseconds_of_day));
    }
  }

  void check_roles() {
    const RuleBook rules(0, types_, roles_);
    for (const auto& [name, role] : rules.roles()) {
      for (const auto& [slug, on_type] : role.types)
        if (on_type.broken)
          tell(Severity::error, Check::role_broken, name,
               fmt::format(
                   "a stored rule or mask of the role `{}` on `{}` cannot be read, and so it grants nothing there; "
                   "define the role again",
                   name, slug));
      if (!grants_something(role))
        tell(Severity::warning, Check::role_grants_nothing, name, fmt::format("the role `{}` grants nothing", name));
    }
    for (const EntityType& type : types_) check_unique_keys_of(type, rules);
    for (const RoleRecord& role : roles_)
      for (const std::string& slug : unknown_types(role))
        tell(Severity::warning, Check::unknown_type, role.name,
             fmt::format("the role `{}` names the type `{}`, which does not exist", role.name, slug));
  }

  // A write that a unique key refuses tells that another row has the value (SPEC 6), whoever may see it.
  void check_unique_keys_of(const EntityType& type, const RuleBook& rules) {
    for (const UniqueKey& key : type.unique)
      for (const std::string& path : key) {
        std::vector<std::string> roles;
        const auto field = FieldPath::parse("data." + path);
        if (!field) continue;
        for (const auto& [name, role] : rules.roles())
          if (const auto on_type = role.types.find(type.slug);
              on_type != role.types.end() && visibility(on_type->second.mask, *field) != Visibility::clear)
            roles.push_back(name);
        if (!roles.empty())
          tell(Severity::warning, Check::unique_key_masked, type.slug,
               fmt::format("the unique key ({}) of `{}` has `data.{}`, which the role `{}`{} masks: who may write to "
                           "the type finds its values by guessing; leave it out of the key, or let no such role write",
                           fmt::join(key, ", "), type.slug, path, roles.front(),
                           roles.size() == 1 ? "" : fmt::format(" and {} more", roles.size() - 1)));
      }
  }

  bool grants_something(const Role& role) const {
    const RolePolicies alone{role.name, role.policies};
    const auto is_allowed = [&](std::string_view resource) {
      return std::ranges::any_of(
          all_actions, [&](Action action) { return decide(std::span(&alone, 1), action, resource).allowed(); });
    };
    return std::ranges::any_of(system_resources, is_allowed) ||
           std::ranges::any_of(types_, [&](const EntityType& type) {
             const auto on_type = role.types.find(type.slug);
             return (on_type == role.types.end() || !on_type->second.broken) && is_allowed(type.slug);
           });
  }

  std::set<std::string> unknown_types(const RoleRecord& role) const {
    std::set<std::string> out;
    for (const PolicyRecord& policy : role.policies)
      if (policy.resource != "*" && !is_system_resource(policy.resource)) out.insert(policy.resource);
    for (const auto* const records : {&role.scope_rules, &role.field_masks, &role.visible_fields})
      for (const TypedRecord& record : *records) out.insert(record.entity_type);
    std::erase_if(out, [&](const std::string& slug) { return has_type(slug); });
    return out;
  }

  void check_types() {
    for (const EntityType& type : types_) {
      if (is_reserved_slug(type.slug))
        tell(Severity::warning, Check::reserved_slug, type.slug,
             fmt::format("the slug of the type `{0}` is a reserved word: its events, such as `{0}.created`, look like "
                         "struere's own; define the type under another slug and move its entities there",
                         type.slug));
      try {
        const JsonSchema schema(parse_canonical_json(type.schema));
      } catch (const Error& error) {
        tell(Severity::error, Check::schema_refused, type.slug,
             fmt::format("the schema of `{}` cannot be enforced, so nothing of that type can be written; define it "
                         "again: {}",
                         type.slug, error.what()));
      }
      if (type.bound_to_role && !has_role(*type.bound_to_role))
        tell(Severity::warning, Check::unknown_role, type.slug,
             fmt::format(
                 "the type `{}` is bound to the role `{}`, which does not exist: no actor has an `actor.entityId`",
                 type.slug, *type.bound_to_role));
    }
  }

  // The fields with which a complete field key of the type begins.
  FieldNames found_by(const std::string& type) const {
    FieldNames out;
    for (const FieldKeyReport& key : *storage_.field_keys)
      if (is_of(key, type) && key.is_whole) out.insert(key.fields.front());
    return out;
  }
  bool is_of(const FieldKeyReport& key, const std::string& type) const {
    return key.organization == system_.actor().organization() && key.environment == system_.actor().environment() &&
           key.entity_type == type;
  }

  void check_rules() {
    if (!storage_.field_keys) return;
    for (const RoleRecord& role : roles_) {
      std::set<std::string> slow;  // types; one rule with a key is enough to find the rows for all rules of its type
      std::set<std::string> quick;
      for (const TypedRecord& rule : role.scope_rules) {
        const FieldNames found = found_by(rule.entity_type);
        const bool is_indexed = std::ranges::any_of(indexed_fields(rule.json),
                                                    [&](const std::string& field) { return found.contains(field); });
        (is_indexed ? quick : slow).insert(rule.entity_type);
      }
      for (const std::string& slug : slow) {
        if (quick.contains(slug) || !has_type(slug)) continue;
        const std::int64_t count = system_.entities(slug).count();
        tell(count >= options_.many_entities ? Severity::warning : Severity::note, Check::rule_without_index, role.name,
             fmt::format("no index serves the rules of the role `{}` on `{}`: each of its {} entities is looked at",
                         role.name, slug, count));
      }
    }
    for (const EntityType& type : types_) check_keys_of(type);
  }

  // Checks that all keys exist that the type and the rules for it need.
  void check_keys_of(const EntityType& type) {
    std::vector<std::string> rules;
    for (const RoleRecord& role : roles_)
      for (const TypedRecord& rule : role.scope_rules)
        if (rule.entity_type == type.slug) rules.push_back(rule.json);
    std::vector<std::string> missing;
    bool is_building = false;
    for (const KeyFields& fields : key_fields(type, rules)) {
      const auto key = std::ranges::find_if(*storage_.field_keys, [&](const FieldKeyReport& report) {
        return is_of(report, type.slug) && report.fields == fields;
      });
      if (key != storage_.field_keys->end() && key->is_whole) continue;
      is_building = is_building || key != storage_.field_keys->end();
      missing.push_back(fmt::format("{}", fmt::join(fields, " and ")));
    }
    if (missing.empty()) return;
    const std::string why =
        is_building ? "some are still being built" : fmt::format("a type has at most {} field keys", most_keys_of_type);
    tell(Severity::note, Check::index_missing, type.slug,
         fmt::format("no field key serves queries of `{}` by {}; {}", type.slug, fmt::join(missing, ", by "), why));
  }

  void check_runs() {
    const TriggerRepository triggers = system_.triggers();
    const auto late = [&](TriggerRunStatus status, Timestamp before) {
      auto runs = triggers.runs({.status = status, .limit = 1000}).runs;
      std::erase_if(runs, [&](const TriggerRun& run) { return run.due_at > before; });
      return runs;
    };
    const auto tell_of = [&](Severity severity, Check check, const std::vector<TriggerRun>& runs, const char* what) {
      if (!runs.empty())
        tell(severity, check, runs.front().trigger,
             fmt::format("{}{} {}", runs.size(), runs.size() == 1000 ? " or more" : "", what));
    };
    auto waiting = late(TriggerRunStatus::pending, std::numeric_limits<Timestamp>::max()), overdue = waiting;
    std::erase_if(overdue, [&](const TriggerRun& run) { return run.due_at > now_ - options_.overdue.count(); });
    tell_of(Severity::warning, Check::run_overdue, overdue, "trigger runs are overdue: no TriggerWorker is running");
    tell_of(Severity::warning, Check::run_abandoned, late(TriggerRunStatus::running, now_ - options_.overdue.count()),
            "trigger runs were begun by a worker that has ended, and no other took them over");
    std::erase_if(waiting, [](const TriggerRun& run) { return !run.error || !run.error->starts_with(waits_for_tool); });
    tell_of(Severity::warning, Check::run_waiting, waiting,
            "trigger runs wait for a worker that has the tool which their error names");
    tell_of(
        Severity::warning, Check::run_dead, late(TriggerRunStatus::dead, std::numeric_limits<Timestamp>::max()),
        "trigger runs are dead after their last attempt; see their errors, and retry them (TriggerRepository::retry)");
  }

  // Rows that cannot be read, and rows that a definition made invalid where somebody allowed it: each update of one is
  // refused.
  void check_rows_of(const EntityType& type) {
    std::optional<JsonSchema> schema;
    try {
      schema.emplace(parse_canonical_json(type.schema));
    } catch (const Error&) {  // check_types says so
    }
    std::int64_t count = 0;
    std::string first;
    std::vector<std::string> damaged;  // the first ones
    std::size_t damaged_count = 0;
    try {
      for (const Entity& row : system_.entities(type.slug).all({.limit = 1000})) {
        const auto data = data_of(row);
        if (!data && ++damaged_count <= most_rows_named) damaged.push_back(row.id().str());
        if (!data || !schema) continue;
        if (const auto fault = schema->validate(*data); fault && ++count == 1)
          first = fmt::format("{}, at `data{}{}`", row.id().str(), fault->place.empty() ? "" : ".",
                              fmt::join(fault->place, "."));
      }
    } catch (const Error& error) {  // a page that cannot be read hides no other finding
      if (error.code() != ErrorCode::storage || error.is_transient()) throw;
      tell(Severity::error, Check::row_damaged, type.slug,
           fmt::format("not all rows of `{}` can be read: {}", type.slug, error.what()));
    }
    if (damaged_count > 0)
      tell(Severity::error, Check::row_damaged, type.slug,
           fmt::format(
               "the stored data of {} rows of `{}` is damaged and cannot be read; restore a backup: {}{}",
               damaged_count, type.slug, fmt::join(damaged, ", "),
               damaged_count == damaged.size() ? "" : fmt::format(" and {} more", damaged_count - damaged.size())));
    if (count > 0)
      tell(Severity::warning, Check::row_invalid, type.slug,
           fmt::format("{} rows of `{}` do not match its schema, and each update of one must mend it; the newest is {}",
                       count, type.slug, first));
  }

  // `nullopt` if the stored data is damaged.
  static std::optional<Json> data_of(const Entity& row) {
    try {
      Json out = row.data();
      return out.is_object() ? std::optional(std::move(out)) : std::nullopt;
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  void check_shown_fields() {
    for (const ShownField& field : find_shown_fields(system_))
      tell(Severity::warning, Check::masked_field_shown, field.role,
           fmt::format("the role `{}` once masked `{}` of `{}`, which the schema no longer names; now it shows the {} "
                       "rows and {} events that hold it: mask that field again, or remove its values",
                       field.role, field.path, field.entity_type, field.rows, field.events));
  }

  Session system_;
  const DoctorOptions& options_;
  const StorageReport& storage_;
  std::vector<Finding>& findings_;
  Timestamp now_;
  std::vector<EntityType> types_;
  std::vector<RoleRecord> roles_;
};

}  // namespace

std::string_view to_string(Severity severity) noexcept {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

std::string_view to_string(Finding::Check check) noexcept {
  switch (check) {
    case Check::storage: return "storage";
    case Check::chain: return "chain";
    case Check::time_ahead: return "time_ahead";
    case Check::key_expired: return "key_expired";
    case Check::key_expires_soon: return "key_expires_soon";
    case Check::key_unused: return "key_unused";
    case Check::key_grants_nothing: return "key_grants_nothing";
    case Check::key_ended: return "key_ended";
    case Check::masked_field_shown: return "masked_field_shown";
    case Check::role_broken: return "role_broken";
    case Check::role_grants_nothing: return "role_grants_nothing";
    case Check::unknown_type: return "unknown_type";
    case Check::schema_refused: return "schema_refused";
    case Check::unknown_role: return "unknown_role";
    case Check::reserved_slug: return "reserved_slug";
    case Check::row_invalid: return "row_invalid";
    case Check::row_damaged: return "row_damaged";
    case Check::unique_key_masked: return "unique_key_masked";
    case Check::rule_without_index: return "rule_without_index";
    case Check::index_missing: return "index_missing";
    case Check::run_overdue: return "run_overdue";
    case Check::run_abandoned: return "run_abandoned";
    case Check::run_waiting: return "run_waiting";
    case Check::run_dead: return "run_dead";
  }
  return "storage";
}

std::vector<Finding> examine(const Database& database, const DoctorOptions& options) {
  const TrustedHost host = database.trusted_host();
  std::vector<Organization> organizations;
  if (!options.organization)
    organizations = host.organizations();
  else if (auto own = host.organization(*options.organization))
    organizations.push_back(*std::move(own));
  else
    throw Error(ErrorCode::not_found, "there is no such organization; create it with TrustedHost::create_organization");
  const StorageReport storage = options.storage ? *options.storage : host.check_storage();
  std::vector<Finding> out;
  for (const std::string& fault : storage.faults) out.push_back({Severity::error, Check::storage, {}, {}, {}, fault});
  for (const std::string& warning : storage.warnings)
    out.push_back({Severity::warning, Check::storage, {}, {}, {}, warning});
  for (const Organization& organization : organizations)
    for (const Environment environment : environments)
      Examination(host.system_session(organization.id, environment), options, storage, out).check_all();
  std::ranges::stable_sort(out, std::ranges::greater(), &Finding::severity);
  return out;
}

}  // namespace struere
