// A key ends, or shrinks, with the actor that made it (SPEC 2).
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class KeyWorld : public World {
 public:
  explicit KeyWorld(StorageKind kind) : World(kind) {
    define_type({{"slug", "note"}});
    for (const char* const name : {"reader", "writer"})
      define_role(
          {{"name", name}, {"policies", {{{"resource", "note"}, {"actions", {"read", "list"}}, {"effect", "allow"}}}}});
    define_role(
        {{"name", "keeper"}, {"policies", {{{"resource", "api_keys"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
  }

  CreatedApiKey make(const Session& maker, std::vector<std::string> roles) const {
    return maker.api_keys().create({.name = "k", .roles = std::move(roles)});
  }
  // The names of the roles that the key has now, "" if it has none, "ended" if it is none any more. Asked three times,
  // so that it comes out of the cache as well.
  std::string roles_of(const CreatedApiKey& key) const { return roles_of(*database, key); }
  static std::string roles_of(const Database& database, const CreatedApiKey& key) {
    std::string out;
    for (int i = 0; i < 3; ++i) {
      std::string names;
      try {
        const Session session = database.authenticate(key.secret);
        for (const ActorRole& role : session.actor().roles()) names += (names.empty() ? "" : " ") + role.name;
      } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::unauthenticated);
        names = "ended";
      }
      if (i > 0) CHECK(names == out);
      out = names;
    }
    return out;
  }
  RoleRepository roles() const { return system().roles(); }
};

const OrganizationId acme_of_keys("acme");

}  // namespace

TEST_CASE("a key that a user made shrinks with the user's roles and ends with the membership", "[keys][lineage]") {
  KeyWorld world(any_storage());
  const Session ana = world.user("ana", {"reader", "writer", "keeper"});
  const CreatedApiKey key = world.make(ana, {"reader", "writer"});
  CHECK(world.roles_of(key) == "reader writer");
  world.roles().unassign(UserId("ana"), "writer");
  CHECK(world.roles_of(key) == "reader");
  world.host().remove_member(acme_of_keys, UserId("ana"));
  CHECK(world.roles_of(key) == "ended");
}

TEST_CASE("no key of a member who was removed works for the next member with that id", "[keys][lineage]") {
  KeyWorld world(any_storage());
  world.define_role({{"name", "reader"}}, Environment::production);
  world.define_role(
      {{"name", "keeper"}, {"policies", {{{"resource", "api_keys"}, {"actions", {"*"}}, {"effect", "allow"}}}}},
      Environment::production);
  const Session before = world.user("ana", {"reader", "keeper"});
  const CreatedApiKey first = world.make(before, {"reader", "keeper"});
  const CreatedApiKey of_key = world.make(world.database->authenticate(first.secret), {"reader"});
  const CreatedApiKey in_production =
      world.make(world.user("ana", {"reader", "keeper"}, Environment::production), {"reader"});
  const CreatedApiKey of_system = world.make(world.system(), {"reader"});
  const CreatedApiKey of_ben = world.make(world.user("ben", {"reader", "keeper"}), {"reader"});
  world.host().remove_member(acme_of_keys, UserId("ana"));
  const CreatedApiKey late = world.make(before, {"reader"});  // by a session that its host kept
  const auto revoked = [&](Environment environment) {
    std::vector<std::string> out;
    for (const Event& event : world.system(environment).events().list({.type = "api-key.revoked"}).events)
      out.push_back(Json::parse(event.json()).at("id"));
    return out;
  };
  CHECK(revoked(Environment::development) == std::vector<std::string>{first.key.id.str()});
  CHECK(revoked(Environment::production) == std::vector<std::string>{in_production.key.id.str()});
  for (const CreatedApiKey& key : {first, of_key, in_production, late}) CHECK(world.roles_of(key) == "ended");

  world.host().put_member(acme_of_keys, UserId("ana"));
  for (const Environment environment : {Environment::development, Environment::production})
    for (const char* const role : {"reader", "keeper"}) world.system(environment).roles().assign(UserId("ana"), role);
  for (const CreatedApiKey& key : {first, of_key, in_production, late}) CHECK(world.roles_of(key) == "ended");
  CHECK(world.roles_of(of_system) == "reader");
  CHECK(world.roles_of(of_ben) == "reader");
  const Session again = world.host().user_session(UserId("ana"), acme_of_keys, Environment::development);
  CHECK(world.roles_of(world.make(again, {"reader"})) == "reader");
  world.host().put_member(acme_of_keys, UserId("ana"), MembershipRole::admin);
  world.host().put_member(acme_of_keys, UserId("ana"), MembershipRole::member);
  CHECK(revoked(Environment::development).size() == 2);  // a change of the membership revokes none
}

TEST_CASE("a key that an older file kept of a removed member ends when the member joins", "[keys][lineage][sqlite]") {
  KeyWorld world(StorageKind::sqlite);
  const CreatedApiKey key = world.make(world.user("ana", {"reader", "keeper"}), {"reader"});
  for (const char* const statement :
       {"DELETE FROM role_assignments WHERE user_id = 'ana'", "DELETE FROM memberships WHERE user_id = 'ana'"})
    RawDatabase(world.folder.file()).run(statement);
  const Database database = Database::open(world.folder.file());
  database.trusted_host().put_member(acme_of_keys, UserId("ana"));
  database.trusted_host()
      .system_session(acme_of_keys, Environment::development)
      .roles()
      .assign(UserId("ana"), "reader");
  CHECK(KeyWorld::roles_of(database, key) == "ended");
}

TEST_CASE("a key has a role no longer than its maker's assignment lasts", "[keys][lineage]") {
  KeyWorld world(any_storage());
  const Session ana = world.user("ana", {"keeper", "reader"});
  world.roles().assign(UserId("ana"), "writer", world.clock.now() + 10);
  const CreatedApiKey key = world.make(world.host().user_session(UserId("ana"), acme_of_keys, Environment::development),
                                       {"reader", "writer"});
  CHECK(world.roles_of(key) == "reader writer");
  world.clock.advance(9);
  CHECK(world.roles_of(key) == "reader writer");
  world.clock.advance(1);
  CHECK(world.roles_of(key) == "reader");
}

TEST_CASE("a key that an org admin made is bounded once the admin is a member", "[keys][lineage]") {
  KeyWorld world(any_storage());
  const Session root = world.user("root", {"reader"}, Environment::development, "acme", MembershipRole::admin);
  const CreatedApiKey key = world.make(root, {"reader", "writer"});
  CHECK(world.roles_of(key) == "reader writer");
  world.host().put_member(acme_of_keys, UserId("root"), MembershipRole::member);
  CHECK(world.roles_of(key) == "reader");
  world.host().put_member(acme_of_keys, UserId("root"), MembershipRole::admin);
  CHECK(world.roles_of(key) == "reader writer");
}

TEST_CASE("a key that a key made shrinks and ends with it, and so on", "[keys][lineage]") {
  KeyWorld world(any_storage());
  const Session ana = world.user("ana", {"reader", "writer", "keeper"});
  const CreatedApiKey first = world.make(ana, {"reader", "writer", "keeper"});
  const CreatedApiKey second = world.make(world.database->authenticate(first.secret), {"reader", "writer", "keeper"});
  const CreatedApiKey third = world.make(world.database->authenticate(second.secret), {"reader", "writer"});
  CHECK(third.key.created_by == second.key.id.str());
  CHECK(world.roles_of(third) == "reader writer");
  world.roles().unassign(UserId("ana"), "writer");
  CHECK(world.roles_of(third) == "reader");
  world.system().api_keys().revoke(first.key.id);
  CHECK(world.roles_of(second) == "ended");
  CHECK(world.roles_of(third) == "ended");
}

TEST_CASE("a line of keys that is too long has ended", "[keys][lineage]") {
  KeyWorld world(any_storage());
  CreatedApiKey key = world.make(world.system(), {"keeper"});
  std::vector<CreatedApiKey> line{key};
  for (int i = 0; i < 20 && world.roles_of(line.back()) != "ended"; ++i)
    line.push_back(world.make(world.database->authenticate(line.back().secret), {"keeper"}));
  CHECK(line.size() == 17);
  CHECK(world.roles_of(line.at(15)) == "keeper");
}

TEST_CASE("keys made with a key that is rotated end with the old one", "[keys][lineage]") {
  KeyWorld world(any_storage());
  const ApiKeyRepository keys = world.system().api_keys();
  const CreatedApiKey parent = world.make(world.system(), {"reader", "keeper"});
  const CreatedApiKey child = world.make(world.database->authenticate(parent.secret), {"reader"});
  const CreatedApiKey successor = keys.rotate(parent.key.id, std::chrono::seconds(1));
  CHECK(world.roles_of(child) == "reader");
  world.clock.advance(999);
  CHECK(world.roles_of(child) == "reader");
  world.clock.advance(1);
  CHECK(world.roles_of(child) == "ended");
  CHECK(world.roles_of(successor) == "keeper reader");
}

TEST_CASE("a key is rotated once, so that its successor keeps its expiry", "[keys]") {
  KeyWorld world(any_storage());
  const ApiKeyRepository keys = world.system().api_keys();
  const Timestamp expiry = world.clock.now() + 90LL * 24 * 60 * 60'000;
  const CreatedApiKey key = keys.create({.name = "k", .roles = {"reader"}, .expires_at = expiry});
  const CreatedApiKey other = keys.create({.name = "other", .roles = {"reader"}, .expires_at = expiry});
  const CreatedApiKey first = keys.rotate(key.key.id, std::chrono::minutes(1));
  CHECK(first.key.expires_at == expiry);
  for (int i = 0; i < 150; ++i)  // more rotations than are read at once
    keys.rotate(keys.create({.name = "many"}).key.id, std::chrono::minutes(1));
  const std::string message = error_of([&] { keys.rotate(key.key.id, std::chrono::minutes(1)); });
  CHECK(message.starts_with("conflict: "));
  CHECK(message.find(first.key.id.str()) != std::string::npos);
  CHECK(keys.rotate(first.key.id, std::chrono::minutes(1)).key.expires_at == expiry);
  CHECK(keys.rotate(other.key.id).key.expires_at == expiry);
}

TEST_CASE("a list of keys tells which ended with an actor that made them", "[keys][lineage]") {
  KeyWorld world(any_storage());
  const ApiKeyRepository keys = world.system().api_keys();
  const CreatedApiKey parent = world.make(world.system(), {"reader", "keeper"});
  const CreatedApiKey child = world.make(world.database->authenticate(parent.secret), {"reader"});
  const auto ended = [&] {
    std::vector<std::string> out;
    for (const ApiKey& key : keys.list())
      if (key.ended_with_maker) out.push_back(key.id.str());
    std::vector<std::string> paged;
    for (const ApiKey& key : keys.page(10).keys)
      if (key.ended_with_maker) paged.push_back(key.id.str());
    CHECK(out == paged);
    return out;
  };
  CHECK(ended().empty());
  keys.revoke(parent.key.id);
  CHECK(ended() == std::vector<std::string>{child.key.id.str()});
  keys.revoke(child.key.id);
  CHECK(ended().empty());  // it is revoked itself
}

TEST_CASE("a successor ends with whoever rotated the key, and with the old key's maker if that was the system",
          "[keys][lineage]") {
  KeyWorld world(any_storage());
  const CreatedApiKey old = world.make(world.system(), {"reader"});
  const Session ana = world.user("ana", {"reader", "keeper"});
  const CreatedApiKey hers = ana.api_keys().rotate(old.key.id);
  CHECK(hers.key.created_by == "ana");
  // The system hands on what the key was made from, and so does a key that rotates itself.
  const CreatedApiKey still_hers = world.system().api_keys().rotate(hers.key.id);
  CHECK(still_hers.key.created_by == "ana");
  const CreatedApiKey keeper = world.make(ana, {"reader", "keeper"});
  const CreatedApiKey itself = world.database->authenticate(keeper.secret).api_keys().rotate(keeper.key.id);
  CHECK(itself.key.created_by == "ana");
  CHECK(world.roles_of(itself) == "keeper reader");
  world.host().remove_member(acme_of_keys, UserId("ana"));
  CHECK(world.roles_of(still_hers) == "ended");
  CHECK(world.roles_of(itself) == "ended");
}

TEST_CASE("a key that an agent made shrinks with the agent's configuration and ends when it is inactive",
          "[keys][lineage]") {
  KeyWorld world(any_storage());
  const AgentRepository agents = world.system().agents();
  agents.define({.slug = "tutor", .name = "Tutor"});
  agents.configure("tutor", {.system_prompt = "", .model = "m", .roles = {"reader", "writer", "keeper"}});
  const CreatedApiKey key =
      world.make(world.host().agent_session("tutor", acme_of_keys, Environment::development), {"reader", "writer"});
  CHECK(world.roles_of(key) == "reader writer");
  agents.configure("tutor", {.system_prompt = "", .model = "m", .roles = {"writer", "keeper"}});
  CHECK(world.roles_of(key) == "writer");
  agents.configure("tutor", {.system_prompt = "", .model = "m", .status = AgentStatus::inactive});
  CHECK(world.roles_of(key) == "ended");
}

TEST_CASE("a key ends with its maker in another process, with the next request", "[keys][lineage][sqlite]") {
  KeyWorld world(any_shared_storage());
  const CreatedApiKey key = world.make(world.user("ana", {"reader", "keeper"}), {"reader"});
  CHECK(world.roles_of(key) == "reader");
  const Database other = Database::open(world.place());
  other.trusted_host().remove_member(acme_of_keys, UserId("ana"));
  CHECK(world.roles_of(key) == "ended");
}

TEST_CASE("a user's roles of the other environment are none of a key's", "[keys][lineage]") {
  KeyWorld world(any_storage());
  world.define_role({{"name", "writer"}}, Environment::production);
  const CreatedApiKey key = world.make(world.user("ana", {"writer", "keeper"}), {"writer"});
  world.user("ana", {"writer"}, Environment::production);
  world.roles().unassign(UserId("ana"), "writer");
  CHECK(world.roles_of(key) == "");
}

TEST_CASE("a key with a role that there is not is refused, by name", "[keys]") {
  KeyWorld world(any_storage());
  const ApiKeyRepository keys = world.system().api_keys();
  const std::string message = error_of([&] { keys.create({.name = "k", .roles = {"reader", "raeder"}}); });
  CHECK(message.starts_with("invalid_data: "));
  CHECK(message.find("\"raeder\"") != std::string::npos);
  CHECK(keys.list().empty());
  const CreatedApiKey key = keys.create({.name = "k", .roles = {"raeder"}, .allow_unknown_roles = true});
  CHECK(world.roles_of(key) == "");
  CHECK_NOTHROW(keys.rotate(key.key.id));
  // Nobody learns which roles there are by trying: what one does not hold is denied, whether it is there or not.
  const ApiKeyRepository hers = world.user("ana", {"keeper"}).api_keys();
  CHECK(error_of([&] { hers.create({.name = "k", .roles = {"reader"}}); }) ==
        error_of([&] { hers.create({.name = "k", .roles = {"raeder"}}); }));
}
