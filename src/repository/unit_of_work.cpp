#include "repository/unit_of_work.hpp"

#include <algorithm>
#include <vector>

#include "core/authority.hpp"
#include "core/fork_count.hpp"
#include "repository/guarded_operation.hpp"
#include "storage/retry.hpp"
#include "struere/repository/session.hpp"

namespace struere {
namespace {

thread_local std::vector<UnitOfWork*> units_of_this_thread;

// Marks this thread as being inside the unit.
class InUnit {
 public:
  explicit InUnit(UnitOfWork& unit) { units_of_this_thread.push_back(&unit); }
  ~InUnit() { units_of_this_thread.pop_back(); }
  InUnit(const InUnit&) = delete;
  InUnit& operator=(const InUnit&) = delete;
};

}  // namespace

void require_no_unit(const Engine& engine) {
  for (UnitOfWork* const unit : units_of_this_thread)
    if (&unit->engine() == &engine)
      unit->fail(Error(ErrorCode::conflict,
                       "this thread is inside a transaction of this database, and this is no part of it; use the "
                       "session that its body was given, or do it before or after"));
}

UnitOfWork::UnitOfWork(Engine& engine, const Scope& scope)
    : engine_(engine),
      scope_(scope),
      forks_(fork_count()),
      transaction_(engine.storage->begin(scope, engine.storage->is_read_only() ? Access::read : Access::write)),
      by_clock_(engine.clock->now()),
      now_(std::max(by_clock_, transaction_->last_time())),
      generation_(transaction_->generation()) {}

void UnitOfWork::require_usable() const {
  if (forks_ != fork_count())
    throw Error(ErrorCode::conflict,
                "a transaction belongs to the process that began it; leave its body without using it in a child of "
                "fork(), and open the database again there");
  if (thread_ != std::this_thread::get_id())
    throw Error(ErrorCode::conflict, "only the thread that began a transaction may use it; begin another one");
  if (!transaction_)
    throw Error(ErrorCode::conflict, "this transaction has ended; do not keep its session after the body");
  if (failure_) throw *failure_;
}

void UnitOfWork::run(const Caller& caller, const Attempt& attempt, const std::function<void(GuardedOperation&)>& body) {
  require_usable();
  try {
    GuardedOperation operation(*this, caller.actor());
    body(operation);
  } catch (const Error& error) {
    failure_ = error;
    if (error.code() == ErrorCode::permission_denied)
      denied_ =
          Denied{caller.actor(), std::string(attempt.action), std::string(attempt.resource), std::string(attempt.id)};
    throw;
  } catch (...) {
    failure_ = Error(ErrorCode::storage, "an operation of this transaction failed; nothing of it was kept");
    throw;
  }
}

void UnitOfWork::fail(const Error& error) {
  if (!failure_) failure_ = error;
  throw error;
}

void check_arguments(const Caller& caller, const std::function<void()>& check) {
  try {
    check();
  } catch (const Error&) {
    if (UnitOfWork* const unit = caller.unit()) unit->run(caller, {}, [](GuardedOperation&) { throw; });
    throw;
  }
}

std::shared_ptr<CompiledScope> UnitOfWork::compiled() {
  const std::uint64_t generation = transaction_->generation();
  if (generation == generation_) return engine_.compiled(*transaction_, scope_);
  // Not cached: these rules may be undone, and the next writer's rules would then have the same generation.
  if (!changed_ || changed_->rules().generation() != generation)
    changed_ = CompiledScope::read(*transaction_, engine_.compiled_cache);
  return changed_;
}

void UnitOfWork::require_writable() const {
  if (engine_.storage->is_read_only()) (void)engine_.storage->begin(scope_, Access::write);  // refuses, and says why
}

void UnitOfWork::commit() {
  require_usable();
  if (!engine_.storage->is_read_only()) transaction_->commit();
}

void UnitOfWork::end() noexcept {
  // In a child of fork(), undoing it would end the transaction of the parent, which goes on with the same file or
  // connection.
  if (forks_ != fork_count())
    (void)transaction_.release();
  else
    transaction_.reset();
}

UnitOfWork::~UnitOfWork() { end(); }

void UnitOfWork::record_denial() {
  if (denied_)
    struere::record_denial(engine_, denied_->actor, {denied_->action, denied_->resource, denied_->id}, *failure_);
}

namespace {

void run_unit_once(const Caller& caller, const std::function<void(Session& unit)>& body) {
  Engine& engine = caller.engine();
  const auto unit = std::make_shared<UnitOfWork>(engine, caller.actor().scope());
  try {
    const InUnit mark(*unit);
    Session session(Caller(authority(), caller.shared_engine(authority()), caller.actor(), unit));
    body(session);
    unit->commit();
    unit->end();
  } catch (const Error& error) {
    unit->end();
    unit->record_denial();
    const auto& first = unit->failure();
    // The body may have added the place to it.
    const bool is_first = first && first->code() == error.code() && std::string_view(first->what()) == error.what();
    if (first && !is_first) throw *first;
    throw;
  } catch (...) {
    unit->end();
    unit->record_denial();
    // The storage asks for another run, whatever the body made of it.
    if (unit->failure() && unit->failure()->is_retryable()) throw *unit->failure();
    throw;
  }
}

}  // namespace

void run_unit(const Caller& caller, const std::function<void(Session& unit)>& body) {
  check_arguments(caller, [&] {
    if (caller.unit())
      throw Error(ErrorCode::conflict,
                  "a transaction cannot begin inside another one; use the session that the body was given");
  });
  require_no_unit(caller.engine());
  retried([&] { run_unit_once(caller, body); });
}

Decision decision_of(const Caller& caller, Action action, std::string_view resource) {
  if (UnitOfWork* const unit = caller.unit()) {
    unit->require_usable();
    return decide(unit->compiled()->rules(), caller.actor(), action, resource);
  }
  require_no_unit(caller.engine());
  return caller.engine().decision(caller.actor(), action, resource);
}

}  // namespace struere
