// What the server does as the host itself, because no session can: members, both environments at once, the doctor and
// a copy of the organization. This is the only file besides who_asks.cpp and sign_in.cpp that uses a TrustedHost.
//
// Allowed to org admins, for their own organization, and never to an actor that another one acts as.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "server/call.hpp"
#include "struere/model/organization.hpp"
#include "struere/operations/doctor.hpp"

namespace struere::server {

class OrganizationAdmin {
 public:
  // Throws Error{permission_denied} unless a user who is an org admin asks.
  explicit OrganizationAdmin(const Call& call);

  MemberPage member_page(Environment environment, std::int64_t limit, const std::optional<std::string>& cursor) const;
  // Throws Error{not_found} if the user is not a member.
  Membership member(const UserId& user) const;
  // Also creates the user if the id is new. Says nothing about whether it was. Without `role` a member stays what they
  // are, and a user who is not one becomes an ordinary member. Returns what the member is now. Throws Error{conflict}
  // if the last admin would be one no more; only the host may do that.
  MembershipRole put_member(const UserId& user, const std::string& name, std::optional<MembershipRole> role) const;
  // Throws Error{conflict} for the last admin.
  bool remove_member(const UserId& user) const;

  // The same user in the other environment, for a deploy.
  Session session(Environment environment) const;

  // Those of the organization; what is wrong with the storage of all organizations is left out.
  std::vector<Finding> examine() const;

  // Copies both environments of the organization, and nothing of others, to a new database file. Users have their id
  // as name there.
  void back_up(const std::filesystem::path& file) const;

  std::vector<OperatorSession> operators() const;
  OperatorSecret invite(const UserId& user) const;
  // Ends all sessions and invitations of a member, and returns how many.
  std::int64_t sign_out(const UserId& user) const;

 private:
  const Database& database_;
  StorageReports& storage_reports_;
  OrganizationId organization_;
  UserId user_;
};

}  // namespace struere::server
