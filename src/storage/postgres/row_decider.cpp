#include "storage/postgres/row_decider.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "storage/postgres/resolved_predicate.hpp"
#include "struere/query/comparison.hpp"

namespace struere::postgres {
namespace {

void add_fields(const Predicate& predicate, std::vector<FieldPath>& out) {
  if (predicate.kind() == Predicate::Kind::comparison && predicate.field().is_data()) out.push_back(predicate.field());
  for (const Predicate& part : predicate.parts()) add_fields(part, out);
}

bool asks_for_relations(const Predicate& predicate) {
  if (predicate.kind() == Predicate::Kind::reached) return true;
  if (predicate.kind() == Predicate::Kind::comparison)
    return predicate.operand().kind == Operand::Kind::own_entity ||
           predicate.operand().kind == Operand::Kind::related_ids;
  return std::ranges::any_of(predicate.parts(), asks_for_relations);
}

}  // namespace

RowDecider::RowDecider(const Selection& selection, std::shared_ptr<const GrantView> view, RelationReader& relations,
                       const std::vector<FieldPath>& more)
    : selection_(selection), relations_(relations), grants_(std::move(view)), more_(more) {
  if (is_to_resolve(selection.filter)) filter_ = resolved(selection.filter, selection.actor, relations_);
  if (grants_->names_values) {
    admits_.emplace();
    for (const Predicate& predicate : groups().predicates)
      admits_->push_back(resolved(predicate, selection.actor, relations_));
  }
  asks_for_relations_ = struere::postgres::asks_for_relations(filter()) ||
                        std::ranges::any_of(admits(), struere::postgres::asks_for_relations);
}

void RowDecider::note_asked_fields() {
  std::vector<FieldPath>& asked = asked_.visible.emplace();
  for (const Predicate& predicate : admits()) add_fields(predicate, asked);
  add_fields(filter(), asked);
  const auto add_data = [&](const FieldPath& field) {
    if (field.is_data()) asked.push_back(field);
  };
  for (const OrderKey& key : selection_.order) add_data(key.field);
  for (const FieldPath& field : selection_.values) add_data(field);
  for (const FieldPath& field : more_) add_data(field);
  if (selection_.search)
    for (const FieldPath& field : selection_.search->fields) add_data(field);
  if (asked.empty()) return;
  const Mask* const only = &asked_;
  narrowing_ = std::make_unique<MaskSplicer>(std::span(&only, 1), MaskPurpose::query);
}

Visibility RowDecider::visible(const FieldPath& field) const {
  if (groups().masks.empty()) return Visibility::gone;
  const Visibility first = visibility(*groups().masks.front(), field);
  const bool agreed =
      std::ranges::all_of(groups().masks, [&](const Mask* mask) { return visibility(*mask, field) == first; });
  return agreed ? first : Visibility::mixed;
}

void RowDecider::note_attributes(const ResultRow& row) {
  stored_.id = row.string(0);
  stored_.status = row.string(3);
  stored_.created_at = row.integer(4);
  stored_.updated_at = row.integer(5);
}

const std::optional<std::string>& RowDecider::decide(const ResultRow& row) {
  bits_.reset();
  note_attributes(row);
  if (!asked_.visible) note_asked_fields();
  if (narrowing_) {
    narrowed_.clear();
    narrowing_->splice(row.text(1), narrowed_);
    stored_.data = parse_canonical_json(narrowed_);
  } else {
    stored_.data = Json::object();
  }
  std::string bits;
  std::vector<const Mask*> masks;
  bool shows_all = false;
  for (std::size_t i = 0; i < admits().size(); ++i) {
    const bool is_admitted = holds(admits()[i], stored_, selection_.actor, relations_);
    bits += is_admitted ? '1' : '0';
    if (!is_admitted) continue;
    masks.push_back(groups().masks[i]);
    shows_all = shows_all || groups().masks[i]->empty();
  }
  if (masks.empty()) return bits_;
  view_ = &stored_;
  if (!shows_all) {
    masked_ = masked_fields(masks, stored_, MaskPurpose::query);
    view_ = &masked_;
  }
  if (!holds(filter(), *view_, selection_.actor, relations_)) return bits_;
  if (selection_.search && !matches(*selection_.search, *view_)) return bits_;
  bits_ = std::move(bits);
  return bits_;
}

Position RowDecider::position_of(const ResultRow& row) {
  note_attributes(row);
  view_ = &stored_;
  return position();
}

Position RowDecider::position() const {
  Position out;
  out.reserve(selection_.order.size());
  for (const OrderKey& key : selection_.order) out.push_back(sort_key(view_->find(key.field)));
  return out;
}

}  // namespace struere::postgres
