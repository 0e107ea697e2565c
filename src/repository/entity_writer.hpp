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

// When the references of a row are checked: during the insert, or later by require_references.
enum class References { with_row, later };

// The caller commits.
class EntityWriter {
 public:
  EntityWriter(GuardedOperation& operation, const std::string& type) : operation_(operation), type_(type) {}

  Written create(const WrittenJson& data, const CreateOptions& options);
  struct StoredRow {
    StoredEntity entity;
    RowFields fields;  // of the entity, parsed
  };
  // Like create(), but returns the stored row instead of the actor's view of it.
  StoredRow insert(const WrittenJson& data, const CreateOptions& options, References references = References::with_row);
  // Tells the storage of rows that insert() is given next.
  void expect(const std::vector<const Json*>& data);
  // The ids that these data refer to, as far as that is known without compiling a schema.
  void add_references(std::vector<std::string>& ids, const std::vector<const Json*>& data, bool is_patch = false);
  // Checks the references of a row that was inserted with References::later.
  void require_references(const Json& data) { require_references(operation_.require_type(type_), data, false); }
  // The same of one that was restored.
  void require_references_of(const std::string& id);
  Written update(const std::string& id, const WrittenJson& patch, const UpdateOptions& options);
  void remove(const std::string& id, const RemoveOptions& options = {});
  // Calls `phase` with the action that is checked next, for the record of a denial.
  Upserted upsert(const UniqueKey& key, const WrittenJson& data, const std::function<void(Action)>& phase);
  // restore() and purge() are for system actors and org admins, and run no trigger.
  Written restore(const std::string& id, References references = References::with_row);
  void purge(const std::string& id);
  // Replaces all of `data`, for a migration of the type. A migration is an act of the system, so no grant is checked
  // and no trigger runs. The caller checks the schema, because the new one may not be written yet.
  void migrate(const StoredEntity& before, const Json& data);

 private:
  // The row that `plan` admits. Otherwise throws the error that SPEC 6 names.
  StoredRow require_row(const EntityType& type, const std::string& id, const AccessPlan& plan);
  // The row as stored, deleted or not.
  StoredEntity require_stored(const EntityType& type, const std::string& id);
  // Throws invalid_data for `fault`, in words that the actor may read. `mask` is the mask of the writing grant;
  // `before` is null for a create.
  [[noreturn]] void refuse_data(const SchemaFault& fault, const Json& written, const Mask& mask,
                                const StoredEntity* before);
  bool sees_status(const StoredEntity& row, const std::string& type);
  // `self`: a row that is active once this is written.
  void require_references(const EntityType& type, const Json& written, bool is_patch, std::string_view self = {});

  GuardedOperation& operation_;
  const std::string& type_;
};

// The part of Database::explain that runs after the check that the caller may use it.
Explanation explain_operation(GuardedOperation& operation, const ActorContext& about, Action action,
                              const std::string& resource, const std::optional<EntityId>& id,
                              const std::optional<ProposedWrite>& write);

}  // namespace struere
