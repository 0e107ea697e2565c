// An opaque position in the answer to one query, in one scope (SPEC 6).
#pragma once

#include <optional>
#include <string>

#include "struere/core/digest.hpp"
#include "struere/core/scope.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_API struere {

// `key` is a secret of the database, made with it: without it a cursor can be neither read nor made. `question` is
// everything except the scope that the answer depends on: type, filter, status, search, order.
std::string encode_cursor(const Digest& key, const Scope& scope, const std::string& question, const Position& position);

// nullopt for any text that encode_cursor did not make for the same key, scope and question.
std::optional<Position> decode_cursor(const Digest& key, const Scope& scope, const std::string& question,
                                      const std::string& cursor);

}  // namespace struere
