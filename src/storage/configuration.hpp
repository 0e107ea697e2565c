// The entity types and roles of a scope, as code over records: the one place that knows which rows make one of them,
// and what a storage must be told when they change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"
#include "struere/spi/transaction.hpp"

namespace STRUERE_COMPANION_API struere {

std::vector<EntityType> stored_entity_types(Transaction& transaction);  // by slug
// By slug; the key of a new one is chosen here, `type.key` is not read. Throws Error{conflict} if stored rows break a
// key of type.unique.
void put_entity_type(Transaction& transaction, const EntityType& type);
// Throws Error{conflict} while there are entities of it, deleted ones too.
void remove_entity_type(Transaction& transaction, const EntityType& type);

std::vector<RoleRecord> stored_roles(Transaction& transaction);  // by id
std::optional<RoleId> find_role(Transaction& transaction, const std::string& name);
void put_role(Transaction& transaction, const RoleRecord& role);  // by id; Error{conflict} if its name is another's
void remove_role(Transaction& transaction, const RoleId& role);   // and its assignments

// Tells the storage by which fields rows of the type are looked for: those of its definition and of the scope's rules.
void define_field_keys(Transaction& transaction, const EntityType& type);

}  // namespace struere
