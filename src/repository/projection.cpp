#include "repository/projection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "query/bounds.hpp"
#include "query/condition_parser.hpp"
#include "repository/entity_reader.hpp"
#include "storage/mask_splicer.hpp"

namespace struere {
namespace {

// Whether the place of a schema field is `path` followed by `rest`.
bool is_place(const ReferenceField& field, const FieldPath& path, std::initializer_list<std::string_view> rest) {
  const auto& segments = path.segments();
  return field.place.size() == segments.size() + rest.size() &&
         std::equal(segments.begin(), segments.end(), field.place.begin()) &&
         std::equal(rest.begin(), rest.end(), field.place.begin() + static_cast<std::ptrdiff_t>(segments.size()));
}

// Calls `visit` with each id that the value holds.
template <class Visit>
void each_id(const Json& value, const Visit& visit) {
  if (value.is_string()) visit(value.get_ref<const std::string&>());
  if (!value.is_array()) return;
  for (const Json& element : value)
    if (element.is_string()) visit(element.get_ref<const std::string&>());
}

}  // namespace

Projection::Projection(GuardedOperation& operation, const EntityType& type,
                       const std::optional<std::vector<std::string>>& fields, const std::vector<std::string>& expand)
    : operation_(operation) {
  if (fields) fields_ = parse_shown_fields(*fields, "fields", most_shown_fields);
  if (expand.empty()) return;
  const auto paths = parse_shown_fields(expand, "expand", most_expanded_fields);
  const auto schema = operation.schema(type);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    Expanded out{expand[i], paths[i], {}, {}};
    for (const ReferenceField& field : schema->references()) {
      if (is_place(field, paths[i], {})) out.types.push_back(field.type);
      if (is_place(field, paths[i], {"*"})) out.list_types.push_back(field.type);
    }
    if (out.types.empty() && out.list_types.empty())
      throw Error(
          ErrorCode::invalid_query,
          fmt::format("`expand` names `{}`, which has no `references` in the schema of `{}`", expand[i], type.slug))
          .at(expand[i]);
    expanded_.push_back(std::move(out));
  }
}

void Projection::prepare(Selection& selection) {
  interruption_ = selection.interruption;
  for (const Expanded& expanded : expanded_) selection.values.push_back(expanded.path);
}

std::vector<Entity> Projection::find(const std::string& type, const std::vector<std::string>& ids) const {
  const auto plan = operation_.plan(Action::read, type);
  const EntityType* const known = operation_.rules().find_type(type);
  if (!known || plan->grants()->empty()) return {};
  return entities_with_ids(operation_, *plan, *known, ids, interruption_);
}

std::vector<Entity> Projection::rows(Page page) const {
  if (!fields_ && expanded_.empty()) return std::move(page.rows);
  std::vector<Entity> out;
  out.reserve(page.rows.size());
  // One query for each type, however many rows name entities of the type.
  std::map<std::string, std::set<std::string>> asked;
  for (const auto& values : page.values)
    for (std::size_t i = 0; i < expanded_.size(); ++i) {
      if (!values[i]) continue;
      const auto& types = values[i]->is_array() ? expanded_[i].list_types : expanded_[i].types;
      for (const std::string& target : types) {
        std::set<std::string>& ids = asked[target];
        each_id(*values[i], [&](const std::string& id) { ids.insert(id); });
        if (ids.size() > most_expanded_ids)
          throw Error(ErrorCode::invalid_query,
                      fmt::format("`expand` would add more than {} entities; ask for fewer rows", most_expanded_ids));
      }
    }
  std::map<std::string, Entity> found;
  for (const auto& [target, ids] : asked)
    for (Entity& entity : find(target, {ids.begin(), ids.end()})) {
      std::string id = entity.id().str();
      found.emplace(std::move(id), std::move(entity));
    }

  std::vector<const Mask*> masks;
  Mask asked_fields;
  if (fields_) asked_fields.visible = *fields_;
  masks.push_back(&asked_fields);
  MaskSplicer narrowing(masks, MaskPurpose::show);
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < page.rows.size(); ++row) {
    Entity& entity = page.rows[row];
    if (fields_) {
      std::string narrowed;
      narrowing.splice(json_view(entity), narrowed);
      entity = std::move(entity).with_data(std::move(narrowed));
    }
    if (expanded_.empty()) {
      out.push_back(std::move(entity));
      continue;
    }
    std::vector<Expansion> beside;
    for (std::size_t i = 0; i < expanded_.size(); ++i) {
      const auto& value = page.values[row][i];
      if (!value) continue;
      Expansion expansion{expanded_[i].asked, value->is_array(), {}};
      const auto& types = expansion.is_list ? expanded_[i].list_types : expanded_[i].types;
      each_id(*value, [&](const std::string& id) {
        const auto at = found.find(id);
        if (at == found.end() || std::ranges::find(types, at->second.type()) == types.end()) return;
        bytes += json_view(at->second).size() + 256;  // the rest of what the answer holds of an entity, in addition
                                                      // to its data
        expansion.entities.push_back(at->second);
      });
      if (bytes > most_answer_bytes)
        throw Error(ErrorCode::invalid_query,
                    fmt::format("the entities that `expand` adds are larger than {} MiB; ask for fewer rows",
                                most_answer_bytes >> 20));
      if (expansion.is_list || !expansion.entities.empty()) beside.push_back(std::move(expansion));
    }
    out.push_back(std::move(entity).with(std::move(beside)));
  }
  return out;
}

}  // namespace struere
