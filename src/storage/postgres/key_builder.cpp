#include "storage/postgres/key_builder.hpp"

#include <exception>
#include <utility>
#include <vector>

#include "core/fork_count.hpp"
#include "storage/postgres/field_key_table.hpp"
#include "storage/postgres/scope_head.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {

KeyBuilder::KeyBuilder(std::function<std::shared_ptr<Work>(Work::Kind)> begin)
    : begin_(std::move(begin)), forks_(fork_count()) {}

KeyBuilder::~KeyBuilder() {
  stop_.request_stop();
  if (thread_.joinable() && forks_ != fork_count()) thread_.detach();  // a child of fork() does not have the thread
}

bool KeyBuilder::advance(std::int64_t scope) {
  const auto work = begin_(Work::Kind::write);
  ScopeHead head(*work, scope);
  head.lock();
  FieldKeyTable table(*work, scope);
  const auto type = table.unfinished();
  if (!type)
    work->in(scope).queue("DELETE FROM struere.unfinished_scopes WHERE scope_id = $1", Parameters().add(scope));
  else
    table.advance(*type);
  head.count_generation();  // what is known of a type's keys goes by it
  head.save();
  work->commit();
  return type.has_value();
}

void KeyBuilder::run(std::int64_t scope) noexcept {
  // Each step goes on from where the tables say, so that one whose outcome is unknown is tried again as well.
  for (int failures = 0; !stop_.stop_requested();) try {
      if (!advance(scope)) return;
      failures = 0;
    } catch (const Error& error) {
      const bool has_waited_for_lock = error.is_transient() && !error.is_retryable();
      if (has_waited_for_lock || !wait_to_retry(++failures)) return;
    } catch (const std::exception&) {
      return;
    }
}

void KeyBuilder::resume() {
  std::vector<std::int64_t> scopes;
  {
    const Result unfinished =
        begin_(Work::Kind::read)->anywhere().run("SELECT scope_id FROM struere.unfinished_scopes ORDER BY scope_id");
    for (int row = 0; row < unfinished.rows(); ++row) scopes.push_back(unfinished.integer(row, 0));
  }
  if (scopes.empty()) return;
  thread_ = std::jthread([this, scopes = std::move(scopes)] {
    for (const std::int64_t scope : scopes) run(scope);
  });
}

}  // namespace struere::postgres
