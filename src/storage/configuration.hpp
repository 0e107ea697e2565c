// Reads and writes the entity types and roles of a scope as records. Only this code knows which rows make up one of
// them and what a storage must learn when they change.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"
#include "struere/spi/transaction.hpp"

namespace STRUERE_COMPANION_API struere {

std::vector<EntityType> stored_entity_types(Transaction& transaction);  // by slug
std::optional<EntityType> stored_entity_type(Transaction& transaction, const std::string& slug);
// Finds the type by its slug. Chooses the key of a new type here and does not read `type.key`. Throws Error{conflict}
// if stored rows break a key of type.unique.
void put_entity_type(Transaction& transaction, const EntityType& type);
// Throws Error{conflict} if entities of the type exist, including deleted ones.
void remove_entity_type(Transaction& transaction, const EntityType& type);

std::vector<RoleRecord> stored_roles(Transaction& transaction);  // by id
std::optional<RoleId> find_role(Transaction& transaction, const std::string& name);
// Both return the slugs of the types for which the rules changed: define_field_keys must follow, once for all roles of
// a change, because it reads all rules of a type.
// Finds the role by its id. Throws Error{conflict} if another role has its name.
[[nodiscard]] std::set<std::string> put_role(Transaction& transaction, const RoleRecord& role);
// Also removes its assignments.
[[nodiscard]] std::set<std::string> remove_role(Transaction& transaction, const RoleId& role);

// Tells the storage by which fields it must find rows of the type: those of its definition and of the scope's rules.
void define_field_keys(Transaction& transaction, const EntityType& type);
void define_field_keys(Transaction& transaction, const std::set<std::string>& slugs);

}  // namespace struere
