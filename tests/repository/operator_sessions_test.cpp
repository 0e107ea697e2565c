// docs/server.md: how operators sign in. A secret is shown once and stored as a hash, a link works once, and a session
// ends when it is unused, old, signed out, or its user is not a member any more.
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <set>

#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr Timestamp minute = 60'000;
constexpr Environment both_of_operators[] = {Environment::development, Environment::production};
const OrganizationId acme_of_operators("acme");
const UserId olga("olga");

struct OperatorWorld : World {
  explicit OperatorWorld(StorageKind kind) : World(kind) { user("olga"); }

  OperatorSessions operators() const { return host().operator_sessions(); }
  std::string link() const { return operators().invite(acme_of_operators, olga).secret; }
  std::string sign_in(const OperatorSessionTerms& terms = {}) const { return operators().redeem(link(), terms).secret; }

  // A request: whether the session was live, whose use then counts.
  bool use(const std::string& secret) const {
    const auto session = operators().find(secret);
    if (session) operators().touch(*session);
    return session.has_value();
  }

  // "user olga member.signed-in" of each event about signing in.
  std::vector<std::string> told(Environment environment) const {
    std::vector<std::string> out;
    for (const Event& event : system(environment).events().list({.type_prefix = "member."}).events)
      if (event.type() != "member.added")
        out.push_back(event.actor_type() + " " + event.actor_id() + " " + event.type());
    return out;
  }
};

}  // namespace

TEST_CASE("an invitation is redeemed once, for a session of its user", "[operators]") {
  OperatorWorld world(any_storage());
  const OperatorSecret invited = world.operators().invite(acme_of_operators, olga);
  CHECK(invited.session.expires_at == world.clock.now() + 15 * minute);
  CHECK_FALSE(world.operators().find(invited.secret));  // an invitation is not a session
  const OperatorSecret made = world.operators().redeem(invited.secret);
  CHECK(made.secret != invited.secret);
  CHECK(made.secret.size() >= 43);
  const auto found = world.operators().find(made.secret);
  REQUIRE(found);
  CHECK(found->user == olga);
  CHECK(found->organization == acme_of_operators);
  CHECK(found->id == made.session.id);
  CHECK_ERROR(unauthenticated, world.operators().redeem(invited.secret));
  CHECK_ERROR(unauthenticated, world.operators().redeem(made.secret));
  CHECK(world.operators().find(made.secret));
}

TEST_CASE("all faults of an invitation get one answer", "[operators]") {
  OperatorWorld world(any_storage());
  world.add_organization("globex");
  const std::string good = world.link();
  const std::string token = good.substr(good.rfind('.'));
  std::set<std::string> answers;
  for (const std::string& bad :
       {std::string(), std::string("x"), "invite_acme." + std::string(43, 'a'), "invite_globex" + token,
        "invite_nowhere" + token, "invite_" + token, "invite_~zz" + token, "invite_~00" + token, "op_acme" + token,
        good + "a", good.substr(0, good.size() - 1), std::string(5000, '~') + token}) {
    INFO(bad.substr(0, 100));
    CHECK_FALSE(world.operators().find(bad));
    CHECK_FALSE(world.operators().end(bad));
    try {
      (void)world.operators().redeem(bad);
      FAIL_CHECK("redeemed");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::unauthenticated);
      answers.insert(error.what());
    }
  }
  CHECK(answers.size() == 1);
  CHECK_NOTHROW(world.operators().redeem(good));
}

TEST_CASE("an invitation ends after 15 minutes, and with the next one", "[operators]") {
  OperatorWorld world(any_storage());
  const std::string first = world.link(), second = world.link();
  CHECK_ERROR(unauthenticated, world.operators().redeem(first));
  CHECK(world.operators().list(acme_of_operators).size() == 1);
  world.clock.advance(15 * minute);
  CHECK(world.operators().list(acme_of_operators).empty());
  CHECK_ERROR(unauthenticated, world.operators().redeem(second));
  const std::string third = world.link();
  world.clock.advance(15 * minute - 1);
  CHECK_NOTHROW(world.operators().redeem(third));
}

TEST_CASE("a session ends when it is not used, and its use moves that end", "[operators]") {
  OperatorWorld world(any_storage());
  const std::string secret = world.sign_in({.idle = std::chrono::minutes(10), .absolute = std::chrono::minutes(60)});
  for (int i = 0; i < 5; ++i) {
    world.clock.advance(10 * minute - 1);
    REQUIRE(world.use(secret));
  }
  SECTION("unused") {
    world.clock.advance(10 * minute);
    CHECK_FALSE(world.use(secret));
  }
  SECTION("finding it is no use") {
    world.clock.advance(10 * minute - 1);
    REQUIRE(world.operators().find(secret));
    world.clock.advance(1);
    CHECK_FALSE(world.operators().find(secret));
  }
  SECTION("however much it is used, it ends at its absolute end") {
    world.clock.advance(10 * minute - 1);
    REQUIRE(world.use(secret));
    world.clock.advance(6);  // an hour
    CHECK_FALSE(world.use(secret));
  }
}

