// What the repositories ask of a storage: no more rows than the answer holds, and no row once a query is stopped.
#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "struere/spi/forwarding_storage.hpp"
#include "struere/storage/memory.hpp"
#include "struere/storage/sqlite.hpp"
#include "support/forwarded_transaction.hpp"
#include "support/storage_kind.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class AskedStorage final : public ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;

  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    return std::make_unique<Watched>(*this, ForwardingStorage::begin_at(scope, access, first));
  }

  struct Asked {
    Selection selection;
    std::size_t rows = 0;
    std::size_t bytes = 0;
  };
  std::vector<Asked> asked;              // that were answered
  std::function<void()> after_a_select;  // before the rows are given to the repository

 private:
  class Watched final : public ForwardedTransaction {
   public:
    Watched(AskedStorage& storage, std::unique_ptr<Transaction> transaction)
        : ForwardedTransaction(std::move(transaction)), storage_(storage) {}

    Page select(const Selection& selection) override {
      Page page = ForwardedTransaction::select(selection);
      Asked asked{selection, page.rows.size(), 0};
      for (const Entity& row : page.rows) asked.bytes += json_view(row).size();
      storage_.asked.push_back(std::move(asked));
      if (storage_.after_a_select) storage_.after_a_select();
      return page;
    }

   private:
    AskedStorage& storage_;
  };
};

struct AskedWorld {
  TemporaryFolder folder;
  AskedStorage* storage =
      new AskedStorage(GENERATE(true, false) ? open_memory_storage() : open_sqlite_storage(folder.file()));
  Database database = Database::with_storage(std::unique_ptr<Storage>(storage));
  Organization acme = database.trusted_host().create_organization("acme", OrganizationId("acme"));
  Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
};

}  // namespace

TEST_CASE("related asks for no more rows of each type than its page holds", "[relations][bounds]") {
  AskedWorld world;
  world.system.entity_types().define({{"slug", "note"}});
  const EntityRepository notes = world.system.entities("note");
  const EntityId from = notes.create(Json::object()).id;
  for (int i = 0; i < 5; ++i) world.system.relations().link(from, "about", notes.create(Json{{"i", i}}).id);
  world.storage->asked.clear();
  CHECK(world.system.relations().related(from, "about", RelationDirection::out, {.limit = 2}).size() == 2);
  REQUIRE(world.storage->asked.size() == 1);
  CHECK(world.storage->asked.front().rows == 2);
}

TEST_CASE("get_many reads no further than the bound of its answer", "[entities][bounds][large]") {
  AskedWorld world;
  world.system.entity_types().define({{"slug", "note"}});
  const EntityRepository notes = world.system.entities("note");
  std::vector<EntityId> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(notes.create(Json{{"text", std::string(1'000'000, 'x')}}).id);
  world.storage->asked.clear();
  CHECK_ERROR(invalid_query, notes.get_many(ids));
  REQUIRE(world.storage->asked.size() == 1);
  CHECK(world.storage->asked.front().bytes < 35'000'000);
}

TEST_CASE("a query that is stopped after its page ends before it expands", "[entities][bounds]") {
  AskedWorld world;
  world.system.entity_types().define({{"slug", "person"}});
  const Json owner{{"type", "string"}, {"references", "person"}};
  world.system.entity_types().define({{"slug", "note"}, {"schema", {{"properties", {{"owner", owner}}}}}});
  const EntityId person = world.system.entities("person").create(Json::object()).id;
  const EntityRepository notes = world.system.entities("note");
  notes.create({{"owner", person.str()}});
  std::stop_source stop;
  const Query query{.expand = {"data.owner"}, .stop = stop.get_token()};
  CHECK(notes.list(query).front().expanded().size() == 1);
  world.storage->asked.clear();
  world.storage->after_a_select = [&] { stop.request_stop(); };
  CHECK_ERROR(storage, notes.list(query));
  CHECK(world.storage->asked.size() == 1);  // that of the page
}
