// A base class for a storage that wraps another one, to watch it or to change a part of it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "struere/spi/storage.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {

// Forwards every function to the wrapped storage, those with a default in Storage too. Override what differs.
// INVARIANT: overrides each virtual function of Storage (tests/storage/forwarding_storage_test.cpp compares the tables
// of virtual functions).
class ForwardingStorage : public Storage {
 public:
  explicit ForwardingStorage(std::unique_ptr<Storage> wrapped) : wrapped_(std::move(wrapped)) {}

  // Every transaction in one scope begins in begin_at(), so that a subclass sees all of them by overriding that.
  std::unique_ptr<Transaction> begin(const Scope& scope, Access access) final { return begin_at(scope, access, {}); }
  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    return first.empty() ? wrapped_->begin(scope, access) : wrapped_->begin_at(scope, access, first);
  }
  std::unique_ptr<JointTransaction> begin_joint(const std::vector<Scope>& scopes) override {
    return wrapped_->begin_joint(scopes);
  }
  std::unique_ptr<RecordTransaction> begin_database(Access access) override { return wrapped_->begin_database(access); }
  std::optional<FoundApiKey> find_api_key(const Digest& hash) override { return wrapped_->find_api_key(hash); }
  void touch_api_key(const Digest& hash, Timestamp at) noexcept override { wrapped_->touch_api_key(hash, at); }
  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) override {
    return wrapped_->scopes_with_due_runs(now);
  }
  std::optional<CommitStamp> commit_stamp() const noexcept override { return wrapped_->commit_stamp(); }
  const Digest& cursor_key() override { return wrapped_->cursor_key(); }
  void require_in_place() override { wrapped_->require_in_place(); }
  bool is_remote() const noexcept override { return wrapped_->is_remote(); }
  bool is_read_only() const noexcept override { return wrapped_->is_read_only(); }
  std::optional<CommitCounts> commit_counts() override { return wrapped_->commit_counts(); }
  StorageReport check() override { return wrapped_->check(); }

 private:
  std::unique_ptr<Storage> wrapped_;
};

}  // namespace spi
}  // namespace struere
