#include "adoption/adoption_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "adoption/adoption_values.hpp"
#include "core/deadline.hpp"
#include "core/semantic_version.hpp"
#include "core/single_line.hpp"
#include "core/text.hpp"
#include "struere/access/definition.hpp"
#include "struere/core/error.hpp"
#include "struere/core/field_path.hpp"
#include "struere/model/action.hpp"

namespace struere {
namespace {

constexpr std::int64_t most_examples = 5;
constexpr Timestamp longest_ahead = 86'400'000;  // of a clock that is ahead
constexpr std::array<std::string_view, 2> environments{"development", "production"};

// Collects mistakes. Keeps the text of the first five.
class Mistakes {
 public:
  void add(const AdoptionTable& table, const AdoptionRow& row, std::string_view what) {
    if (++count_ <= most_examples) lines_.push_back(fmt::format("  {}: {}", name_of_row(table, row), what));
  }
  void add(const AdoptionTable& table, const AdoptionRow& row, const Error& error) {
    for (const std::string& line : lines_of(error.what())) add(table, row, line);
  }
  bool any() const { return count_ > 0; }
  void throw_any() const {
    if (!any()) return;
    std::vector<std::string> lines{
        "these rows cannot be adopted; correct them in the existing database, and try again:"};
    lines.insert(lines.end(), lines_.begin(), lines_.end());
    if (count_ > most_examples) lines.push_back(fmt::format("  and {} more", count_ - most_examples));
    throw Error(ErrorCode::invalid_data, lines);
  }

 private:
  std::int64_t count_ = 0;
  std::vector<std::string> lines_;
};

std::string text_of(const AdoptionValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  return text ? Json(*text).dump(-1, ' ', false, Json::error_handler_t::replace) : "a value that is not a text";
}

class AdoptionCheck {
 public:
  AdoptionCheck(AdoptionFile& file, Timestamp now) : file_(file), latest_(saturating_add(now, longest_ahead)) {}

  void run() {
    for (const AdoptionTable* table : file_.tables()) check_between_rows(*table);
    for (const AdoptionTable* table : file_.tables())
      file_.each_row(*table, [&](const AdoptionRow& row) { check_row(*table, row); });
    // The checks below need valid rows.
    mistakes_.throw_any();
    check_definitions();
    mistakes_.throw_any();
  }

 private:
  using Owner = std::pair<std::string, std::string>;

  static Owner owner_of(const AdoptionRow& row) {
    return {std::get<std::string>(row.organization), std::get<std::string>(row.environment)};
  }

  void check_between_rows(const AdoptionTable& table) {
    for (const AdoptionRow& row : file_.without_organization(table, most_examples))
      mistakes_.add(table, row, fmt::format("there is no organization {}", text_of(row.organization)));
    if (table.has_unique_key)
      for (const AdoptionRow& row : file_.repeated(table, table.key, most_examples))
        mistakes_.add(table, row, "is there more than once");
    if (!table.unique.empty())
      for (const AdoptionRow& row : file_.repeated(table, table.unique, most_examples))
        mistakes_.add(table, row, fmt::format("its `{}` is another row's, too", fmt::join(table.unique, ", ")));
    for (const AdoptionReference& reference : table.references)
      for (const AdoptionRow& row : file_.dangling(table, reference, most_examples))
        mistakes_.add(table, row,
                      fmt::format("`{}` names {}, which is not among the {} there", reference.column,
                                  text_of(row.at(table, reference.column)), reference.table));
  }

  void check_row(const AdoptionTable& table, const AdoptionRow& row) {
    try {
      check_owner(table, row);
      for (std::size_t i = 0; i < table.columns.size(); ++i) check_value(table.columns[i], row.values[i]);
      const AdoptionValues values(table, row);
      if (table.name == "api_keys" && !hashes_.insert(values.text("hash")).second)
        mistakes_.add(table, row, "its `hash` is another key's, too");
      if (table.name == "entity_relations" && !FieldPath::is_segment(values.text("type")))
        mistakes_.add(table, row, "its `type` is not made of letters, digits, _ and -");
      if (table.name == "tool_permissions") check_permission(table, row, values);
      if (table.name == "installed_packs") check_pack(table, row, values);
    } catch (const Error& error) {
      mistakes_.add(table, row, error);
    }
  }

  // A write never gets an earlier time than the writes before it: one row from the future would date all later ones.
  void check_value(const AdoptionColumn& column, const AdoptionValue& value) const {
    const RecordValue read = read_adoption_value(column, value);
    const auto* const time = std::get_if<std::int64_t>(&read);
    if (column.kind == AdoptionKind::time && time && *time > latest_)
      throw Error(ErrorCode::invalid_data,
                  fmt::format("`{}` is more than a day in the future; times are milliseconds since the Unix epoch",
                              column.name));
  }

