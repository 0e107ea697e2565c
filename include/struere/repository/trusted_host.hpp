// What only the host itself may do: be the system, speak for a user that it has authenticated, found organizations.
//
// This is the one door to a system actor: `grep -r TrustedHost` finds every place that has it. Never give one to code
// that acts for somebody. Keeps the database open.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/authority.hpp"
#include "struere/core/id.hpp"
#include "struere/core/shared.hpp"
#include "struere/model/database_activity.hpp"
#include "struere/model/organization.hpp"
#include "struere/model/storage_report.hpp"
#include "struere/repository/session.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {
class Storage;  // struere/spi/storage.hpp
}  // namespace spi
}  // namespace struere

namespace STRUERE_API struere {

class OperatorSessions;

// Which members of an organization: all, unless limited.
struct MemberQuery {
  std::optional<std::int64_t> limit = {};  // at least 1
  std::optional<UserId> after = {};        // only those that come after this user, who need not exist
};

struct MemberPage {
  std::vector<Membership> members;  // by user id
  std::optional<std::string> next;  // the cursor of the next page; nullopt after the last one
};

class TrustedHost {
 public:
  // Made by Database::trusted_host().
  TrustedHost(const Authority& authority, std::shared_ptr<Engine> engine);

  // --- sessions (SPEC 2). Throw Error{not_found} if the organization does not exist or the user is not a member.
  Session system_session(const OrganizationId& organization, Environment environment) const;
  Session user_session(const UserId& user, const OrganizationId& organization, Environment environment) const;

  // With the roles that the agent's configuration names there. Throws Error{not_found} if the agent is not active or
  // has no configuration there.
  Session agent_session(const std::string& slug, const OrganizationId& organization, Environment environment) const;

  // --- records that both environments share. Ids may be those of an identity provider; without one, it is a UUIDv7.
  // Error{conflict} where an id is taken, Error{invalid_data} where one is empty, too long or not UTF-8.
  Organization create_organization(const std::string& name, std::optional<OrganizationId> id = {}) const;
  User create_user(const std::string& name, std::optional<UserId> id = {}) const;
  std::vector<Organization> organizations() const;  // by id
  std::optional<Organization> organization(const OrganizationId& id) const;
  // The members of an organization, by user id; of one that does not exist, none. Throws Error{invalid_query} if the
  // limit is below 1, or `after` is not valid UTF-8 without U+0000.
  std::vector<Membership> members(const OrganizationId& organization, const MemberQuery& query = {}) const;
  // One page of them, of 1 to 1000, for an answer to somebody in one environment: the cursor is opaque and is valid
  // there only. Throws Error{invalid_query} for another limit, Error{invalid_cursor} for any other text.
  MemberPage member_page(const OrganizationId& organization, Environment environment, std::int64_t limit,
                         const std::optional<std::string>& cursor = {}) const;
  std::optional<Membership> member(const OrganizationId& organization, const UserId& user) const;
  // Both are events in both environments: `member.added`, `member.changed`, `member.removed` (SPEC 7). The events name
  // the system, or the user `by`, on whose behalf the host does this; Error{permission_denied} unless that is an org
  // admin, and Error{conflict} where it is the last one and would be one no more.
  void put_member(const OrganizationId& organization, const UserId& user, MembershipRole role = MembershipRole::member,
                  const std::optional<UserId>& by = {}) const;
  // Also takes away the roles that the user was assigned in either environment, revokes the keys that the user made
  // there, and ends the user's sessions as an operator. False if the user was not a member.
  bool remove_member(const OrganizationId& organization, const UserId& user,
                     const std::optional<UserId>& by = {}) const;

  // People who sign in to look after an organization.
  OperatorSessions operator_sessions() const;  // repository/operator_sessions.hpp

  // Of all organizations. operations/doctor.hpp asks this and a lot more.
  StorageReport check_storage() const;
  // Throws Error{storage} if the database was deleted or replaced since it was opened, or its server does not answer.
  // Takes microseconds, or a round trip: for a host that runs for long and writes seldom.
  void require_storage() const;
  // Whether each operation waits for another process or machine.
  bool has_remote_storage() const noexcept;
  // For monitoring. Takes microseconds and reads nothing.
  DatabaseActivity activity() const;
  // The number of environments of organizations in which a trigger run is due, or its worker died. It stays above zero
  // if no TriggerWorker works.
  std::size_t environments_with_due_runs() const;

 private:
  Storage& storage() const;
  bool change_member(const OrganizationId& organization, const UserId& user, std::optional<MembershipRole> role,
                     const std::optional<UserId>& by) const;

  Shared<Engine> engine_;
};

}  // namespace struere
