#include "struere/access/definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "access/indexed_fields.hpp"
#include "access/reserved_words.hpp"
#include "access/rule_reader.hpp"
#include "core/compiled_schemas.hpp"
#include "core/single_line.hpp"
#include "core/text.hpp"
#include "query/bounds.hpp"
#include "struere/access/policy.hpp"

namespace struere {
namespace {

std::string require_name_at(const Json& definition, const char* what, const char* key) {
  const std::string& name = require_text(definition, what, key);
  if (name.empty() || name.size() > longest_name)
    refuse(fmt::format("`{}` of {} is a text of 1 to {} bytes", key, what, longest_name));
  return name;
}

// A path inside `data`, written without `data.`.
std::string require_inner_path(const Json& value, const char* what) {
  if (!value.is_string() || !FieldPath::parse("data." + value.get<std::string>()))
    refuse(fmt::format("{} is a path inside `data`, such as \"subject\" or \"place.city\"", what));
  return value.get<std::string>();
}

std::vector<UniqueKey> read_unique_keys(const Json& keys) {
  constexpr std::size_t most_keys = 8, most_paths = 4;
  if (!keys.is_array()) refuse("`unique` is a list of keys, and each key a list of paths inside `data`");
  if (keys.size() > most_keys) refuse(fmt::format("`unique` has at most {} keys", most_keys));
  std::vector<UniqueKey> out;
  for (const Json& key : keys) {
    if (!key.is_array() || key.empty() || key.size() > most_paths)
      refuse(fmt::format("a key of `unique` is a list of 1 to {} paths inside `data`", most_paths));
    UniqueKey paths;
    for (const Json& path : key) paths.push_back(require_inner_path(path, "each element of a key of `unique`"));
    if (std::ranges::find(out, paths) == out.end()) out.push_back(std::move(paths));
  }
  return out;
}

Json acceptable(const Json& definition) {
  JsonFault fault;
  const auto text = canonical_json(definition, fault);
  if (!text) refuse("the definition cannot be used: " + fault.message);
  return parse_canonical_json(*text);
}

// The type with this slug; null if there is none. Many are usually sorted by slug and are then searched by halves, so
// that a large set of definitions is read in time linear in its size.
const EntityType* find_type(const std::vector<EntityType>& known, std::string_view slug) {
  std::size_t first = 0, last = known.size();
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    const int order = known[middle].slug.compare(slug);
    if (order == 0) return &known[middle];
    (order < 0 ? first : last) = order < 0 ? middle + 1 : middle;
  }
  const auto found = std::ranges::find(known, slug, &EntityType::slug);
  return found == known.end() ? nullptr : &*found;
}

class RoleReader {
 public:
  RoleReader(const Json& definition, const std::vector<EntityType>& known) : definition_(definition), known_(known) {}

  RoleRecord read() {
    require_keys(definition_, "a role", {"name"}, {"policies", "scopeRules", "fieldMasks", "visibleFields"});
    RoleRecord role;
    role.name = require_name_at(definition_, "a role", "name");
    for (const Json& policy : list("policies")) read_policies(policy, role);
    std::map<std::string, Mask> masks;  // by type; all parts are read into one mask, which finds contradictions
    std::size_t conditions_left = most_rule_conditions;
    for (const Json& rule : list("scopeRules")) {
      role.scope_rules.push_back(typed(rule, "a scope rule"));
      read_scope_rule(parse_canonical_json(role.scope_rules.back().json), {}, conditions_left);
    }
    if (list("fieldMasks").size() > most_masks)
      refuse(fmt::format("`fieldMasks` of a role are at most {}", most_masks));
    for (const Json& mask : list("fieldMasks")) {
      role.field_masks.push_back(typed(mask, "a field mask"));
      add_field_mask(parse_canonical_json(role.field_masks.back().json), masks[role.field_masks.back().entity_type]);
    }
    for (const Json& fields : list("visibleFields")) {
      role.visible_fields.push_back(typed(fields, "`visibleFields`"));
      add_visible_fields(parse_canonical_json(role.visible_fields.back().json),
                         masks[role.visible_fields.back().entity_type]);
    }
    return role;
  }

 private:
  Json list(const char* key) const {
    const auto found = definition_.find(key);
    if (found == definition_.end()) return Json::array();
    if (!found->is_array()) refuse(fmt::format("`{}` of a role is a list", key));
    return *found;
  }

  bool is_known_type(std::string_view slug) const { return find_type(known_, slug) != nullptr; }

  void read_policies(const Json& policy, RoleRecord& role) {
    require_keys(policy, "a policy", {"resource", "actions", "effect"}, {});
    const std::string& resource = require_text(policy, "a policy", "resource");
    if (resource != "*" && !is_system_resource(resource) && !is_known_type(resource))
      refuse(
          fmt::format("a policy names the resource {}, which is neither an entity type of this scope, nor a system "
                      "resource, nor `*`",
                      in_quotes(resource)));
    const std::string& effect = require_text(policy, "a policy", "effect");
    if (effect != "allow" && effect != "deny") refuse("`effect` of a policy is allow or deny");
    const Json& actions = policy.at("actions");
    if (!actions.is_array() || actions.empty()) refuse("`actions` of a policy is a list of at least one action");
    for (const Json& action : actions) {
      if (!action.is_string() || (action != "*" && !parse_action(action.get_ref<const std::string&>())))
        refuse("an action is create, read, update, delete, list or `*`");
      PolicyRecord record{resource, action.get<std::string>(), effect};
      if (policies_.emplace(record.resource, record.action, record.effect).second)
        role.policies.push_back(std::move(record));
    }
  }

