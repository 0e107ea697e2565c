// Members and API keys in pages, so that a list costs what it shows.
#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <set>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("the members of an organization come in pages by user id, each once", "[members]") {
  World world(any_storage());
  world.add_organization("other");
  for (int i = 0; i < 7; ++i) world.user("user" + std::to_string(i));
  const OrganizationId acme("acme");
  std::vector<std::string> seen;
  MemberQuery query{3, {}};
  for (;;) {
    const auto page = world.host().members(acme, query);
    if (page.empty()) break;
    CHECK(page.size() <= 3);
    for (const Membership& member : page) {
      seen.push_back(member.user.str());
      CHECK(member.organization == acme);
    }
    query.after = page.back().user;
  }
  std::vector<std::string> all;
  for (const Membership& member : world.host().members(acme)) all.push_back(member.user.str());
  CHECK(seen == all);
  CHECK(all.size() == 7);
  CHECK(world.host().members(OrganizationId("other"), {3, {}}).empty());
  for (const std::int64_t limit : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()})
    CHECK_ERROR(invalid_query, world.host().members(acme, {limit, {}}));
  for (const std::string& after : {std::string("a\0b", 3), std::string("\xff")})
    CHECK_ERROR(invalid_query, world.host().members(acme, {{}, UserId(after)}));
  CHECK(world.host().members(acme, {{}, UserId("user")}).size() == 7);
  CHECK(world.host().member(acme, UserId("user3"))->user.str() == "user3");
  CHECK_FALSE(world.host().member(acme, UserId("nobody")));
  CHECK_FALSE(world.host().member(OrganizationId("other"), UserId("user3")));
  CHECK_FALSE(world.host().member(OrganizationId("none"), UserId("user3")));
}

TEST_CASE("the API keys of a scope come in pages, each once, and a cursor belongs to its scope", "[keys]") {
  World world(any_storage());
  const ApiKeyRepository keys = world.system().api_keys();
  const ApiKeyRepository others = world.system(Environment::production).api_keys();
  std::set<std::string> made, seen;
  for (int i = 0; i < 7; ++i) made.insert(keys.create({.name = "key"}).key.id.str());
  others.create({.name = "other"});
  std::optional<std::string> cursor;
  do {
    const ApiKeyPage page = keys.page(3, cursor);
    CHECK(page.keys.size() <= 3);
    for (const ApiKey& key : page.keys) {
      CHECK(seen.insert(key.id.str()).second);
      CHECK(key.environment == Environment::development);
      CHECK(key.organization.str() == "acme");
    }
    cursor = page.next;
  } while (cursor);
  CHECK(seen == made);
  CHECK_ERROR(invalid_cursor, others.page(3, keys.page(3).next));
  CHECK_ERROR(invalid_query, keys.page(0));
  CHECK_ERROR(invalid_query, keys.page(1001));
  CHECK_ERROR(permission_denied, world.user("ana").api_keys().page());
}
