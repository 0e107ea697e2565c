#include "access/plan_memory.hpp"

#include "core/memory_use.hpp"

namespace struere {
namespace {

std::size_t bytes_outside(const FieldPath& path) { return struere::bytes_outside(path.segments()); }

std::size_t bytes_outside(const std::vector<FieldPath>& paths) {
  std::size_t out = bytes_of_elements(paths);
  for (const FieldPath& path : paths) out += bytes_outside(path);
  return out;
}

std::size_t bytes_outside(const Mask& mask) {
  std::size_t out = bytes_outside(mask.hidden) + bytes_of_elements(mask.redacted);
  if (mask.visible) out += bytes_outside(*mask.visible);
  for (const auto& [path, redaction] : mask.redacted)
    out += bytes_outside(path) + struere::bytes_outside(redaction.replacement);
  return out;
}

bool has_field(const Predicate& predicate) { return predicate.kind() == Predicate::Kind::comparison; }

// Groups of a rule are nested at most a few levels deep.
std::size_t bytes_outside(const Predicate& predicate) {  // NOLINT(misc-no-recursion)
  std::size_t out = bytes_of_elements(predicate.parts()) + bytes_of_elements(predicate.hops()) +
                    struere::bytes_outside(predicate.operand().literal) +
                    bytes_of_elements(predicate.own_entity().candidates);
  if (has_field(predicate)) out += bytes_outside(predicate.field());
  for (const OwnEntity::Candidate& candidate : predicate.own_entity().candidates)
    out += bytes_outside(candidate.user_id_field);
  for (const Predicate& part : predicate.parts()) out += bytes_outside(part);
  return out;
}

}  // namespace

std::size_t memory_of(const AccessPlan& plan) {
  constexpr std::size_t of_key_and_entry = 400;
  const Decision& decision = plan.decision();
  std::size_t out = of_key_and_entry + sizeof plan + decision.reason().size() + bytes_outside(plan.grant_roles()) +
                    bytes_of_elements(*plan.grants());
  for (const Grant& grant : *plan.grants()) out += bytes_outside(grant.predicate) + bytes_outside(grant.mask);
  return out;
}

}  // namespace struere
