#include "struere/query/interpreter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "core/words.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

[[noreturn]] void refuse_relations() {
  throw Error(ErrorCode::storage,
              fmt::format("a rule of the actor's roles looks at more than {} relations to decide about one row; "
                          "shorten its relation path, or let it start at an entity with fewer relations",
                          most_relations_visited));
}

// The right side of a comparison that depends on the actor; nullopt if it needs an own entity and the actor has none.
std::optional<Json> value_of(const Operand& operand, const ActorValues& actor, RelationReader& relations) {
  if (operand.kind == Operand::Kind::user_id) return actor.user_id;
  if (operand.kind == Operand::Kind::organization_id) return actor.organization_id;
  const auto own = relations.own_entity(operand.own_entity, actor.user_id);
  if (!own) return std::nullopt;
  if (operand.kind == Operand::Kind::own_entity) return *own;
  auto ids = relations.related_ids(*own, Hop{operand.relation, false});
  if (ids.size() > most_relations_visited) refuse_relations();
  return Json(std::move(ids));
}

// The values in it, itself included.
std::size_t number_of_values(const Json& value) {
  std::size_t number = 1;
  if (value.is_structured())
    for (const Json& element : value) number += number_of_values(element);
  return number;
}

// At most how many values compare() looks at.
std::size_t values_compared(const Json* field, Operator op, const Json& value) {
  constexpr std::size_t characters_of_a_value = 64;
  if (field == nullptr) return 1;
  switch (op) {
    case Operator::eq:
    case Operator::neq: return field->is_structured() ? number_of_values(value) : 1;
    case Operator::in:
    case Operator::nin: return 1 + (field->is_structured() ? number_of_values(value) : value.size());
    case Operator::contains:
      if (field->is_string()) return 1 + field->get_ref<const std::string&>().size() / characters_of_a_value;
      return 1 + (value.is_structured() ? number_of_values(*field) : field->size());
    default: return 1;
  }
}

bool comparison_holds(const Json* field, Operator op, const Json& value, RelationReader& relations) {
  relations.comparing(values_compared(field, op, value));
  return compare(field, op, value);
}

bool is_reached(const Predicate& predicate, const std::string& id, const ActorValues& actor,
                RelationReader& relations) {
  const auto start =
      predicate.start() ? predicate.start() : relations.own_entity(predicate.own_entity(), actor.user_id);
  if (!start) return false;
  // Walks from both ends, each time from the end with fewer ids, so that it rarely visits the many ids in the middle.
  std::set<std::string> ahead{*start}, back{id};
  std::span<const Hop> hops = predicate.hops();
  std::size_t left = most_relations_visited;
  while (!hops.empty() && !ahead.empty() && !back.empty()) {
    const bool forwards = ahead.size() <= back.size();
    const Hop& hop = forwards ? hops.front() : hops.back();
    std::set<std::string>& here = forwards ? ahead : back;
    std::set<std::string> there;
    for (const std::string& from : here) {
      auto ends = relations.related_ids(from, {hop.relation, hop.backwards == forwards});
      if (ends.size() > left) refuse_relations();
      left -= ends.size();
      there.insert(std::make_move_iterator(ends.begin()), std::make_move_iterator(ends.end()));
    }
    here = std::move(there);
    hops = forwards ? hops.subspan(1) : hops.first(hops.size() - 1);
  }
  if (hops.empty()) return std::ranges::any_of(ahead, [&](const std::string& end) { return back.contains(end); });
  return false;
}

}  // namespace

