// Reads and writes organizations, users, members, assignments of roles and API keys as records.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "struere/core/scope.hpp"
#include "struere/model/api_key.hpp"
#include "struere/model/organization.hpp"
#include "struere/model/role.hpp"
#include "struere/spi/storage.hpp"

namespace STRUERE_COMPANION_API struere {

// --- of the database; each call is its own transaction. An organization that is not open yet is none.
std::optional<Organization> find_organization(Storage& storage, const OrganizationId& id);
std::vector<Organization> stored_organizations(Storage& storage);              // by id
void insert_organization(Storage& storage, const Organization& organization);  // Error{conflict} if the id is taken
std::optional<User> find_user(Storage& storage, const UserId& id);
void insert_user(Storage& storage, const User& user);  // Error{conflict} if the id is taken

// --- members of the organization that the scope belongs to
std::optional<Membership> find_membership(Transaction& transaction, const Scope& scope, const UserId& user);
// By user: at most `limit` of those that come after `after`.
std::vector<Membership> stored_memberships(Transaction& transaction, const Scope& scope, std::int64_t limit,
                                           const std::optional<UserId>& after);
bool has_other_admin(Transaction& transaction, const UserId& user);
void put_membership(Transaction& transaction, const Membership& membership);  // by user
void remove_membership(Transaction& transaction, const UserId& user);         // and the sessions of an operator

// --- which user has which role in the scope
std::vector<Assignment> stored_assignments(Transaction& transaction, const UserId& user);  // by the role's name
std::vector<UserId> users_with_role(Transaction& transaction, const RoleId& role);  // includes expired assignments
void put_assignment(Transaction& transaction, const Assignment& assignment);        // by user and role
bool remove_assignment(Transaction& transaction, const UserId& user, const RoleId& role);  // whether there was one

// --- API keys of the scope, without their hashes
ApiKey in_scope(ApiKey key, const Scope& scope);                                    // what its record does not name
std::vector<ApiKey> stored_api_keys(Transaction& transaction, const Scope& scope);  // by time of creation, then id
std::optional<ApiKey> stored_api_key(Transaction& transaction, const Scope& scope, const ApiKeyId& id);
void insert_api_key(Transaction& transaction, const ApiKey& key, const Digest& hash);
void update_api_key(Transaction& transaction, const ApiKey& key);  // by id; writes only expires_at and revoked_at
ApiKey to_api_key(const FoundApiKey& found);

}  // namespace struere
