#include "definitions/pack_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "core/compiled_schemas.hpp"
#include "core/semantic_version.hpp"
#include "core/single_line.hpp"
#include "core/text.hpp"
#include "definitions/definition_check.hpp"
#include "struere/core/error.hpp"
#include "struere/core/field_path.hpp"

namespace struere {
namespace {

using Kind = MigrationStep::Kind;

// Each step is compared with the others, and looked for by each mask of a field that the pack does not have any more.
constexpr std::size_t most_steps = 1000;  // of all migrations of a pack; so many migrations as well

std::optional<std::string> excess_of(const Pack& pack) {
  std::size_t steps = 0;
  for (const Migration& migration : pack.migrations) steps += migration.steps.size();
  if (pack.migrations.size() <= most_steps && steps <= most_steps) return std::nullopt;
  return fmt::format("a pack has at most {} migrations, with at most {} steps together; drop the oldest", most_steps,
                     most_steps);
}

class PackCheck {
 public:
  explicit PackCheck(const Pack& pack) : pack_(pack) {}

  std::vector<ShapeFault> run() {
    if (const auto excess = excess_of(pack_)) {
      fault("/migrations", *excess);
      return std::move(faults_);
    }
    if (!is_slug(pack_.id)) fault("/id", "an id is 1 to 64 lower-case letters, digits, _ and -");
    if (pack_.name.size() > longest_name) fault("/name", fmt::format("a name has at most {} bytes", longest_name));
    const auto version = require_version(pack_.version, "/version");
    std::set<std::pair<std::string, std::string>> known;
    for (std::size_t i = 0; i < pack_.migrations.size(); ++i) {
      const Migration& migration = pack_.migrations[i];
      const std::string place = fmt::format("/migrations/{}", i);
      const auto from = require_version(migration.from, place + "/from");
      const auto to = require_version(migration.to, place + "/to");
      if (from && to && *from >= *to) fault(place + "/to", "a migration leads from a version to a later one");
      if (to && version && *to > *version)
        fault(place + "/to", fmt::format("the pack is {}; a migration cannot lead beyond it", pack_.version));
      if (!known.emplace(migration.from, migration.to).second)
        fault(place, fmt::format("there are two migrations from {} to {}", migration.from, migration.to));
      for (std::size_t step = 0; step < migration.steps.size(); ++step)
        check_step(migration.steps[step],
                   fmt::format("{}/steps/{}/{}", place, step, to_string(migration.steps[step].kind)));
    }
    return std::move(faults_);
  }

 private:
  void fault(const std::string& place, std::string message) {
    faults_.push_back({Json::json_pointer(place), std::move(message)});
  }

  std::optional<SemanticVersion> require_version(const std::string& text, const std::string& place) {
    auto version = SemanticVersion::parse(text);
    if (!version) fault(place, fmt::format("{} is not a semantic version such as 1.2.3", in_quotes(text)));
    return version;
  }

  void check_step(const MigrationStep& step, const std::string& place) {
    const bool names_field =
        step.kind == Kind::add_field || step.kind == Kind::remove_field || step.kind == Kind::rename_field;
    const Json* const type = pack_.definitions.find(DefinitionKind::entity_type, step.entity_type);
    if (!type) {
      std::vector<std::string> slugs;
      for (const auto& [slug, definition] : pack_.definitions.of(DefinitionKind::entity_type)) slugs.push_back(slug);
      fault(names_field ? place + "/entityType" : place,
            fmt::format("the pack has no entity type `{}`.{}", step.entity_type, suggestion(step.entity_type, slugs)));
    }
    if (!names_field) return;
    if (!require_path(step.field, place + "/field")) return;
    if (step.kind == Kind::remove_field) return;
    const bool is_renaming = step.kind == Kind::rename_field;
    const std::string& made = is_renaming ? step.to : step.field;
    const std::string at = place + (is_renaming ? "/to" : "/field");
    if (is_renaming && !require_path(step.to, at)) return;
    if (is_renaming &&
        (step.to == step.field || step.to.starts_with(step.field + ".") || step.field.starts_with(step.to + ".")))
      fault(at, "a field cannot be renamed into itself");
    if (!is_renaming && step.value.is_null()) fault(place + "/value", "null cannot be added");
    if (type && !is_taken_away(step.entity_type, made)) check_made(*type, step, made, at);
  }