  TypedRecord typed(const Json& definition, const char* what) const {
    if (!definition.is_object()) refuse(fmt::format("{} is an object", what));
    const std::string& type = require_text(definition, what, "entityType");
    if (!is_known_type(type))
      refuse(fmt::format("{} names the entity type {}, which this scope does not have", what, in_quotes(type)));
    Json rest = definition;
    rest.erase("entityType");
    return {type, canonical_json(rest)};
  }

  const Json& definition_;
  const std::vector<EntityType>& known_;
  std::set<std::tuple<std::string, std::string, std::string>> policies_;  // those that were read
};

// A schema whose `type` excludes objects would refuse every row.
void require_objects(const std::string& slug, const Json& schema) {
  const Json types = schema.is_object() ? schema.value("type", Json("object")) : Json("object");
  if (types == "object" || (types.is_array() && std::ranges::find(types, Json("object")) != types.end())) return;
  refuse(
      fmt::format("the schema of `{}` accepts no row: `data` of an entity is an object, and its `type` does not name "
                  "`object`",
                  slug));
}

}  // namespace

void check_new_slug(const std::string& slug) {
  if (is_reserved_slug(slug))
    refuse(fmt::format("`{}` is a reserved word: struere's own events begin with it; choose another slug", slug));
}

EntityType read_entity_type(const Json& raw, const std::vector<EntityType>& known) {
  const Json definition = acceptable(raw);
  require_keys(definition, "an entity type", {"slug"},
               {"name", "schema", "searchFields", "unique", "boundToRole", "userIdField"});
  EntityType type;
  type.slug = require_text(definition, "an entity type", "slug");
  if (!is_slug(type.slug)) refuse("a slug is 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or digit");
  if (is_system_resource(type.slug))
    refuse(fmt::format("`{}` is the name of a system resource; choose another slug", type.slug));
  const EntityType* const same = find_type(known, type.slug);
  const bool is_stored = same && same->key != 0;  // it was defined before the word was reserved
  if (!is_stored) check_new_slug(type.slug);
  type.name = definition.contains("name") ? require_name_at(definition, "an entity type", "name") : type.slug;
  if (const auto schema = definition.find("schema"); schema != definition.end()) {
    type.schema = canonical_json(*schema);
    for (const ReferenceField& reference : CompiledSchemas::references_of(type.schema))
      if (reference.type != type.slug && !find_type(known, reference.type))
        refuse(fmt::format("the schema of `{}` references the entity type {}, which this scope does not have",
                           type.slug, in_quotes(reference.type)));
    require_objects(type.slug, *schema);
  }
  if (const auto fields = definition.find("searchFields"); fields != definition.end()) {
    if (!fields->is_array()) refuse("`searchFields` is a list of paths inside `data`");
    if (fields->size() > most_search_fields)
      refuse(fmt::format("`searchFields` names at most {} fields", most_search_fields));
    for (const Json& field : *fields) {
      std::string path = require_inner_path(field, "a search field");
      if (std::ranges::find(type.search_fields, path) != type.search_fields.end())
        refuse(fmt::format("`searchFields` names `{}` twice", path));
      type.search_fields.push_back(std::move(path));
    }
  }
  if (const auto keys = definition.find("unique"); keys != definition.end()) type.unique = read_unique_keys(*keys);
  if (definition.contains("boundToRole"))
    type.bound_to_role = require_name_at(definition, "an entity type", "boundToRole");
  if (const auto field = definition.find("userIdField"); field != definition.end())
    type.user_id_field = require_inner_path(*field, "`userIdField`");
  EntityType unbound = type;
  unbound.bound_to_role.reset();
  if (indexed_fields(unbound).size() > most_indexed_fields)
    refuse(fmt::format("the schema of `{}` says `\"x-index\": true` of more than {} fields; each costs every write",
                       type.slug, most_indexed_fields));
  return type;
}

RoleRecord read_role(const Json& raw, const std::vector<EntityType>& known) {
  const Json definition = acceptable(raw);
  return RoleReader(definition, known).read();
}

Json definition_of(const EntityType& type) {
  Json out{{"slug", type.slug},
           {"name", type.name},
           {"schema", parse_canonical_json(type.schema)},
           {"userIdField", type.user_id_field}};
  out["searchFields"] = type.search_fields;
  if (!type.unique.empty()) out["unique"] = type.unique;
  if (type.bound_to_role) out["boundToRole"] = *type.bound_to_role;
  return out;
}

Json definition_of(const RoleRecord& role) {
  const auto typed = [](const std::vector<TypedRecord>& records) {
    Json out = Json::array();
    for (const TypedRecord& record : records) {
      out.push_back(parse_canonical_json(record.json));
      out.back()["entityType"] = record.entity_type;
    }
    return out;
  };
  Json policies = Json::array();
  for (const PolicyRecord& policy : role.policies)
    policies.push_back(
        {{"resource", policy.resource}, {"actions", Json::array({policy.action})}, {"effect", policy.effect}});
  return {{"name", role.name},
          {"policies", std::move(policies)},
          {"scopeRules", typed(role.scope_rules)},
          {"fieldMasks", typed(role.field_masks)},
          {"visibleFields", typed(role.visible_fields)}};
}

}  // namespace struere
