#include "definitions/reveals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "definitions/each_entity.hpp"
#include "struere/access/definition.hpp"

namespace struere {
namespace {

constexpr std::size_t most_paths = 50;  // of a type that are reported one by one

// The role whose masks change, or the tool whose denied fields change.
struct Viewer {
  std::string role;
  Mask before, after;
};

bool is_under(const std::vector<FieldPath>& paths, const FieldPath& path) {
  return std::ranges::any_of(paths, [&](const FieldPath& each) { return each.is_prefix_of(path); });
}

// Returns false only if `after` shows nothing in any row that `before` does not show.
bool may_show_more(const Mask& before, const Mask& after) {
  if (before.empty() || before == after) return false;
  for (const FieldPath& path : before.hidden)
    if (!is_under(after.hidden, path)) return true;
  for (const auto& entry : before.redacted) {
    const bool stays = std::ranges::find(after.redacted, entry) != after.redacted.end();
    if (!stays && !is_under(after.hidden, entry.first)) return true;
  }
  // The longer of two paths decides, and its redaction may keep more characters.
  for (const auto& entry : after.redacted)
    if (std::ranges::find(before.redacted, entry) == before.redacted.end() && !before.redacted.empty()) return true;
  if (!before.visible) return false;
  return !after.visible ||
         std::ranges::any_of(*after.visible, [&](const FieldPath& path) { return !is_under(*before.visible, path); });
}

bool may_read(const Role& role, const std::string& type) {
  const RolePolicies alone{role.name, role.policies};
  return decide(std::span(&alone, 1), Action::read, type).allowed() ||
         decide(std::span(&alone, 1), Action::list, type).allowed();
}

// Counts, in one type, the values that each viewer would see.
class TypeScan {
 public:
  TypeScan(const std::string& type, const std::vector<Viewer>& viewers, const EntityMigration* migration,
           std::vector<Reveal>& out)
      : type_(type), viewers_(viewers), migration_(migration), out_(out) {}

  void look_at_rows(StoredData& stored, const EntityType& type) {
    stored.each_row(type, [&](const std::string&, const Json& data) {
      each_leaf(data, [&](const Place& place, const Json& value) {
        for (const std::size_t found : shown(place, value.is_array(), true)) ++out_[found].rows;
      });
      count_attributes(&Reveal::rows,
                       {FieldPath::Root::status, FieldPath::Root::created_at, FieldPath::Root::updated_at});
    });
  }

  void look_at_events(StoredData& stored, const EntityType& type) {
    stored.each_event(type, [&](const EventRecord& event) {
      const Json payload = parse_canonical_json(event.payload);
      std::set<std::size_t> of_event;
      each_data_of_payload(payload, [&](const Json& data) {
        each_leaf(data, [&](const Place& place, const Json& value) {
          const auto& found = shown(place, value.is_array(), false);
          of_event.insert(found.begin(), found.end());
        });
      });
      for (const std::size_t found : of_event) ++out_[found].events;
      if (payload.contains("status") || payload.contains("previousStatus"))
        count_attributes(&Reveal::events, {FieldPath::Root::status});
    });
  }

 private:
  // The entries of the viewers that would see the leaf, or more of it. The migration moves leaves of rows, not of
  // events.
  const std::vector<std::size_t>& shown(const Place& place, bool is_array, bool of_row) {
    std::string key = of_row ? "r" : "e";
    key += is_array ? "a" : "v";
    for (const std::string& segment : place) key.append(segment).push_back('\0');
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
    if (known_.size() >= 10'000) known_.clear();
    std::vector<std::size_t> found;
    const auto moved = of_row && migration_ ? migration_->moved(type_, place) : std::optional(place);
    if (moved)
      for (const Viewer& viewer : viewers_)
        if (exposure(viewer.after, *moved, is_array) > exposure(viewer.before, place, is_array))
          found.push_back(entry(viewer.role, fmt::format("data.{}", fmt::join(place, "."))));
    return known_.emplace(std::move(key), std::move(found)).first->second;
  }

  void count_attributes(std::int64_t Reveal::*count, std::initializer_list<FieldPath::Root> attributes) {
    for (const Viewer& viewer : viewers_)
      for (const FieldPath::Root attribute : attributes)
        if (exposure(viewer.after, attribute) > exposure(viewer.before, attribute))
          ++(out_[entry(viewer.role, attribute == FieldPath::Root::status       ? "status"
                                     : attribute == FieldPath::Root::created_at ? "createdAt"
                                                                                : "updatedAt")].*
             count);
  }

  std::size_t entry(const std::string& role, std::string path) {
    if (entries_.size() >= most_paths && !entries_.contains({role, path})) path = "data";
    const auto [known, is_new] = entries_.try_emplace({role, path}, out_.size());
    if (is_new) out_.push_back({role, type_, path, 0, 0});
    return known->second;
  }

  const std::string& type_;
  const std::vector<Viewer>& viewers_;
  const EntityMigration* migration_;
  std::vector<Reveal>& out_;
  std::map<std::pair<std::string, std::string>, std::size_t> entries_;
  std::map<std::string, std::vector<std::size_t>> known_;
};

class RevealFinder {
 public:
  RevealFinder(GuardedOperation& operation, const DefinitionSet& current, const DefinitionSet& wanted,
               const EntityMigration* migration, StoredData& stored)
      : stored_(stored),
        current_(current),
        wanted_(wanted),
        migration_(migration),
        before_(operation.rules()),
        after_(rules_of(operation, wanted, migration)) {}

