// The rows that an explanation is about: as they are stored, and as a proposed write would leave them.
#include <fmt/format.h>

#include "access/explainer.hpp"
#include "repository/entity_writer.hpp"

namespace struere {
namespace {

Json acceptable(const ProposedWrite& write) {
  JsonFault fault;
  const auto text = canonical_json(write.data, fault);
  if (!text)
    throw Error(ErrorCode::invalid_data, fmt::format("what would be written cannot be stored: {}", fault.message));
  if (!write.data.is_object()) throw Error(ErrorCode::invalid_data, "what would be written is a JSON object");
  return parse_canonical_json(*text);
}

}  // namespace

Explanation explain_operation(GuardedOperation& operation, const ActorContext& about, Action action,
                              const std::string& resource, const std::optional<EntityId>& id,
                              const std::optional<ProposedWrite>& write) {
  if (write && action != Action::create && action != Action::update)
    throw Error(ErrorCode::invalid_data, "only a create or an update writes something");
  if (write && (action == Action::update) != id.has_value())
    throw Error(ErrorCode::invalid_data, "an update needs the id of the row, and a create takes none");
  const EntityType* const type = operation.rules().find_type(resource);
  auto row = id && type ? operation.transaction().find_entity(id->str()) : std::nullopt;
  if (row && (row->type != type->key || row->deleted)) row.reset();

  std::optional<ProposedWrite> accepted;
  std::optional<StoredEntity> after;
  if (write && type) {
    accepted = ProposedWrite{acceptable(*write), write->status};
    if (action == Action::create) {
      after = StoredEntity{type->key,
                           operation.new_id(),
                           canonical_json(accepted->data),
                           write->status.value_or("active"),
                           operation.now(),
                           operation.now(),
                           1,
                           false};
      row = after;
    } else if (row) {
      Json data = parse_canonical_json(row->data);
      data.merge_patch(accepted->data);
      JsonFault fault;
      const auto text = canonical_json(data, fault);
      if (!text) throw Error(ErrorCode::invalid_data, "the row as it would be cannot be stored: " + fault.message);
      after = *row;
      after->data = *text;
      after->status = write->status.value_or(row->status);
      after->updated_at = operation.now();
    }
  }
  Explanation out = explain(operation.rules(), about, action, resource,
                            {row ? &*row : nullptr, after ? &*after : nullptr, accepted ? &*accepted : nullptr},
                            operation.transaction());
  out.row_given = id.has_value() || write.has_value();
  return out;
}

}  // namespace struere
