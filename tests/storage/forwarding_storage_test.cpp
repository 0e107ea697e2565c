// The base class for storages that wrap another one leaves no function of Storage out.
#include <catch2/catch.hpp>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "struere/spi/forwarding_storage.hpp"
#include "struere/struere.hpp"

using namespace struere;

namespace {

// Only the functions without a default.
class BareStorage : public Storage {
 public:
  std::unique_ptr<Transaction> begin(const Scope& /*scope*/, Access /*access*/) override { return nullptr; }
  std::unique_ptr<JointTransaction> begin_joint(const std::vector<Scope>& /*scopes*/) override { return nullptr; }
  std::unique_ptr<RecordTransaction> begin_database(Access /*access*/) override { return nullptr; }
  std::optional<FoundApiKey> find_api_key(const Digest& /*hash*/) override { return std::nullopt; }
  void touch_api_key(const Digest& /*hash*/, Timestamp /*at*/) noexcept override {}
  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp /*now*/) override { return {}; }
  const Digest& cursor_key() override { return key_; }

 private:
  Digest key_{};
};

#ifndef _MSC_VER
// Its first virtual function of its own follows those of Storage.
class LongerStorage : public BareStorage {
 public:
  virtual void after_all() {}
};

// The pointers of the table of virtual functions (Itanium C++ ABI, which GCC and Clang follow).
std::vector<const void*> virtual_functions(const Storage& storage) {
  void (LongerStorage::*const function)() = &LongerStorage::after_all;
  std::uintptr_t offset = 0;  // in bytes; one bit says that the function is virtual
  std::memcpy(&offset, &function, sizeof offset);
  const void* const* table = nullptr;
  std::memcpy(&table, static_cast<const void*>(&storage), sizeof table);
  return std::vector<const void*>(table, table + (offset & ~std::uintptr_t{1}) / sizeof(void*));
}
#endif

// A storage that keeps what a write was begun with.
class NotedStorage final : public ForwardingStorage {
 public:
  NotedStorage(std::unique_ptr<Storage> wrapped, std::vector<std::string>& ids)
      : ForwardingStorage(std::move(wrapped)), ids_(ids) {}
  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    if (is_write(access)) ids_.emplace_back(first.entity);
    return ForwardingStorage::begin_at(scope, access, first);
  }

 private:
  std::vector<std::string>& ids_;
};

}  // namespace

#ifndef _MSC_VER
TEST_CASE("a forwarding storage overrides every virtual function of a storage", "[storage][spi]") {
  const BareStorage bare;
  const ForwardingStorage forwarding(open_memory_storage());
  const std::vector<const void*> defaults = virtual_functions(bare), forwarded = virtual_functions(forwarding);
  REQUIRE(defaults.size() >= 14);  // two destructors among them
  REQUIRE(forwarded.size() == defaults.size());
  for (std::size_t i = 0; i < defaults.size(); ++i) {
    INFO("virtual function " << i << " of Storage; forward it in struere/spi/forwarding_storage.hpp");
    CHECK(forwarded[i] != defaults[i]);
  }
}
#endif

TEST_CASE("who wraps a storage sees each transaction begin, with the id that it is told", "[storage][spi]") {
  std::vector<std::string> inner, outer;
  const Database database = Database::with_storage(
      std::make_unique<NotedStorage>(std::make_unique<NotedStorage>(open_memory_storage(), inner), outer));
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  system.entity_types().define({{"slug", "note"}});
  const EntityId id = system.entities("note").create({{"n", 1}}).id;
  outer.clear();
  inner.clear();
  system.entities("note").update(id, {{"n", 2}});
  system.entities("note").create({{"n", 3}});
  CHECK(outer == std::vector<std::string>{id.str(), ""});
  CHECK(inner == outer);
}
