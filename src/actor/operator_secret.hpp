// The secret of an operator's invitation or session: `invite_` or `op_`, the organization, a dot, a random token.
//
// The organization says where to look the hash up, so that no storage has to search all organizations.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "struere/core/id.hpp"
#include "struere/model/operator_session.hpp"

namespace struere {

std::string new_operator_secret(OperatorSessionKind kind, const OrganizationId& organization);

// The organization that a secret of this kind names; nullopt for a text that new_operator_secret() does not make. Says
// nothing about whether the secret is valid.
std::optional<OrganizationId> organization_of_secret(OperatorSessionKind kind, std::string_view secret);

}  // namespace struere
