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

std::size_t cost_of_finding(const std::string& whole, const Json& part) {
  return part.is_string() ? 1 + whole.size() / 4 : 1;
}

// How many values compare() looks at, at most; long strings count as several.
std::size_t values_compared(const Json* field, Operator op, const Json& value) {
  if (field == nullptr) return 1;
  const auto of_each = [](const Json& one) {
    return 1 + (one.is_string() ? one.get_ref<const std::string&>().size() / 1000 : 0);
  };
  const bool is_structured = field->is_structured();
  switch (op) {
    case Operator::eq:
    case Operator::neq:
      return is_structured && field->size() == value.size() ? number_of_values(value) : of_each(*field);
    case Operator::in:
    case Operator::nin: return 1 + (is_structured ? number_of_values(value) : value.size() * of_each(*field));
    case Operator::contains:
      if (field->is_string()) return cost_of_finding(field->get_ref<const std::string&>(), value);
      return 1 + (value.is_structured() ? number_of_values(*field) : field->size() * of_each(value));
    default: return of_each(*field);
  }
}

// The same for what decides whether a write goes past a mask.
bool masks_nothing(const Mask& mask, const Json& written, bool status_asked, RelationReader& relations) {
  if (mask.empty()) return true;
  const std::size_t paths = mask.hidden.size() + mask.redacted.size() + (mask.visible ? mask.visible->size() : 0);
  relations.comparing(number_of_values(written) * (1 + paths));
  return masked_in_write(mask, written, status_asked).empty();
}

bool comparison_holds(const Json* field, Operator op, const Json& value, RelationReader& relations) {
  relations.comparing(values_compared(field, op, value));
  return compare(field, op, value);
}

bool comparison_holds(const Predicate& predicate, const RowFields& row, const ActorValues& actor,
                      RelationReader& relations) {
  const Operand& operand = predicate.operand();
  const auto with = [&](const Json& value) {
    return comparison_holds(row.find(predicate.field()), predicate.op(), value, relations);
  };
  switch (operand.kind) {
    case Operand::Kind::literal: return with(operand.literal);
    case Operand::Kind::user_id: return with(actor.user_id);
    case Operand::Kind::organization_id: return with(actor.organization_id);
    case Operand::Kind::own_entity:
    case Operand::Kind::related_ids: break;
  }
  const auto own = relations.own_entity(operand.own_entity, actor.user_id);
  if (!own) return false;
  if (operand.kind == Operand::Kind::own_entity) return with(*own);
  const auto ids = relations.related_list(*own, Hop{operand.relation, false});
  if (ids->size() > most_relations_visited) refuse_relations();
  return with(*ids);
}

Hop reversed(const Hop& hop) { return {hop.relation, !hop.backwards}; }

RelationReader::Reached follow(const RelationReader::Reached& from, const Hop& hop, RelationReader& relations,
                               std::size_t most) {
  RelationReader::Reached out{{}, from.visited};
  for (const std::string& id : from.ids) {
    auto ends = relations.related_ids(id, hop);
    out.visited += ends.size();
    if (out.visited > most) refuse_relations();
    out.ids.insert(std::make_move_iterator(ends.begin()), std::make_move_iterator(ends.end()));
  }
  return out;
}

bool is_reached(const Predicate& predicate, const std::string& id, const ActorValues& actor,
                RelationReader& relations) {
  const auto start =
      predicate.start() ? predicate.start() : relations.own_entity(predicate.own_entity(), actor.user_id);
  if (!start) return false;
  // Walks from both ends, each time from the end with fewer ids, so that it rarely visits the many ids in the middle.
  const std::span<const Hop> hops = predicate.hops();
  std::size_t from_start = 0, to_row = 0;  // hops
  auto ahead = std::make_shared<const RelationReader::Reached>(RelationReader::Reached{{*start}});
  RelationReader::Reached back{{id}};
  while (from_start + to_row < hops.size() && !ahead->ids.empty() && !back.ids.empty()) {
    if (ahead->ids.size() <= back.ids.size())
      ahead = relations.reached(*start, hops.first(++from_start), *ahead, most_relations_visited - back.visited);
    else
      back = follow(back, reversed(hops[hops.size() - ++to_row]), relations, most_relations_visited - ahead->visited);
    if (ahead->visited + back.visited > most_relations_visited) refuse_relations();  // what was kept counts as well
  }
  return from_start + to_row == hops.size() &&
         std::ranges::any_of(back.ids, [&](const std::string& end) { return ahead->ids.contains(end); });
}

}  // namespace

std::shared_ptr<const Json> RelationReader::related_list(const std::string& id, const Hop& hop) {
  return std::make_shared<const Json>(related_ids(id, hop));
}

std::shared_ptr<const RelationReader::Reached> RelationReader::reached(const std::string& /*start*/,
                                                                       std::span<const Hop> hops, const Reached& before,
                                                                       std::size_t most) {
  return std::make_shared<const Reached>(follow(before, hops.back(), *this, most));
}

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
    case Predicate::Kind::comparison: return comparison_holds(predicate, row, actor, relations);
  }
  return false;
}

std::vector<const Mask*> admitting(const Grants& grants, const RowFields& row, const ActorValues& actor,
                                   RelationReader& relations) {
  std::vector<const Mask*> out;
  relations.comparing(grants.size());
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
           masks_nothing(grant.mask, written, status_asked, relations);
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
