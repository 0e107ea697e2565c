#include "storage/postgres/resolved_predicate.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace struere::postgres {
namespace {

// More ids than these are not compared with each row's one by one.
constexpr std::size_t most_listed = 500;

const FieldPath& id_path() {
  static const FieldPath path = *FieldPath::parse("id");
  return path;
}

Operand literal(Json value) {
  Operand out;
  out.literal = std::move(value);
  return out;
}

// The ids that the hops reach from `start`; nullopt if the walk meets too many.
std::optional<std::set<std::string>> reached_ids(const std::string& start, const std::vector<Hop>& hops,
                                                 RelationReader& relations) {
  std::set<std::string> here{start};
  for (const Hop& hop : hops) {
    std::set<std::string> there;
    for (const std::string& from : here) {
      auto ends = relations.related_ids(from, hop);
      there.insert(std::make_move_iterator(ends.begin()), std::make_move_iterator(ends.end()));
      if (there.size() > most_listed) return std::nullopt;
    }
    here = std::move(there);
  }
  return here;
}

Predicate resolved_comparison(const Predicate& predicate, const ActorValues& actor, RelationReader& relations) {
  const Operand& operand = predicate.operand();
  const auto with = [&](Json value) {
    return Predicate::comparison(predicate.field(), predicate.op(), literal(std::move(value)));
  };
  switch (operand.kind) {
    case Operand::Kind::literal: return predicate;
    case Operand::Kind::user_id: return with(actor.user_id);
    case Operand::Kind::organization_id: return with(actor.organization_id);
    case Operand::Kind::own_entity:
    case Operand::Kind::related_ids: break;
  }
  const auto own = relations.own_entity(operand.own_entity, actor.user_id);
  if (!own) return Predicate::never();
  if (operand.kind == Operand::Kind::own_entity) return with(*own);
  auto ids = relations.related_ids(*own, Hop{operand.relation, false});
  return ids.size() > most_listed ? predicate : with(Json(std::move(ids)));
}

Predicate resolved_reach(const Predicate& predicate, const ActorValues& actor, RelationReader& relations) {
  const auto start =
      predicate.start() ? predicate.start() : relations.own_entity(predicate.own_entity(), actor.user_id);
  if (!start) return Predicate::never();
  const auto ids = reached_ids(*start, predicate.hops(), relations);
  if (!ids) return predicate;
  return Predicate::comparison(id_path(), Operator::in, literal(Json(*ids)));
}

}  // namespace

bool is_to_resolve(const Predicate& predicate) {
  return predicate.kind() == Predicate::Kind::reached ||
         (predicate.kind() == Predicate::Kind::comparison && predicate.operand().kind != Operand::Kind::literal) ||
         std::ranges::any_of(predicate.parts(), is_to_resolve);
}

Predicate resolved(const Predicate& predicate, const ActorValues& actor, RelationReader& relations) {
  const auto parts = [&] {
    std::vector<Predicate> out;
    for (const Predicate& part : predicate.parts()) out.push_back(resolved(part, actor, relations));
    return out;
  };
  switch (predicate.kind()) {
    case Predicate::Kind::always:
    case Predicate::Kind::never: return predicate;
    case Predicate::Kind::all: return Predicate::all(parts());
    case Predicate::Kind::any: return Predicate::any(parts());
    case Predicate::Kind::comparison: return resolved_comparison(predicate, actor, relations);
    case Predicate::Kind::reached: return resolved_reach(predicate, actor, relations);
  }
  return predicate;
}

}  // namespace struere::postgres
