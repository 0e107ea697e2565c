// A small company to test with: one organization, a development and a production scope, whatever types and roles a test
// asks for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "struere/spi/backend.hpp"
#include "struere/spi/storage.hpp"
#include "struere/struere.hpp"
#include "support/manual_clock.hpp"
#include "support/sequential_ids.hpp"
#include "support/storage_kind.hpp"
#include "support/temporary_database.hpp"

namespace struere::test {

class World {
 public:
  explicit World(StorageKind kind = StorageKind::memory, DatabaseOptions options = {}) {
    options.clock = &clock;
    options.ids = &ids;
    options.sqlite.durability = Durability::normal;
    if (kind == StorageKind::sqlite) place_ = std::make_shared<const std::string>(folder.file());
    if (kind == StorageKind::postgres) place_ = lend_postgres_database();
    database = std::make_unique<Database>(place_ ? Database::open(*place_, options) : Database::in_memory(options));
    add_organization("acme");
  }

  TrustedHost host() const { return database->trusted_host(); }
  void add_organization(const std::string& id) { host().create_organization(id, OrganizationId(id)); }

  Session system(Environment environment = Environment::development, const std::string& organization = "acme") const {
    return host().system_session(OrganizationId(organization), environment);
  }
  // Makes the user and the membership where there are none yet.
  Session user(const std::string& id, const std::vector<std::string>& roles = {},
               Environment environment = Environment::development, const std::string& organization = "acme",
               MembershipRole membership = MembershipRole::member) const {
    try {
      host().create_user(id, UserId(id));
    } catch (const Error&) {  // a user of another organization, too
    }
    host().put_member(OrganizationId(organization), UserId(id), membership);
    for (const std::string& role : roles) system(environment, organization).roles().assign(UserId(id), role);
    return host().user_session(UserId(id), OrganizationId(organization), environment);
  }

  void define_type(const Json& definition, Environment environment = Environment::development,
                   const std::string& organization = "acme") const {
    system(environment, organization).entity_types().define(definition);
  }
  void define_role(const Json& definition, Environment environment = Environment::development,
                   const std::string& organization = "acme") const {
    system(environment, organization).roles().define(definition);
  }
  // As the system; a millisecond later than whatever was made before.
  EntityId create(const std::string& type, const Json& data, Environment environment = Environment::development,
                  const std::string& organization = "acme") {
    clock.advance(1);
    return system(environment, organization).entities(type).create(data).id;
  }

  // What Database::open takes. Not of a world in memory.
  const std::string& place() const { return *place_; }
  // Another one on the same data, as another process would open it. Not of a world in memory.
  std::unique_ptr<Storage> open_storage() const {
    return scheme_of(place()).empty() ? open_sqlite_storage(place()) : open_backend(place(), {});
  }

  // A transaction of another connection that has written in development, and has not ended. Not of a world in memory.
  struct OpenWrite {
    std::unique_ptr<Storage> storage;
    std::unique_ptr<Transaction> transaction;
  };
  OpenWrite begin_write() const {
    OpenWrite out;
    out.storage = open_storage();
    out.transaction = out.storage->begin(system().actor().scope(), Access::write);
    out.transaction->insert_record(RecordTable::roles, {"r", "r", std::int64_t{0}});
    return out;
  }

  TemporaryFolder folder;
  ManualClock clock;
  SequentialIds ids;

 private:
  std::shared_ptr<const std::string> place_;  // outlives the database

 public:
  std::unique_ptr<Database> database;
};

}  // namespace struere::test