const Json* RowFields::find(const FieldPath& field) const& {
  const auto pointer = [](const std::optional<Json>& value) { return value ? &*value : nullptr; };
  switch (field.root()) {
    case FieldPath::Root::id: return &id;
    case FieldPath::Root::status: return pointer(status);
    case FieldPath::Root::created_at: return pointer(created_at);
    case FieldPath::Root::updated_at: return pointer(updated_at);
    case FieldPath::Root::data: break;
  }
  const Json* at = &data;
  for (const std::string& segment : field.segments()) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(segment);
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

RowFields fields_of(const StoredEntity& row) { return fields_of(row, parse_canonical_json(row.data)); }

RowFields fields_of(const StoredEntity& row, Json data) {
  RowFields out;
  out.id = row.id;
  out.data = std::move(data);
  out.status = row.status;
  out.created_at = row.created_at;
  out.updated_at = row.updated_at;
  return out;
}

bool holds(const Predicate& predicate, const RowFields& row, const ActorValues& actor, RelationReader& relations) {
  const auto part_holds = [&](const Predicate& part) { return holds(part, row, actor, relations); };
  switch (predicate.kind()) {
    case Predicate::Kind::always: return true;
    case Predicate::Kind::never: return false;
    case Predicate::Kind::all: return std::ranges::all_of(predicate.parts(), part_holds);
    case Predicate::Kind::any: return std::ranges::any_of(predicate.parts(), part_holds);
    case Predicate::Kind::reached: return is_reached(predicate, row.id.get_ref<const std::string&>(), actor, relations);
    case Predicate::Kind::comparison: {
      const Operand& operand = predicate.operand();
      const Json* const field = row.find(predicate.field());
      if (operand.kind == Operand::Kind::literal)
        return comparison_holds(field, predicate.op(), operand.literal, relations);
      const auto value = value_of(operand, actor, relations);
      return value && comparison_holds(field, predicate.op(), *value, relations);
    }
  }
  return false;
}

std::vector<const Mask*> admitting(const Grants& grants, const RowFields& row, const ActorValues& actor,
                                   RelationReader& relations) {
  std::vector<const Mask*> out;
  for (const Grant& grant : grants)
    if (holds(grant.predicate, row, actor, relations)) out.push_back(&grant.mask);
  return out;
}

const Grant* find_writing_grant(const Grants& grants, const RowFields* before, const RowFields& after,
                                const Json& written, bool status_asked, const ActorValues& actor,
                                RelationReader& relations) {
  const auto found = std::ranges::find_if(grants, [&](const Grant& grant) {
    return (!before || holds(grant.predicate, *before, actor, relations)) &&
           holds(grant.predicate, after, actor, relations) &&
           masked_in_write(grant.mask, written, status_asked).empty();
  });
  return found == grants.end() ? nullptr : &*found;
}

RowFields masked_fields(std::span<const Mask* const> masks, const RowFields& row, MaskPurpose purpose) {
  const auto attribute = [&](FieldPath::Root root, const std::optional<Json>& value) {
    return value ? apply_masks(masks, root, *value, purpose) : std::nullopt;
  };
  RowFields out;
  out.id = row.id;
  out.data = apply_masks(masks, row.data, purpose);
  out.status = attribute(FieldPath::Root::status, row.status);
  out.created_at = attribute(FieldPath::Root::created_at, row.created_at);
  out.updated_at = attribute(FieldPath::Root::updated_at, row.updated_at);
  return out;
}

void show_attribute(EntityRow& row, FieldPath::Root root, Json value) {
  const bool is_status = root == FieldPath::Root::status;
  const bool is_time =
      value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
  if (is_status && value.is_string())
    row.status = value.get<std::string>();
  else if (!is_status && is_time)
    (root == FieldPath::Root::created_at ? row.created_at : row.updated_at) = value.get<Timestamp>();
  else
    row.replaced[is_status                             ? "status"
                 : root == FieldPath::Root::created_at ? "createdAt"
                                                       : "updatedAt"] = std::move(value);
}

EntityRow masked_row(std::span<const Mask* const> masks, const StoredEntity& row) {
  RowFields shown = masked_fields(masks, fields_of(row), MaskPurpose::show);
  EntityRow out{EntityId(row.id), SharedText(canonical_json(shown.data)), row.version, {}, {}, {}, {}};
  if (shown.status) show_attribute(out, FieldPath::Root::status, *std::move(shown.status));
  if (shown.created_at) show_attribute(out, FieldPath::Root::created_at, *std::move(shown.created_at));
  if (shown.updated_at) show_attribute(out, FieldPath::Root::updated_at, *std::move(shown.updated_at));
  return out;
}

std::vector<std::string> words_at(std::span<const FieldPath> fields, const RowFields& row) {
  std::vector<std::string> words;
  const auto add = [&](const Json& value) {
    if (!value.is_string()) return;
    for (std::string& word : words_of(value.get_ref<const std::string&>())) words.push_back(std::move(word));
  };
  for (const FieldPath& field : fields) {
    const Json* value = row.find(field);
    if (!value) continue;
    add(*value);
    if (value->is_array()) std::ranges::for_each(*value, add);
  }
  return words;
}

bool matches(const Search& search, const RowFields& view) {
  if (search.terms.empty()) return false;  // a text without words matches nothing
  const std::vector<std::string> words = words_at(search.fields, view);
  return std::ranges::all_of(search.terms, [&](const std::string& term) {
    return std::ranges::any_of(words, [&](const std::string& word) { return word.starts_with(term); });
  });
}

}  // namespace struere
