#include "storage/postgres/key_builder.hpp"

#include <exception>
#include <utility>
#include <vector>

#include "core/fork_count.hpp"
#include "storage/postgres/field_key_table.hpp"
#include "storage/postgres/scope_head.hpp"

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
  try {
    while (!stop_.stop_requested() && advance(scope)) {
    }
  } catch (const std::exception&) {
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
