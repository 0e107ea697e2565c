#include "definitions/entity_migration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "struere/core/error.hpp"
#include "struere/core/field_path.hpp"

namespace struere {
namespace {

using Kind = MigrationStep::Kind;

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::invalid_data, message); }

bool changes_data(const MigrationStep& step) {
  return step.kind == Kind::add_field || step.kind == Kind::remove_field || step.kind == Kind::rename_field;
}

std::vector<std::string> segments_of(const std::string& field) {
  const auto path = FieldPath::parse("data." + field);
  if (!path) throw Error(ErrorCode::invalid_definition, fmt::format("`{}` is not a path inside `data`", field));
  return path->segments();
}

// The object that contains the last segment; null if there is none.
Json* holder_of(Json& data, const std::vector<std::string>& segments) {
  Json* at = &data;
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    if (!at->is_object() || !at->contains(segments[i])) return nullptr;
    at = &at->at(segments[i]);
  }
  return at->is_object() && at->contains(segments.back()) ? at : nullptr;
}

void put(Json& data, const std::string& field, Json value) {
  const auto segments = segments_of(field);
  Json* at = &data;
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    Json& next = (*at)[segments[i]];
    if (next.is_null()) next = Json::object();
    if (!next.is_object()) refuse(fmt::format("`{}` would be inside `{}`, which is not an object", field, segments[i]));
    at = &next;
  }
  (*at)[segments.back()] = std::move(value);
}

}  // namespace

EntityMigration::EntityMigration(const Pack& pack, const std::string& from) {
  // Breadth first, so that each version is reached by the fewest migrations.
  std::map<std::string, const Migration*> reached_by{{from, nullptr}};
  std::deque<std::string> next{from};
  while (!next.empty() && !reached_by.contains(pack.version)) {
    for (const Migration& migration : pack.migrations)
      if (migration.from == next.front() && reached_by.emplace(migration.to, &migration).second)
        next.push_back(migration.to);
    next.pop_front();
  }
  if (!reached_by.contains(pack.version)) {
    std::set<std::string> beginnings;
    for (const Migration& migration : pack.migrations) beginnings.insert(migration.from);
    throw Error(
        ErrorCode::invalid_definition,
        fmt::format("no migrations of pack `{}` lead from {} to {} ({}); add one to its pack.yaml, with no "
                    "steps if there is nothing to do",
                    pack.id, from, pack.version,
                    beginnings.empty() ? "it has none" : fmt::format("they begin at {}", fmt::join(beginnings, ", "))));
  }
  std::vector<const Migration*> way;
  for (const Migration* last = reached_by.at(pack.version); last; last = reached_by.at(last->from)) way.push_back(last);
  std::ranges::reverse(way);
  versions_.push_back(from);
  for (const Migration* migration : way) {
    versions_.push_back(migration->to);
    steps_.insert(steps_.end(), migration->steps.begin(), migration->steps.end());
  }
}

std::vector<std::string> EntityMigration::types() const {
  std::set<std::string> out;
  for (const MigrationStep& step : steps_)
    if (changes_data(step)) out.insert(step.entity_type);
  return {out.begin(), out.end()};
}

bool EntityMigration::mentions(const std::string& type) const {
  return std::ranges::find(steps_, type, &MigrationStep::entity_type) != steps_.end();
}

std::vector<FormerName> EntityMigration::former_names() const {
  std::vector<FormerName> out;
  for (const MigrationStep& step : steps_)
    if (step.kind == Kind::rename_field) out.push_back({step.entity_type, 0, step.field, step.to, 0});
  return out;
}

bool EntityMigration::moves_fields(const std::string& type) const {
  return std::ranges::any_of(
      steps_, [&](const MigrationStep& step) { return step.kind == Kind::rename_field && step.entity_type == type; });
}

std::optional<std::vector<std::string>> EntityMigration::moved(const std::string& type,
                                                               std::vector<std::string> place) const {
  for (const MigrationStep& step : steps_) {
    if (step.entity_type != type || (step.kind != Kind::remove_field && step.kind != Kind::rename_field)) continue;
    const auto from = segments_of(step.field);
    if (from.size() > place.size() || !std::equal(from.begin(), from.end(), place.begin())) continue;
    if (step.kind == Kind::remove_field) return std::nullopt;
    auto to = segments_of(step.to);
    to.insert(to.end(), place.begin() + static_cast<std::ptrdiff_t>(from.size()), place.end());
    place = std::move(to);
  }
  return place;
}

std::optional<std::string> EntityMigration::change_of(const std::string& type, const std::string& field,
                                                      bool unless_added) const {
  const auto path = FieldPath::parse(field);
  if (!path || !path->is_data()) return std::nullopt;
  const auto touches = [&](const std::string& other) {
    const auto place = FieldPath::parse("data." + other);
    return place && (place->is_prefix_of(*path) || path->is_prefix_of(*place));
  };
  for (const MigrationStep& step : steps_) {
    if (step.entity_type != type || !changes_data(step)) continue;
    if (step.kind == Kind::rename_field && (touches(step.field) || touches(step.to)))
      return fmt::format("renames `{}` to `{}`", step.field, step.to);
    if (step.kind == Kind::rename_field || !touches(step.field)) continue;
    if (step.kind == Kind::remove_field) return fmt::format("removes `{}`", step.field);
    if (!unless_added) return fmt::format("adds `{}` to entities without it", step.field);
  }
  return std::nullopt;
}

Json EntityMigration::migrated(const std::string& type, Json data) const {
  for (const MigrationStep& step : steps_) {
    if (step.entity_type != type || !changes_data(step)) continue;
    const auto segments = segments_of(step.field);
    Json* const holder = holder_of(data, segments);
    if (step.kind == Kind::add_field) {
      if (!holder) put(data, step.field, step.value);
    } else if (holder) {
      Json value = std::move(holder->at(segments.back()));
      holder->erase(segments.back());
      if (step.kind == Kind::remove_field) continue;
      if (holder_of(data, segments_of(step.to)))
        refuse(fmt::format("`{}` would become `{}`, and both exist", step.field, step.to));
      put(data, step.to, std::move(value));
    }
  }
  return data;
}

}  // namespace struere