TEST_CASE("a use is written at most once a minute", "[operators]") {
  OperatorWorld world(any_storage());
  const std::string secret = world.sign_in();
  const Timestamp begun = world.clock.now();
  const auto last_seen = [&] {
    world.use(secret);
    return world.operators().find(secret)->last_seen_at;
  };
  world.clock.advance(minute - 1);
  CHECK(last_seen() == begun);
  world.clock.advance(1);
  CHECK(last_seen() == begun + minute);
  world.clock.advance(minute - 1);
  CHECK(last_seen() == begun + minute);
}

TEST_CASE("a use does not revive a session that was ended meanwhile", "[operators]") {
  OperatorWorld world(any_storage());
  const std::string secret = world.sign_in();
  const auto before = world.operators().find(secret);
  world.operators().end(secret);
  world.clock.advance(minute);
  world.operators().touch(*before);
  CHECK_FALSE(world.operators().find(secret));
}

TEST_CASE("terms from a minute to 30 days are taken, and no others", "[operators]") {
  OperatorWorld world(any_storage());
  const std::string link = world.link();
  for (const std::chrono::milliseconds bad :
       {std::chrono::milliseconds(-1), std::chrono::milliseconds(59'999),
        std::chrono::milliseconds(std::chrono::hours(24 * 30)) + std::chrono::milliseconds(1)}) {
    CHECK_ERROR(invalid_data, world.operators().redeem(link, {.idle = bad}));
    CHECK_ERROR(invalid_data, world.operators().redeem(link, {.absolute = bad}));
  }
  CHECK_NOTHROW(world.operators().redeem(link, {std::chrono::minutes(1), std::chrono::hours(24 * 30)}));
}

TEST_CASE("who signs out, or is signed out by the host, has no session", "[operators]") {
  OperatorWorld world(any_storage());
  const std::string first = world.sign_in(), second = world.sign_in(), third = world.sign_in();
  CHECK(world.operators().list(acme_of_operators).size() == 3);
  CHECK(world.operators().end(first));
  CHECK_FALSE(world.operators().end(first));
  CHECK_FALSE(world.operators().find(first));
  CHECK(world.operators().find(second));
  const std::string link = world.link();
  CHECK(world.operators().end_all(acme_of_operators, olga) == 3);
  CHECK(world.operators().end_all(acme_of_operators, olga) == 0);
  CHECK_FALSE(world.operators().find(second));
  CHECK_FALSE(world.operators().find(third));
  CHECK_ERROR(unauthenticated, world.operators().redeem(link));
  CHECK(world.operators().list(acme_of_operators).empty());
}

TEST_CASE("the session and the invitation of a removed member are dead at once, and stay so", "[operators][members]") {
  OperatorWorld world(any_storage());
  const std::string secret = world.sign_in(), link = world.link();
  CHECK(world.host().remove_member(acme_of_operators, olga));
  CHECK_FALSE(world.operators().find(secret));
  CHECK_FALSE(world.operators().end(secret));
  CHECK_ERROR(unauthenticated, world.operators().redeem(link));
  world.host().put_member(acme_of_operators, olga, MembershipRole::admin);
  CHECK_FALSE(world.operators().find(secret));
  CHECK_ERROR(unauthenticated, world.operators().redeem(link));
}

TEST_CASE("only a member is invited, and a session is of one organization", "[operators]") {
  OperatorWorld world(any_storage());
  world.add_organization("globex");
  world.user("gus", {}, Environment::development, "globex");
  CHECK_ERROR(not_found, world.operators().invite(acme_of_operators, UserId("gus")));
  CHECK_ERROR(not_found, world.operators().invite(acme_of_operators, UserId("nobody")));
  CHECK_ERROR(not_found, world.operators().invite(OrganizationId("nowhere"), olga));
  CHECK_ERROR(not_found, world.operators().list(OrganizationId("nowhere")));
  world.sign_in();
  CHECK(world.operators().list(OrganizationId("globex")).empty());
  CHECK(world.operators().list(acme_of_operators).size() == 1);
}

TEST_CASE("an organization may have any id that it may have elsewhere", "[operators]") {
  OperatorWorld world(any_storage());
  for (const std::string& id : {std::string("a.b~c d;e"), std::string("Ä€"), std::string(200, '.')}) {
    world.add_organization(id);
    world.host().put_member(OrganizationId(id), olga);
    const std::string link = world.operators().invite(OrganizationId(id), olga).secret;
    CHECK(link.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~") ==
          std::string::npos);
    const OperatorSecret made = world.operators().redeem(link);
    CHECK(world.operators().find(made.secret)->organization.str() == id);
  }
}

TEST_CASE("who signs in and out is told in both environments", "[operators][events]") {
  OperatorWorld world(any_storage());
  const std::string secret = world.sign_in();
  world.operators().end(secret);
  world.sign_in();
  world.operators().end_all(acme_of_operators, olga);
  for (const Environment environment : both_of_operators) {
    CHECK(world.told(environment) ==
          std::vector<std::string>{"system system member.invited", "user olga member.signed-in",
                                   "user olga member.signed-out", "system system member.invited",
                                   "user olga member.signed-in", "system system member.signed-out"});
    CHECK(world.system(environment).events().verify().ok);
    for (const Event& event : world.system(environment).events().list({.type_prefix = "member."}).events)
      CHECK(event.json().find(secret.substr(secret.rfind('.') + 1)) == std::string::npos);
  }
}

TEST_CASE("an org admin invites and signs out, and the events name that user", "[operators][events]") {
  OperatorWorld world(any_storage());
  world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  const UserId boss("boss");
  CHECK_ERROR(permission_denied, world.operators().invite(acme_of_operators, boss, olga));
  CHECK_ERROR(permission_denied, world.operators().end_all(acme_of_operators, olga, olga));
  world.operators().redeem(world.operators().invite(acme_of_operators, olga, boss).secret);
  CHECK(world.operators().end_all(acme_of_operators, olga, boss) == 1);
  for (const Environment environment : both_of_operators)
    CHECK(world.told(environment) == std::vector<std::string>{"user boss member.invited", "user olga member.signed-in",
                                                              "user boss member.signed-out"});
}

TEST_CASE("a user has at most 50 sessions, and the one that was not used for longest ends", "[operators]") {
  OperatorWorld world(any_storage());
  std::vector<std::string> secrets;
  for (int i = 0; i < 51; ++i) {
    world.clock.advance(1);
    secrets.push_back(world.sign_in());
  }
  CHECK_FALSE(world.operators().find(secrets[0]));
  CHECK(world.operators().find(secrets[1]));
  CHECK(world.operators().list(acme_of_operators).size() == 50);
}

TEST_CASE("what ended long ago leaves the table", "[operators][sqlite]") {
  OperatorWorld world(StorageKind::sqlite);
  const std::string secret = world.sign_in();
  world.clock.advance(Timestamp{31} * 24 * 60 * minute);
  world.link();
  RawDatabase raw(world.folder.file());
  CHECK(raw.value("SELECT group_concat(kind) FROM operator_sessions") == "invitation");
}

TEST_CASE("no secret is stored", "[operators][sqlite]") {
  OperatorWorld world(StorageKind::sqlite);
  const std::string link = world.link(), secret = world.operators().redeem(link).secret;
  world.database.reset();
  const std::string file = world.folder.file();
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  REQUIRE(bytes.size() > 10'000);
  for (const std::string& text : {link, secret})
    CHECK(bytes.find(text.substr(text.rfind('.') + 1)) == std::string::npos);
}

TEST_CASE("a member is changed on behalf of an org admin, and the event names that user", "[members][events]") {
  OperatorWorld world(any_storage());
  world.user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  world.host().create_user("Ana", UserId("ana"));
  const UserId boss("boss"), ana_of_boss("ana");
  CHECK_ERROR(permission_denied, world.host().put_member(acme_of_operators, ana_of_boss, MembershipRole::admin, olga));
  CHECK_ERROR(permission_denied, world.host().put_member(acme_of_operators, olga, MembershipRole::admin, olga));
  CHECK_ERROR(permission_denied, world.host().remove_member(acme_of_operators, boss, ana_of_boss));
  world.host().put_member(acme_of_operators, ana_of_boss, MembershipRole::member, boss);
  CHECK(world.host().remove_member(acme_of_operators, ana_of_boss, boss));
  for (const Environment environment : both_of_operators) {
    std::vector<std::string> told;
    for (const Event& event : world.system(environment).events().list({.type_prefix = "member."}).events)
      if (event.actor_type() == "user") told.push_back(event.actor_id() + " " + event.type());
    CHECK(told == std::vector<std::string>{"boss member.added", "boss member.removed"});
  }
}
