// The records that both environments share (SPEC 1).
#pragma once

#include <string>
#include <string_view>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"

namespace STRUERE_API struere {

struct Organization {
  OrganizationId id;
  std::string name;
  Timestamp created_at = 0;
};

struct User {
  UserId id;
  std::string name;
  Timestamp created_at = 0;
};

// A member with the role `admin` is an org admin in both environments of the organization.
enum class MembershipRole { member, admin };

std::string_view to_string(MembershipRole role) noexcept;

struct Membership {
  OrganizationId organization;
  UserId user;
  MembershipRole role = MembershipRole::member;
  Timestamp created_at = 0;
};

}  // namespace struere
