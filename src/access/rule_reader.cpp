#include "access/rule_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/single_line.hpp"
#include "query/bounds.hpp"
#include "query/condition_parser.hpp"

namespace struere {
namespace {

class RoleWords final : public RuleWords {
 public:
  explicit RoleWords(const OwnEntity& own) : own_(own) {}
  OwnEntity own_entity() const override { return own_; }

 private:
  const OwnEntity& own_;
};

FieldPath maskable_path(const Json& definition) {
  const std::string& text = require_text(definition, "a field mask", "fieldPath");
  const auto path = FieldPath::parse(text);
  if (!path || path->root() == FieldPath::Root::id)
    refuse(fmt::format(
        "`fieldPath` {} of a field mask is not `data.` and up to 8 segments, status, createdAt or updatedAt",
        in_quotes(text)));
  return *path;
}

Redaction read_redaction(const Json& config) {
  Redaction redaction;
  require_keys(config, "`maskConfig`", {}, {"replacement", "keepLast"});
  if (const auto found = config.find("replacement"); found != config.end()) {
    JsonFault fault;
    const auto canonical = canonical_json(*found, fault);
    if (!canonical) refuse("`replacement` cannot be used: " + fault.message);
    redaction.replacement = parse_canonical_json(*canonical);
  }
  if (const auto found = config.find("keepLast"); found != config.end()) {
    // Definitions are canonical here, so 4.0 is the integer 4.
    if (!found->is_number_integer() || *found < 1 || *found > 32) refuse("`keepLast` is a whole number from 1 to 32");
    redaction.keep_last = found->get<int>();
  }
  return redaction;
}

}  // namespace

void refuse(const std::string& message) { throw Error(ErrorCode::invalid_definition, message); }

void require_keys(const Json& object, const char* what, std::initializer_list<std::string_view> required,
                  std::initializer_list<std::string_view> optional) {
  if (!object.is_object()) refuse(fmt::format("{} is an object", what));
  for (const std::string_view key : required)
    if (!object.contains(key)) refuse(fmt::format("{} needs `{}`", what, key));
  for (const auto& item : object.items())
    if (std::ranges::find(required, item.key()) == required.end() &&
        std::ranges::find(optional, item.key()) == optional.end())
      refuse(fmt::format("{} has an unknown key: {}", what, in_quotes(item.key())));
}

const std::string& require_text(const Json& object, const char* what, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) refuse(fmt::format("{} needs a text `{}`", what, key));
  return found->get_ref<const std::string&>();
}

Predicate read_scope_rule(const Json& rule, const OwnEntity& own_entity, std::size_t& left) {
  const RoleWords words(own_entity);
  return parse_condition(rule, &words, ErrorCode::invalid_definition, left);
}

void add_field_mask(const Json& definition, Mask& mask) {
  require_keys(definition, "a field mask", {"fieldPath", "maskType"}, {"maskConfig"});
  const FieldPath path = maskable_path(definition);
  const std::string& type = require_text(definition, "a field mask", "maskType");
  const auto taken = [&] { refuse(fmt::format("a role has two `{}` masks for `{}`", type, path.str())); };
  if (type == "hide") {
    if (definition.contains("maskConfig")) refuse("`maskConfig` is allowed only with `redact`, not with `hide`");
    if (std::ranges::find(mask.hidden, path) != mask.hidden.end()) taken();
    mask.hidden.push_back(path);
  } else if (type == "redact") {
    if (std::ranges::find(mask.redacted, path, &std::pair<FieldPath, Redaction>::first) != mask.redacted.end()) taken();
    mask.redacted.emplace_back(
        path, definition.contains("maskConfig") ? read_redaction(definition.at("maskConfig")) : Redaction{});
  } else {
    refuse("`maskType` is hide or redact");
  }
}

void add_visible_fields(const Json& definition, Mask& mask) {
  require_keys(definition, "`visibleFields`", {"fields"}, {});
  if (mask.visible) refuse("a role has at most one `visibleFields` for a type");
  const Json& fields = definition.at("fields");
  if (!fields.is_array()) refuse("`fields` of `visibleFields` is a list of paths");
  if (fields.size() > most_visible_fields)
    refuse(fmt::format("`fields` of `visibleFields` are at most {}", most_visible_fields));
  mask.visible.emplace();
  for (const Json& field : fields) {
    const auto path = field.is_string() ? FieldPath::parse(field.get_ref<const std::string&>()) : std::nullopt;
    if (!path || !path->is_data()) refuse("`fields` of `visibleFields` are paths of the form `data.a.b`");
    mask.visible->push_back(*path);
  }
}

}  // namespace struere
