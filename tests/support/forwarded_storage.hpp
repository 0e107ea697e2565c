// A storage that hands everything on to another one, for tests that change or watch a part of it.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "struere/spi/storage.hpp"

namespace struere::test {

class ForwardedStorage : public Storage {
 public:
  explicit ForwardedStorage(std::unique_ptr<Storage> storage) : storage_(std::move(storage)) {}

  std::unique_ptr<Transaction> begin(const Scope& scope, Access access) override {
    return storage_->begin(scope, access);
  }
  std::optional<CommitStamp> commit_stamp() const noexcept override { return storage_->commit_stamp(); }
  std::unique_ptr<JointTransaction> begin_joint(const std::vector<Scope>& scopes) override {
    return storage_->begin_joint(scopes);
  }
  std::unique_ptr<RecordTransaction> begin_database(Access access) override { return storage_->begin_database(access); }
  std::optional<FoundApiKey> find_api_key(const Digest& hash) override { return storage_->find_api_key(hash); }
  void touch_api_key(const Digest& hash, Timestamp at) noexcept override { storage_->touch_api_key(hash, at); }
  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) override {
    return storage_->scopes_with_due_runs(now);
  }
  const Digest& cursor_key() override { return storage_->cursor_key(); }
  void require_in_place() override { storage_->require_in_place(); }
  StorageReport check() override { return storage_->check(); }

 private:
  std::unique_ptr<Storage> storage_;
};

}  // namespace struere::test
