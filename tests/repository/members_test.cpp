// SPEC 7: who joins, changes and leaves is told in both environments, and nothing of a member outlives the membership.
#include <catch2/catch.hpp>

#include <algorithm>
#include <future>

#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr Environment both[] = {Environment::development, Environment::production};
const OrganizationId acme_of_members("acme");
const UserId ana("ana");

// "member.added {…}" of each event of a member.
std::vector<std::string> told(const World& world, Environment environment) {
  std::vector<std::string> out;
  for (const Event& event : world.system(environment).events().list({.type_prefix = "member."}).events) {
    CHECK(event.actor_type() == "system");
    CHECK_FALSE(event.entity());
    out.push_back(event.type() + " " + event.json());
  }
  return out;
}

}  // namespace

TEST_CASE("a member that is made, changed or removed is an event in both environments", "[members][events]") {
  World world(any_storage());
  const TrustedHost host = world.host();
  host.create_user("Ana", ana);
  host.put_member(acme_of_members, ana);
  host.put_member(acme_of_members, ana);  // no change, no event
  host.put_member(acme_of_members, ana, MembershipRole::admin);
  CHECK(host.remove_member(acme_of_members, ana));
  CHECK_FALSE(host.remove_member(acme_of_members, ana));
  CHECK_FALSE(host.remove_member(OrganizationId("none"), ana));
  for (const Environment environment : both) {
    CHECK(told(world, environment) ==
          std::vector<std::string>{R"(member.added {"role":"member","user":"ana"})",
                                   R"(member.changed {"previousRole":"member","role":"admin","user":"ana"})",
                                   R"(member.removed {"previousRole":"admin","roles":[],"user":"ana"})"});
    CHECK(world.system(environment).events().verify().ok);
  }
}

TEST_CASE("who is removed loses the roles of both environments, and has none when added back", "[members]") {
  World world(any_storage());
  for (const Environment environment : both) {
    world.define_role({{"name", "reader"}}, environment);
    world.user("ana", {"reader"}, environment);
    world.user("ben", {"reader"}, environment);
  }
  world.host().remove_member(acme_of_members, ana);
  for (const Environment environment : both)
    CHECK(told(world, environment).back() ==
          R"(member.removed {"previousRole":"member","roles":["reader"],"user":"ana"})");
  for (const Environment environment : both) {
    CHECK(world.system(environment).roles().assignments(ana).empty());
    CHECK(world.user("ana", {}, environment).actor().roles().empty());
    CHECK(world.user("ben", {}, environment).actor().roles().size() == 1);
  }
}

TEST_CASE("by their own hand, the last admin stays one, whoever else leaves at the same moment", "[members]") {
  World world(any_storage());
  const TrustedHost host = world.host();
  const UserId ben("ben");
  for (const UserId& user : {ana, ben}) {
    host.create_user(user.str(), user);
    host.put_member(acme_of_members, user, MembershipRole::admin);
  }
  for (int round = 0; round < 20; ++round) {
    const auto leave = [&](const UserId& user) {
      const std::string error = error_of([&] {
        if (round % 2 == 0)
          host.put_member(acme_of_members, user, MembershipRole::member, user);
        else
          host.remove_member(acme_of_members, user, user);
      });
      return error.starts_with("conflict: this user is the last admin") ? std::string("refused") : error;
    };
    auto other = std::async(std::launch::async, [&] { return leave(ana); });
    const std::vector<std::string> ends{leave(ben), other.get()};
    CHECK(std::ranges::count(ends, "no error") == 1);
    CHECK(std::ranges::count(ends, "refused") == 1);
    std::size_t admins = 0;
    for (const Membership& member : host.members(acme_of_members)) admins += member.role == MembershipRole::admin;
    CHECK(admins == 1);
    for (const UserId& user : {ana, ben}) host.put_member(acme_of_members, user, MembershipRole::admin);
  }
  CHECK(host.remove_member(acme_of_members, ben, ana));
  host.put_member(acme_of_members, ana, MembershipRole::member);  // the host may
  CHECK(host.members(acme_of_members).front().role == MembershipRole::member);
}

TEST_CASE("roles that were left behind are not given to who joins", "[members][sqlite]") {
  World world(StorageKind::sqlite);
  world.define_role({{"name", "reader"}});
  world.user("ana", {"reader"});
  RawDatabase(world.folder.file()).run("DELETE FROM memberships WHERE user_id = 'ana'");
  const Database database = Database::open(world.folder.file());
  database.trusted_host().put_member(acme_of_members, ana);
  CHECK(database.trusted_host().user_session(ana, acme_of_members, Environment::development).actor().roles().empty());
}
