#include "struere/query/predicate.hpp"

#include <algorithm>

namespace struere {

Predicate Predicate::all(std::vector<Predicate> parts) {
  std::erase_if(parts, [](const Predicate& part) { return part.kind() == Kind::always; });
  if (std::ranges::any_of(parts, [](const Predicate& part) { return part.kind() == Kind::never; })) return never();
  if (parts.empty()) return always();
  if (parts.size() == 1) return std::move(parts.front());
  Predicate out(Kind::all);
  out.parts_ = std::move(parts);
  return out;
}

Predicate Predicate::any(std::vector<Predicate> parts) {
  std::erase_if(parts, [](const Predicate& part) { return part.kind() == Kind::never; });
  if (std::ranges::any_of(parts, [](const Predicate& part) { return part.kind() == Kind::always; })) return always();
  if (parts.empty()) return never();
  if (parts.size() == 1) return std::move(parts.front());
  Predicate out(Kind::any);
  out.parts_ = std::move(parts);
  return out;
}

Predicate Predicate::comparison(FieldPath field, Operator op, Operand operand) {
  Predicate out(Kind::comparison);
  out.field_ = std::move(field);
  out.op_ = op;
  out.operand_ = std::move(operand);
  return out;
}

Predicate Predicate::reached(OwnEntity start, std::vector<Hop> hops) {
  Predicate out(Kind::reached);
  out.operand_.kind = Operand::Kind::own_entity;
  out.operand_.own_entity = std::move(start);
  out.hops_ = std::move(hops);
  return out;
}

Predicate Predicate::reached_from(std::string start, std::vector<Hop> hops) {
  Predicate out(Kind::reached);
  out.start_ = std::move(start);
  out.hops_ = std::move(hops);
  return out;
}

}  // namespace struere