  std::vector<Reveal> run() {
    for (const EntityType& type : before_.types()) {
      if (!wanted_.find(DefinitionKind::entity_type, type.slug)) continue;
      const auto viewers = viewers_of(type.slug);
      if (viewers.empty()) continue;
      TypeScan scan(type.slug, viewers, migration_, out_);
      scan.look_at_rows(stored_, type);
      scan.look_at_events(stored_, type);
    }
    return std::move(out_);
  }

 private:
  static RuleBook rules_of(GuardedOperation& operation, const DefinitionSet& wanted, const EntityMigration* migration) {
    std::vector<EntityType> types;
    for (const auto& [slug, definition] : wanted.of(DefinitionKind::entity_type)) {
      EntityType type;
      type.slug = slug;
      types.push_back(std::move(type));
    }
    std::vector<RoleRecord> roles;
    for (const auto& [name, definition] : wanted.of(DefinitionKind::role))
      roles.push_back(read_role(definition, types));
    auto names = operation.rules().former_names();
    if (migration)
      for (FormerName& name : migration->former_names()) names.push_back(std::move(name));
    return RuleBook(0, std::move(types), std::move(roles), std::move(names));
  }

  std::vector<Viewer> viewers_of(const std::string& type) const {
    std::vector<Viewer> out;
    const bool moves = migration_ && migration_->moves_fields(type);
    const auto add = [&](std::string role, Mask before, Mask after) {
      if (!before.empty() && (moves || may_show_more(before, after)))
        out.push_back({std::move(role), std::move(before), std::move(after)});
    };
    for (const auto& [name, role] : after_.roles()) {
      const auto known = before_.roles().find(name);
      if (known == before_.roles().end() || !may_read(role, type)) continue;
      const auto was = known->second.types.find(type), is = role.types.find(type);
      if (was == known->second.types.end() || was->second.broken) continue;
      add(name, was->second.mask, is == role.types.end() ? Mask() : is->second.mask);
    }
    for (const auto& [tool, definition] : current_.of(DefinitionKind::tool))
      for (const auto& [agent, permission] : definition.at("agents").items()) {
        const Json* const wanted = wanted_.find(DefinitionKind::tool, tool);
        const Json later = wanted ? wanted->at("agents").value(agent, Json::object()) : Json::object();
        if (later.contains("allowedActions") && !names_reading(later.at("allowedActions"))) continue;
        add(fmt::format("tool {} of agent {}", tool, agent), denied(before_, permission, type),
            denied(after_, later, type));
      }
    return out;
  }

  static bool names_reading(const Json& actions) {
    return std::ranges::any_of(actions, [](const Json& action) { return action == "read" || action == "list"; });
  }

  static Mask denied(const RuleBook& rules, const Json& permission, const std::string& type) {
    Mask out;
    for (const Json& field : permission.value("deniedFields", Json::array()))
      if (const auto path = FieldPath::parse(field.get<std::string>())) rules.hide(out, *path, type);
    return out;
  }

  StoredData& stored_;
  const DefinitionSet& current_;
  const DefinitionSet& wanted_;
  const EntityMigration* migration_;
  const RuleBook& before_;
  RuleBook after_;
  std::vector<Reveal> out_;
};

std::string counted(std::int64_t count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::vector<Reveal> find_reveals(GuardedOperation& operation, const DefinitionSet& current, const DefinitionSet& wanted,
                                 const EntityMigration* migration, StoredData& stored) {
  return RevealFinder(operation, current, wanted, migration, stored).run();
}

Obstacle obstacle_of(const Reveal& reveal) {
  return {Obstacle::Kind::masked_values_shown,
          reveal.role,
          reveal.rows + reveal.events,
          {},
          fmt::format("`{}` masks `{}` of `{}` now and would show it: {} and {} hold it; keep a mask of that field, or "
                      "say that it may be revealed",
                      reveal.role, reveal.path, reveal.entity_type, counted(reveal.rows, "row"),
                      counted(reveal.events, "event"))};
}

void require_named(const ChangePlan& planned, const ChangePlan& now) {
  for (const Reveal& reveal : now.reveals) {
    const bool is_named = std::ranges::any_of(planned.reveals, [&](const Reveal& other) {
      return other.role == reveal.role && other.entity_type == reveal.entity_type && other.path == reveal.path;
    });
    if (!is_named)
      throw Error(ErrorCode::conflict, obstacle_of(reveal).message + " (this came after it was planned: plan again)");
  }
}

}  // namespace struere
