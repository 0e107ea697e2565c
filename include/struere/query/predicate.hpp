// A condition on a row: a small tree, without any policy in it (SPEC 4).
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/query/comparison.hpp"

namespace STRUERE_API struere {

// The values of the actor that a predicate can name.
struct ActorValues {
  std::string user_id;          // actor.userId
  std::string organization_id;  // actor.organizationId
};

// actor.entityId: of all active entities of these types whose field contains the actor's id, the first created, then
// the one with the lowest id. There may be none.
struct OwnEntity {
  struct Candidate {
    EntityTypeKey type;
    FieldPath user_id_field;

    friend bool operator==(const Candidate&, const Candidate&) = default;
  };
  std::vector<Candidate> candidates;

  friend bool operator==(const OwnEntity&, const OwnEntity&) = default;
};

// The right side of a comparison: a value, or a placeholder whose value depends on the actor and stored relations.
struct Operand {
  enum class Kind { literal, user_id, organization_id, own_entity, related_ids };

  Kind kind = Kind::literal;
  Json literal;          // literal
  OwnEntity own_entity;  // own_entity, related_ids
  std::string relation;  // related_ids: the ids at the far end of relations of this type from the own entity, sorted

  friend bool operator==(const Operand&, const Operand&) = default;
};

struct Hop {
  std::string relation;
  bool backwards = false;

  friend auto operator<=>(const Hop&, const Hop&) = default;
};

// Immutable; shared between requests, because it contains no actor.
class Predicate {
 public:
  enum class Kind {
    always,
    never,
    all,         // all of `parts` are true
    any,         // one of `parts` is true
    comparison,  // `field op operand`
    reached,     // the row is reached by exactly `hops` from the own entity, or from `start` if that is set
  };

  static Predicate always() { return Predicate(Kind::always); }
  static Predicate never() { return Predicate(Kind::never); }
  static Predicate all(std::vector<Predicate> parts);  // simplified: always() without parts, the part if there is one
  static Predicate any(std::vector<Predicate> parts);  // simplified: never() without parts
  static Predicate comparison(FieldPath field, Operator op, Operand operand);
  static Predicate reached(OwnEntity start, std::vector<Hop> hops);
  static Predicate reached_from(std::string start, std::vector<Hop> hops);

  Kind kind() const noexcept { return kind_; }
  const std::vector<Predicate>& parts() const noexcept { return parts_; }
  const FieldPath& field() const { return *field_; }
  Operator op() const noexcept { return op_; }
  const Operand& operand() const noexcept { return operand_; }
  const std::optional<std::string>& start() const noexcept { return start_; }
  const OwnEntity& own_entity() const noexcept { return operand_.own_entity; }
  const std::vector<Hop>& hops() const noexcept { return hops_; }

  friend bool operator==(const Predicate&, const Predicate&) = default;

 private:
  explicit Predicate(Kind kind) : kind_(kind) {}

  Kind kind_;
  std::vector<Predicate> parts_;
  std::optional<FieldPath> field_;
  Operator op_ = Operator::eq;
  Operand operand_;
  std::optional<std::string> start_;
  std::vector<Hop> hops_;
};

}  // namespace struere
