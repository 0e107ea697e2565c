// The sessions of `struere login`, which the user's configuration folder keeps in a file that only the user reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/http_client.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"

namespace struere::cli {

struct Login {
  std::string server;  // ServerAddress::url
  OrganizationId organization;
  UserId user;
  std::string secret;
  Timestamp expires_at = 0;
};

// Throws UsageError, naming `struere login`, if there is none, or if other users may read the file.
// `may_be_key`: an API key would do as well.
Login require_login(const ServerAddress& address, const OrganizationId& organization, bool may_be_key = true);

// In the place of an earlier one at this server for this organization.
void store_login(const Login& login);

// Removes and returns all at this server; those that end meanwhile are removed by the way.
std::vector<Login> forget_logins(const ServerAddress& address);

}  // namespace struere::cli
