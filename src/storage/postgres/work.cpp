#include "storage/postgres/work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "struere/core/error.hpp"

namespace struere::postgres {

std::string rows_with_generation(std::string_view select) {
  constexpr std::string_view before = "SELECT r.*, h.generation FROM struere.scope_heads h LEFT JOIN (",
                             after = ") r ON true WHERE h.scope_id = $1";
  std::string out;
  out.reserve(before.size() + select.size() + after.size());
  return out.append(before).append(select).append(after);
}

void throw_no_head() {
  throw Error(ErrorCode::storage,
              "a scope of the database has no head, or this role may not see it; restore a backup, or grant the role "
              "what `struere pg init` prints");
}

Work::~Work() {
  if (!is_begun_ || has_ended()) return;
  try {
    lease_->set_interruption({});
    lease_->commit_with_next(false);
    lease_->queue_again("ROLLBACK");
    lease_->send_and_forget();
  } catch (const std::exception&) {  // the connection is lost, and the transaction with it
  }
}

void Work::defer(Deferred& statements) {
  if (deferred_ != &statements) send_deferred();
  deferred_ = &statements;
}

void Work::send_deferred() {
  if (Deferred* const statements = std::exchange(deferred_, nullptr)) statements->send();
}

Connection& Work::anywhere() {
  if (has_ended()) throw std::logic_error("a transaction was used after its end");
  send_deferred();
  if (!is_begun_) {
    is_begun_ = true;
    if (is_write()) {
      lease_->queue_again("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
      // 0 would wait for ever.
      lease_->queue_again(fmt::format("SET LOCAL lock_timeout = {}", std::max<std::int64_t>(lock_timeout_.count(), 1)));
    } else {
      lease_->queue_again("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }
  }
  return *lease_;
}

Connection& Work::in(std::int64_t scope) {
  Connection& connection = anywhere();
  generation();
  enter(connection, scope);
  if (lacks_generation())
    asked_generation_ =
        connection.queue("SELECT generation FROM struere.scope_heads WHERE scope_id = $1", Parameters().add(scope));
  return connection;
}

void Work::enter(Connection& connection, std::int64_t scope) {
  if (scope_ == scope) return;
  state(connection, scope, connection.is_citus() ? connection.organization_of(scope) : std::string());
}

// As text: Citus hands on no set_config(), and a pooler in transaction mode keeps what is local.
void Work::state(Connection& connection, std::int64_t scope, const std::string& organization) {
  if (connection.is_citus())
    connection.queue_again("SET LOCAL struere.organization = " + connection.quoted(organization));
  connection.queue_again("SET LOCAL struere.scope = " + std::to_string(scope));
  scope_ = scope;
}

Connection& Work::in_new(std::int64_t scope, const std::string& organization) {
  Connection& connection = anywhere();
  if (scope_ != scope) state(connection, scope, organization);
  return connection;
}

Result Work::run_with_generation(std::int64_t scope, std::string_view sql, const Parameters& parameters, int column) {
  Connection& connection = anywhere();
  enter(connection, scope);
  Result answer = connection.run(sql, parameters);
  if (answer.rows() == 0 || answer.is_null(0, column)) throw_no_head();
  generation_ = static_cast<std::uint64_t>(answer.integer(0, column));
  return answer;
}

std::optional<std::uint64_t> Work::generation() {
  // What was asked along with the statement before; the next one drops it.
  if (asked_generation_ && lease_->has_finished()) {
    const Result row = lease_->take(*asked_generation_);
    asked_generation_.reset();
    if (row.rows() != 1) throw_no_head();
    generation_ = static_cast<std::uint64_t>(row.integer(0, 0));
  }
  return generation_;
}

void Work::end_with_next() {
  if (is_write()) return;
  ends_with_next_ = true;
  lease_->commit_with_next(true);
}

bool Work::has_ended() const noexcept { return has_ended_ || (ends_with_next_ && lease_->has_committed_with_it()); }

void Work::begin_again() {
  if (is_write() || !has_ended()) throw std::logic_error("only a reader who has ended begins again");
  is_begun_ = has_ended_ = ends_with_next_ = false;
  scope_.reset();
  asked_generation_.reset();
  generation_.reset();
}

void Work::commit() {
  if (!is_begun_ || (ends_with_next_ && has_ended())) return;
  Connection& connection = anywhere();
  connection.queue_again("COMMIT");
  connection.set_committing(is_write());
  try {
    connection.finish();
  } catch (...) {
    connection.set_committing(false);
    throw;
  }
  connection.set_committing(false);
  has_ended_ = true;
}

}  // namespace struere::postgres
