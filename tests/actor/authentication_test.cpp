// SPEC 2: keys. Whatever is wrong with one, the answer is the same.
#include <catch2/catch.hpp>

#include <chrono>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "core/digest.hpp"
#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const Json reader{{"name", "reader"},
                  {"policies", {{{"resource", "note"}, {"actions", {"read", "list"}}, {"effect", "allow"}}}}};

}  // namespace

TEST_CASE("a key becomes an actor of its own scope, with the roles that are there", "[keys]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(reader);
  const auto keys = world.system().api_keys();
  const CreatedApiKey agent =
      keys.create({.name = "agent", .roles = {"reader", "nobody", "reader"}, .allow_unknown_roles = true});
  const Session actor = world.database->authenticate(agent.secret);
  CHECK(actor.actor().type() == ActorType::agent);
  CHECK(actor.actor().id() == agent.key.id.str());
  CHECK(actor.actor().environment() == Environment::development);
  REQUIRE(actor.actor().roles().size() == 1);
  CHECK(actor.actor().roles()[0].name == "reader");
  CHECK_FALSE(actor.actor().passes_policies());
  CHECK(agent.secret.starts_with("sk_dev_"));
  CHECK(agent.secret.size() >= 7 + 32);  // 192 bits in base64
  CHECK(agent.secret.starts_with(agent.key.display_prefix));

  const auto webhook =
      world.system(Environment::production).api_keys().create({.name = "hook", .kind = ApiKeyKind::webhook});
  CHECK(webhook.secret.starts_with("sk_prod_"));
  CHECK(world.database->authenticate(webhook.secret).actor().type() == ActorType::webhook);
  CHECK(world.database->authenticate(webhook.secret).actor().roles().empty());
}

TEST_CASE("whatever is wrong with a key, the answer is the same", "[keys]") {
  World world(any_storage());
  const auto keys = world.system().api_keys();
  const CreatedApiKey revoked = keys.create({.name = "revoked"});
  keys.revoke(revoked.key.id);
  const CreatedApiKey expiring = keys.create({.name = "expiring", .expires_at = world.clock.now() + 10});
  CHECK(world.database->authenticate(expiring.secret).actor().id() == expiring.key.id.str());
  world.clock.advance(10);  // to the millisecond
  const std::string good = keys.create({.name = "good"}).secret;
  const std::string expected = error_of([&] { (void)world.database->authenticate("sk_dev_unknown"); });
  CHECK(expected.starts_with("unauthenticated"));
  for (const std::string& key : {revoked.secret, expiring.secret, std::string(), good + " ",
                                 good.substr(0, good.size() - 1), "sk_prod_" + good.substr(7),
                                 std::string(1 << 20, 'x'), std::string("sk_dev_\0", 8), std::string("Bearer ") + good})
    CHECK(error_of([&] { (void)world.database->authenticate(key); }) == expected);
  CHECK(world.database->authenticate(good).actor().type() == ActorType::agent);
}

TEST_CASE("what a key stands for is as of the request, however often it came before", "[keys]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(reader);
  const auto keys = world.system().api_keys();
  const CreatedApiKey key = keys.create({.name = "k", .roles = {"reader"}, .expires_at = world.clock.now() + 1000});
  const auto roles = [&] {
    std::size_t count = 99;
    for (int i = 0; i < 3; ++i) count = world.database->authenticate(key.secret).actor().roles().size();
    return count;
  };
  CHECK(roles() == 1);
  world.system().roles().remove("reader");
  CHECK(roles() == 0);
  world.define_role(reader);
  CHECK(roles() == 1);
  world.clock.advance(999);
  CHECK(roles() == 1);
  world.clock.advance(1);
  CHECK_ERROR(unauthenticated, world.database->authenticate(key.secret));
}

TEST_CASE("a key that somebody else revokes is good for nothing with the next request", "[keys][sqlite]") {
  World world(any_shared_storage());
  const CreatedApiKey key = world.system().api_keys().create({.name = "k"});
  for (int i = 0; i < 3; ++i) CHECK_NOTHROW(world.database->authenticate(key.secret));
  const Database other = Database::open(world.place());
  other.trusted_host().system_session(OrganizationId("acme"), Environment::development).api_keys().revoke(key.key.id);
  CHECK_ERROR(unauthenticated, world.database->authenticate(key.secret));
}

// Some storages write a use down after they have answered. Waits for it, and returns whether it came.
static bool last_use_becomes(const ApiKeyRepository& keys, Timestamp expected) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (keys.list().front().last_used_at != expected) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

