// The answers of requests that are carried out once (Session::once): kept in the transaction of the request itself, so
// that answer and write are stored together or not at all.
//
// A scope keeps a ring of them, so that none grows with the number of requests and each costs the same. Answers belong
// to an actor: what it gets again, it has been given before.
#pragma once

#include <cstdint>
#include <functional>

#include "repository/guarded_operation.hpp"
#include "struere/repository/session.hpp"

namespace struere {

OnceAnswer carry_out_once(const Caller& caller, const OnceKey& key, const std::function<Json(Session& unit)>& body);

// Removes the texts of all answers of the scope, which may hold data of the entity that `operation` purges. That the
// requests were carried out is still known.
void forget_answers(GuardedOperation& operation);

// Removes up to `most` answers that are older than a day, and returns their number.
std::int64_t remove_old_answers(Transaction& transaction, Timestamp now, std::int64_t most);

}  // namespace struere