  void check_owner(const AdoptionTable& table, const AdoptionRow& row) {
    if (table.owner != AdoptionOwner::scope) return;
    const auto* const environment = std::get_if<std::string>(&row.environment);
    if (!environment || !parse_environment(*environment))
      mistakes_.add(
          table, row,
          fmt::format("`environment` is {}, and neither development nor production", text_of(row.environment)));
  }

  void check_permission(const AdoptionTable& table, const AdoptionRow& row, const AdoptionValues& values) {
    if (values.has("allowed_actions"))
      for (const std::string& action : values.texts("allowed_actions"))
        if (!parse_action(action)) mistakes_.add(table, row, "`allowed_actions` has an unknown action");
    for (const std::string& field : values.texts("denied_fields"))
      if (!FieldPath::parse(field)) mistakes_.add(table, row, "`denied_fields` has a malformed field");
    if ((values.text("identity") == "configured") != values.has("role"))
      mistakes_.add(table, row, "`role` is required for the identity `configured`, and not allowed for others");
  }

  // As Packs writes such a record.
  void check_pack(const AdoptionTable& table, const AdoptionRow& row, const AdoptionValues& values) {
    if (!is_slug(values.text("pack_id")))
      mistakes_.add(table, row, "`pack_id` is 1 to 64 lower-case letters, digits, _ and -");
    const auto require_version = [&](const char* what, const std::string& version) {
      if (!SemanticVersion::parse(version))
        mistakes_.add(table, row, fmt::format("{} is not a semantic version such as 1.2.3", what));
    };
    require_version("`version`", values.text("version"));
    for (const Json& entry : parse_canonical_json(values.text("history")))
      if (!entry.is_object() || !entry.contains("version") || !entry.at("version").is_string())
        mistakes_.add(table, row, "each entry of `history` is an object with a `version`");
      else
        require_version("a `version` in `history`", entry.at("version"));
  }

  // Roles that keys, agents and tools name. A row of `tool_permissions` is shared by the environments.
  void check_role_names(const std::map<Owner, std::set<std::string>>& known) {
    const auto has = [&](const Owner& owner, const std::string& role) {
      const auto found = known.find(owner);
      return found != known.end() && found->second.contains(role);
    };
    const auto refuse = [&](const AdoptionTable& table, const AdoptionRow& row, const std::string& role) {
      mistakes_.add(table, row, fmt::format("its role {} is not among the roles there", in_quotes(role)));
    };
    for (const char* const name : {"api_keys", "agent_configs"})
      each(*find_adoption_table(name), [&](const AdoptionTable& table, const AdoptionRow& row) {
        const Owner owner = owner_of(row);
        for (const std::string& role : AdoptionValues(table, row).texts("roles"))
          if (!has(owner, role)) refuse(table, row, role);
      });
    each(*find_adoption_table("tool_permissions"), [&](const AdoptionTable& table, const AdoptionRow& row) {
      const auto role = AdoptionValues(table, row).optional_text("role");
      const auto& organization = std::get<std::string>(row.organization);
      if (role && std::ranges::none_of(environments, [&](std::string_view environment) {
            return has({organization, std::string(environment)}, *role);
          }))
        refuse(table, row, *role);
    });
  }

  // Visits the rows of a table if the file has it. An error is a mistake of the row.
  template <class Visit>
  void each(const AdoptionTable& table, const Visit& visit) {
    if (std::ranges::find(file_.tables(), &table) == file_.tables().end()) return;
    file_.each_row(table, [&](const AdoptionRow& row) {
      try {
        visit(table, row);
      } catch (const Error& error) {
        mistakes_.add(table, row, error);
      }
    });
  }

  // Reads entity types and roles in the same way as when they are defined.
  void check_definitions() {
    const AdoptionTable& types = *find_adoption_table("entity_types");
    const AdoptionTable& roles = *find_adoption_table("roles");
    std::map<Owner, std::vector<EntityType>> known;
    each(types, [&](const AdoptionTable&, const AdoptionRow& row) {
      EntityType& type = known[owner_of(row)].emplace_back(adopted_entity_type(row));
      type.key = 1;  // an existing type keeps a slug that was reserved later, so that its rows can be adopted
    });
    each(types, [&](const AdoptionTable&, const AdoptionRow& row) {
      read_entity_type(definition_of(adopted_entity_type(row)), known[owner_of(row)]);
    });
    std::map<Owner, std::set<std::string>> role_names;
    each(roles, [&](const AdoptionTable&, const AdoptionRow& row) {
      const RoleRecord role =
          adopted_role(row, [&](const AdoptionTable& table) { return file_.parts_of_role(table, row); });
      role_names[owner_of(row)].insert(role.name);
      read_role(definition_of(role), known[owner_of(row)]);
    });
    check_role_names(role_names);
  }

  AdoptionFile& file_;
  Timestamp latest_;
  Mistakes mistakes_;
  std::set<std::string> hashes_;
};

}  // namespace

void check_adoption_rows(AdoptionFile& file, Timestamp now) { AdoptionCheck(file, now).run(); }

}  // namespace struere
