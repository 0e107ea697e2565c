// How an API key is read from its row, wherever it is looked up from.
#pragma once

#include <string_view>

#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/stored_texts.hpp"
#include "struere/core/error.hpp"
#include "struere/core/json.hpp"
#include "struere/model/api_key.hpp"

namespace struere {

inline constexpr std::string_view select_api_key =
    "SELECT k.id, s.organization_id, s.environment, k.name, k.display_prefix, k.roles, k.kind, k.created_at, "
    "k.expires_at, k.revoked_at, "
    "k.last_used_at, k.created_by_type, k.created_by FROM api_keys k JOIN scopes s ON s.id = k.scope_id ";

inline ApiKey read_api_key(const Statement& statement) {
  const auto environment = parse_environment(statement.text(2));
  if (!environment) throw Error(ErrorCode::storage, "a scope of the file has an unknown environment; restore a backup");
  ApiKey key;
  key.id = ApiKeyId(statement.string(0));
  key.organization = OrganizationId(statement.string(1));
  key.environment = *environment;
  key.name = statement.string(3);
  key.display_prefix = statement.string(4);
  key.roles = read_texts(statement.text(5));
  key.kind = statement.text(6) == "webhook" ? ApiKeyKind::webhook : ApiKeyKind::agent;
  key.created_at = statement.integer(7);
  key.expires_at = statement.optional_integer(8);
  key.revoked_at = statement.optional_integer(9);
  key.last_used_at = statement.optional_integer(10);
  key.created_by_type = statement.string(11);
  key.created_by = statement.string(12);
  return key;
}

}  // namespace struere