TEST_CASE("the last use of a key is written down once a minute, and no more", "[keys]") {
  World world(any_storage());
  const auto keys = world.system().api_keys();
  const CreatedApiKey key = keys.create({.name = "k"});
  CHECK_FALSE(keys.list().front().last_used_at);
  const auto use = [&] {
    for (int i = 0; i < 3; ++i) (void)world.database->authenticate(key.secret);
  };
  const Timestamp first = world.clock.now();
  use();
  CHECK(last_use_becomes(keys, first));
  world.clock.advance(59'999);
  use();
  CHECK(last_use_becomes(keys, first));
  world.clock.advance(1);
  use();
  CHECK(last_use_becomes(keys, first + 60'000));
}

TEST_CASE("authentication waits for no writer, and the use is written with the next commit or the end",
          "[keys][sqlite]") {
  const StorageKind kind = any_shared_storage();
  World world(kind);
  const auto keys = world.system().api_keys();
  const CreatedApiKey key = keys.create({.name = "k"});
  auto storage = world.open_storage();
  Storage& shared = *storage;
  std::optional<Database> other = Database::with_storage(std::move(storage), {.clock = &world.clock});
  const bool commits = GENERATE(true, false);
  {
    const auto writing = shared.begin(world.system().actor().scope(), Access::write);
    CHECK_NOTHROW(other->authenticate(key.secret));
    if (kind == StorageKind::sqlite)
      CHECK_FALSE(keys.list().front().last_used_at);  // PostgreSQL has another connection for it
    writing->note_time(1);
    if (commits) writing->commit();
  }
  if (!commits) other.reset();
  CHECK(last_use_becomes(keys, world.clock.now()));
}

TEST_CASE("authentication does not wait for the writer of another process", "[keys][sqlite]") {
  World world(any_shared_storage(), {.sqlite = {.busy_timeout = std::chrono::seconds(120)}});
  const CreatedApiKey key = world.system().api_keys().create({.name = "k"});
  const auto writing = world.begin_write();
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) CHECK_NOTHROW(world.database->authenticate(key.secret));
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(120));  // one that waits, waits so long
}

TEST_CASE("a key whose prefix contradicts its environment is no key", "[keys]") {
  World world(StorageKind::sqlite);
  const CreatedApiKey key = world.system().api_keys().create({.name = "k"});
  RawDatabase(world.folder.file())
      .run("UPDATE api_keys SET scope_id = (SELECT id FROM scopes WHERE environment = 'production' LIMIT 1)");
  CHECK_ERROR(unauthenticated, world.database->authenticate(key.secret));
}

TEST_CASE("the key is nowhere but with who got it", "[keys]") {
  World world(StorageKind::sqlite);
  const CreatedApiKey key = world.system().api_keys().create({.name = "k"});
  world.database->authenticate(key.secret);
  const std::string random = key.secret.substr(key.key.display_prefix.size());
  for (const char* const suffix : {"", "-wal"}) {
    std::ifstream file(world.folder.file() + suffix, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    CHECK(bytes.find(random) == std::string::npos);
  }
  const std::string hash = to_hex(sha256(key.secret));
  for (const Event& event : world.system().events().list({.limit = 1000}).events) {
    CHECK(event.json().find(random) == std::string::npos);
    CHECK(event.json().find(hash) == std::string::npos);
  }
}

TEST_CASE("a key can be given only roles that its maker holds", "[keys]") {
  World world(any_storage());
  world.define_role(
      {{"name", "keeper"}, {"policies", {{{"resource", "api_keys"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
  world.define_role({{"name", "root"}, {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
  const auto keys = world.user("ana", {"keeper"}).api_keys();
  CHECK(keys.create({.name = "same", .roles = {"keeper"}}).key.roles.size() == 1);
  CHECK_ERROR(permission_denied, keys.create({.name = "more", .roles = {"root"}}));
  CHECK_ERROR(permission_denied, world.user("bo").api_keys().list());
  CHECK_ERROR(not_found, keys.revoke(world.system(Environment::production).api_keys().create({.name = "p"}).key.id));
}

TEST_CASE("a user is an actor of what they are a member of, with the roles of that scope", "[actors]") {
  World world(any_storage());
  world.add_organization("globex");
  world.define_type({{"slug", "note"}}, Environment::production);
  world.define_role(reader, Environment::production);
  const auto host = world.host();
  const Session ana = world.user("ana");
  CHECK(ana.actor().roles().empty());
  CHECK_ERROR(not_found, host.user_session(UserId("ana"), OrganizationId("globex"), Environment::development));
  CHECK_ERROR(not_found, host.user_session(UserId("nobody"), OrganizationId("acme"), Environment::development));
  CHECK_ERROR(not_found, host.system_session(OrganizationId("none"), Environment::development));
  const auto roles = world.system(Environment::production).roles();
  roles.assign(UserId("ana"), "reader", world.clock.now() + 5);
  const auto now = [&](Environment environment) {
    return host.user_session(UserId("ana"), OrganizationId("acme"), environment).actor().roles().size();
  };
  CHECK(now(Environment::production) == 1);
  CHECK(now(Environment::development) == 0);
  world.clock.advance(5);
  CHECK(now(Environment::production) == 0);
  CHECK_ERROR(not_found, roles.assign(UserId("stranger"), "reader"));
  CHECK_ERROR(not_found, roles.assign(UserId("ana"), "nothing"));
  CHECK(world.user("root", {}, Environment::development, "acme", MembershipRole::admin).actor().is_org_admin());
}

TEST_CASE("a role that is taken away or made anew no longer serves who held it", "[actors]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(reader);
  const auto notes = world.user("ana", {"reader"}).entities("note");
  CHECK(notes.can(Action::list));
  world.system().roles().remove("reader");
  CHECK_FALSE(notes.can(Action::list));
  world.define_role(reader);  // the name is the same, the role is another
  CHECK_FALSE(notes.can(Action::list));
}
