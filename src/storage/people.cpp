#include "storage/people.hpp"

#include <algorithm>
#include <utility>

#include "storage/records.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

template <class T>
void insert_in_database(Storage& storage, const T& object) {
  retried([&] {
    const auto transaction = storage.begin_database(Access::brief_write);
    if (!insert(*transaction, object)) throw Error(ErrorCode::conflict, "this id is taken; choose another");
    transaction->commit();
  });
}

std::vector<RecordCondition> of_assignment(const UserId& user, const RoleId& role) {
  return {{"user_id", {}, user.str()}, {"role_id", {}, role.str()}};
}

ApiKey in_scope(ApiKey key, const OrganizationId& organization, Environment environment) {
  key.organization = organization;
  key.environment = environment;
  return key;
}

}  // namespace

std::optional<Organization> find_organization(Storage& storage, const OrganizationId& id) {
  auto found = retried([&] { return find<StoredOrganization>(*storage.begin_database(Access::read), "id", id.str()); });
  if (!found || found->unfinished_copy) return std::nullopt;
  return std::move(found->organization);
}

std::vector<Organization> stored_organizations(Storage& storage) {
  std::vector<StoredOrganization> found = retried([&] {
    return select<StoredOrganization>(*storage.begin_database(Access::read),
                                      {{}, {{"unfinished_copy", {}, std::monostate()}}, {"id"}});
  });
  std::vector<Organization> out;
  for (StoredOrganization& stored : found) out.push_back(std::move(stored.organization));
  return out;
}

void insert_organization(Storage& storage, const Organization& organization) {
  insert_in_database(storage, StoredOrganization{organization});
}

std::optional<User> find_user(Storage& storage, const UserId& id) {
  return retried([&] { return find<User>(*storage.begin_database(Access::read), "id", id.str()); });
}

void insert_user(Storage& storage, const User& user) { insert_in_database(storage, user); }

std::optional<Membership> find_membership(Transaction& transaction, const Scope& scope, const UserId& user) {
  auto found = find<Membership>(transaction, "user_id", user.str());
  if (found) found->organization = scope.organization();
  return found;
}

std::vector<Membership> stored_memberships(Transaction& transaction, const Scope& scope, std::int64_t limit,
                                           const std::optional<UserId>& after) {
  RecordSelection selection{RecordTable::memberships, {}, {"user_id"}};
  selection.limit = limit;
  if (after) selection.after = std::vector{RecordValue(after->str())};
  auto out = select<Membership>(transaction, std::move(selection));
  for (Membership& membership : out) membership.organization = scope.organization();
  return out;
}

bool has_other_admin(Transaction& transaction, const UserId& user) {
  RecordSelection admins{RecordTable::memberships, {{"role", {}, to_value(MembershipRole::admin)}}, {"user_id"}};
  admins.limit = 2;
  return std::ranges::any_of(select<Membership>(transaction, std::move(admins)),
                             [&](const Membership& admin) { return admin.user != user; });
}

void put_membership(Transaction& transaction, const Membership& membership) {
  if (transaction.update_records(RecordTable::memberships, {{"user_id", {}, membership.user.str()}},
                                 {{"role", to_value(membership.role)}}) == 0)
    insert(transaction, membership);
}

void remove_membership(Transaction& transaction, const UserId& user) {
  transaction.remove_records(RecordTable::operator_sessions, {{"user_id", {}, user.str()}});
  transaction.remove_records(RecordTable::memberships, {{"user_id", {}, user.str()}});
}

std::vector<Assignment> stored_assignments(Transaction& transaction, const UserId& user) {
  auto out = select<Assignment>(transaction, {{}, {{"user_id", {}, user.str()}}});
  for (Assignment& assignment : out) {
    auto role = find<RoleRecord>(transaction, "id", assignment.role.str());
    if (!role) throw Error(ErrorCode::storage, "a role that somebody was assigned is missing; restore a backup");
    assignment.role_name = std::move(role->name);
  }
  std::ranges::sort(out, {}, &Assignment::role_name);
  return out;
}

std::vector<UserId> users_with_role(Transaction& transaction, const RoleId& role) {
  std::vector<UserId> out;
  for (Assignment& assignment : select<Assignment>(transaction, {{}, {{"role_id", {}, role.str()}}, {"user_id"}}))
    out.push_back(std::move(assignment.user));
  return out;
}

void put_assignment(Transaction& transaction, const Assignment& assignment) {
  if (transaction.update_records(
          RecordTable::role_assignments, of_assignment(assignment.user, assignment.role),
          {{"expires_at", to_value(assignment.expires_at)}, {"granted_by", assignment.granted_by}}) == 0)
    insert(transaction, assignment);
}

bool remove_assignment(Transaction& transaction, const UserId& user, const RoleId& role) {
  return transaction.remove_records(RecordTable::role_assignments, of_assignment(user, role)) > 0;
}

ApiKey in_scope(ApiKey key, const Scope& scope) {
  return in_scope(std::move(key), scope.organization(), scope.environment());
}

std::vector<ApiKey> stored_api_keys(Transaction& transaction, const Scope& scope) {
  std::vector<ApiKey> out;
  for (StoredApiKey& stored : select<StoredApiKey>(transaction, {{}, {}, {"created_at", "id"}}))
    out.push_back(in_scope(std::move(stored.key), scope));
  return out;
}

std::optional<ApiKey> stored_api_key(Transaction& transaction, const Scope& scope, const ApiKeyId& id) {
  auto found = find<StoredApiKey>(transaction, "id", id.str());
  if (!found) return std::nullopt;
  return in_scope(std::move(found->key), scope);
}

void insert_api_key(Transaction& transaction, const ApiKey& key, const Digest& hash) {
  if (!insert(transaction, StoredApiKey{hash, key}))
    throw Error(ErrorCode::storage, "an id came twice; the id source must never repeat one");
}

void update_api_key(Transaction& transaction, const ApiKey& key) {
  transaction.update_records(RecordTable::api_keys, {{"id", {}, key.id.str()}},
                             {{"expires_at", to_value(key.expires_at)}, {"revoked_at", to_value(key.revoked_at)}});
}

ApiKey to_api_key(const FoundApiKey& found) {
  return in_scope(from_record<StoredApiKey>(found.record).key, found.organization, found.environment);
}

}  // namespace struere
