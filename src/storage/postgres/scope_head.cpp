#include "storage/postgres/scope_head.hpp"

#include <algorithm>
#include <string>

#include "storage/sql/event_reader.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {

namespace {

// $1 is the scope.
constexpr const char* select_scope_head =
    "SELECT generation, event_count, event_hash, event_time, written_at, log_start_sequence, log_start_hash FROM "
    "struere.scope_heads WHERE scope_id = $1";

}  // namespace

Connection::Ticket ScopeHead::queue_lock() {
  static const std::string sql = std::string(select_scope_head) + " FOR NO KEY UPDATE";
  return work_.in(scope_).queue(sql, Parameters().add(scope_));
}

void ScopeHead::lock() {
  const Connection::Ticket row = queue_lock();
  Connection& connection = work_.in(scope_);
  connection.finish();
  parse(connection.take(row));
}

void ScopeHead::parse(const Result& row) {
  if (row.rows() != 1) throw_no_head();
  values_.generation = row.integer(0, 0);
  values_.end.sequence = row.integer(0, 1);
  values_.event_time = row.integer(0, 3);
  values_.written_at = row.integer(0, 4);
  values_.start.sequence = row.integer(0, 5);
  if (!read_fixed_bytes(row.bytes(0, 2), values_.end.hash) || !read_fixed_bytes(row.bytes(0, 6), values_.start.hash))
    throw Error(ErrorCode::storage, "the end or the start of a log has a malformed hash; restore a backup");
  is_read_ = true;
}

const ScopeHead::Values& ScopeHead::read() {
  if (!is_read_) parse(work_.in(scope_).run(select_scope_head, Parameters().add(scope_)));
  return values_;
}

// A reader's transaction that began again has another snapshot, and with it another generation.
std::uint64_t ScopeHead::generation() {
  if (work_.is_write()) return static_cast<std::uint64_t>(read().generation);
  if (!work_.generation()) {
    Connection& connection = work_.in(scope_);
    if (!work_.generation()) connection.finish();
  }
  return work_.generation().value();
}

ScopeHead::Values& ScopeHead::changed() {
  read();
  is_changed_ = true;
  return values_;
}

Timestamp ScopeHead::last_time() {
  const Values& values = read();
  return std::max(values.event_time, values.written_at);
}

void ScopeHead::set_chain_head(const ChainHead& end, Timestamp at) {
  Values& values = changed();
  values.end = end;
  values.event_time = at;
}

void ScopeHead::save() {
  if (!is_changed_) return;
  is_changed_ = false;
  work_.in(scope_).queue(
      "UPDATE struere.scope_heads SET generation = $2, event_count = $3, event_hash = $4, event_time = $5, written_at "
      "= "
      "$6, log_start_sequence = $7, log_start_hash = $8 WHERE scope_id = $1",
      Parameters()
          .add(scope_)
          .add(values_.generation)
          .add(values_.end.sequence)
          .add_bytes(bytes_of(values_.end.hash))
          .add(values_.event_time)
          .add(values_.written_at)
          .add(values_.start.sequence)
          .add_bytes(bytes_of(values_.start.hash)));
}

}  // namespace struere::postgres
