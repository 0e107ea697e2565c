// Creating, updating and removing an entity: the checks of SPEC 6 in their order, then the row and its event.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "repository/guarded_operation.hpp"
#include "repository/written_json.hpp"
#include "struere/access/explanation.hpp"
#include "struere/repository/entity_repository.hpp"

namespace struere {

// When the references of a row are checked: with the row, or by require_references when all rows are there.
enum class References { with_row, later };

// The caller commits.
class EntityWriter {
 public:
  EntityWriter(GuardedOperation& operation, const std::string& type) : operation_(operation), type_(type) {}

  Written create(const WrittenJson& data, const CreateOptions& options);
  // The same, if the id is enough.
  StoredEntity insert(const WrittenJson& data, const CreateOptions& options,
                      References references = References::with_row);
  // Those of a row that was inserted with References::later.
  void require_references(const Json& data) { require_references(operation_.require_type(type_), data, false); }
  Written update(const std::string& id, const WrittenJson& patch, const UpdateOptions& options);
  void remove(const std::string& id);
  // `phase` is told when the write turns out to be an update, for the record of a denial.
  Upserted upsert(const UniqueKey& key, const WrittenJson& data, const std::function<void(Action)>& phase);
  // These two are for system actors and org admins, and set off no trigger.
  Written restore(const std::string& id);
  void purge(const std::string& id);
  // All of `data` at once, by a migration of the type, which is the system's own doing: no grant is asked, the schema
  // is for the caller to check (it may be one that the transaction has yet to write), and no trigger is set off.
  void migrate(const StoredEntity& before, const Json& data);

 private:
  // The row that `plan` admits, else the error that SPEC 6 names.
  StoredEntity require_row(const EntityType& type, const std::string& id, const AccessPlan& plan);
  // The row as stored, deleted or not.
  StoredEntity require_stored(const EntityType& type, const std::string& id);
  // Throws invalid_data for `fault`, in words that the actor may read. `mask` is that of the grant; `before` is null
  // for a create.
  [[noreturn]] void refuse_data(const SchemaFault& fault, const Json& written, const Mask& mask,
                                const StoredEntity* before);
  bool sees_status(const StoredEntity& row, const std::string& type);
  void require_references(const EntityType& type, const Json& written, bool is_patch);

  GuardedOperation& operation_;
  const std::string& type_;
};

// Database::explain, once the asker may ask.
Explanation explain_operation(GuardedOperation& operation, const ActorContext& about, Action action,
                              const std::string& resource, const std::optional<EntityId>& id,
                              const std::optional<ProposedWrite>& write);

}  // namespace struere
