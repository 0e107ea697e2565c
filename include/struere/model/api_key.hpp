// An API key as it is stored: never the key itself, only its hash (SPEC 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/clock.hpp"
#include "struere/core/environment.hpp"
#include "struere/core/id.hpp"

namespace STRUERE_API struere {

enum class ApiKeyKind { agent, webhook };

std::string_view to_string(ApiKeyKind kind) noexcept;

struct ApiKey {
  ApiKeyId id;
  OrganizationId organization;
  Environment environment = Environment::development;
  std::string name;
  std::string display_prefix;  // enough to recognise the key by, useless to an attacker: "sk_dev_4f2a"
  std::vector<std::string> roles;
  ApiKeyKind kind = ApiKeyKind::agent;
  std::string created_by_type = "system";  // of the actor that made it, with which it ends (SPEC 2)
  std::string created_by = "system";
  Timestamp created_at = 0;
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp> revoked_at;
  // To the minute, and best effort: a use is noted without waiting for a writer or the disk, and written with what is
  // committed next; a kill or a loss of power may lose it.
  std::optional<Timestamp> last_used_at;
  // Only lists set this: the key is neither revoked nor expired, and cannot be used, because an actor that made it, or
  // the maker of that one, has ended (SPEC 2).
  bool ended_with_maker = false;
};

}  // namespace struere