  bool require_path(const std::string& field, const std::string& place) {
    if (FieldPath::parse("data." + field)) return true;
    fault(place, fmt::format("{} is not a path inside `data` such as address.street", in_quotes(field)));
    return false;
  }

  // Whether another step removes or renames the field. Then the schema does not have to contain it.
  bool is_taken_away(const std::string& type, const std::string& field) const {
    return std::ranges::any_of(pack_.migrations, [&](const Migration& migration) {
      return std::ranges::any_of(migration.steps, [&](const MigrationStep& step) {
        return step.entity_type == type && step.field == field &&
               (step.kind == Kind::remove_field || step.kind == Kind::rename_field);
      });
    });
  }

  void check_made(const Json& type, const MigrationStep& step, const std::string& field, const std::string& place) {
    if (const auto wrong = missing_field(pack_.definitions, step.entity_type, "data." + field)) fault(place, *wrong);
    if (step.kind != Kind::add_field || !type.contains("schema")) return;
    const auto [known, is_new] = references_.try_emplace(step.entity_type);
    if (is_new)
      for (const ReferenceField& reference : CompiledSchemas::references_of(canonical_json(type.at("schema"))))
        known->second.insert(fmt::format("{}", fmt::join(reference.place, ".")));
    if (known->second.contains(field))
      fault(place, "this field refers to an entity, and there is none that all could refer to; leave it out");
  }

  const Pack& pack_;
  std::map<std::string, std::set<std::string>> references_;  // the paths of fields with `references`, by type
  std::vector<ShapeFault> faults_;
};

}  // namespace

std::string_view to_string(Kind kind) noexcept {
  switch (kind) {
    case Kind::add_field: return "addField";
    case Kind::remove_field: return "removeField";
    case Kind::rename_field: return "renameField";
    case Kind::add_type: return "addType";
    case Kind::modify_schema: return "modifySchema";
  }
  return "modifySchema";
}

HeldFields fields_of_migrations(const Pack& pack) {
  // By type, as paths in their order: a path comes right before those that it is a prefix of.
  auto former = std::make_shared<std::map<std::string, std::set<FieldPath>>>();
  for (const Migration& migration : pack.migrations)
    for (const MigrationStep& step : migration.steps)
      if (step.kind == Kind::remove_field || step.kind == Kind::rename_field)
        if (auto field = FieldPath::parse("data." + step.field)) (*former)[step.entity_type].insert(*std::move(field));
  return [former](const std::string& type, const FieldPath& field) {
    const auto fields = former->find(type);
    if (fields == former->end()) return false;
    const auto below = fields->second.lower_bound(field);
    if (below != fields->second.end() && field.is_prefix_of(*below)) return true;
    std::string prefix = "data";
    for (const std::string& segment : field.segments()) {
      prefix += "." + segment;
      if (const auto path = FieldPath::parse(prefix); path && fields->second.contains(*path)) return true;
    }
    return false;
  };
}

std::vector<ShapeFault> pack_faults(const Pack& pack) { return PackCheck(pack).run(); }

void require_right(const Pack& pack) {
  if (const auto excess = excess_of(pack)) throw Error(ErrorCode::invalid_definition, *excess);
  (void)pack.definitions.normal_form(fields_of_migrations(pack));
  std::vector<std::string> lines;
  for (const ShapeFault& fault : pack_faults(pack))
    lines.push_back(fmt::format("{}: {}", fault.place.to_string(), fault.message));
  if (!lines.empty()) throw Error(ErrorCode::invalid_definition, lines);
}

}  // namespace struere
