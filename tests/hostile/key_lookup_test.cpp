// How a key is looked up tells nothing of a key: it is compared as its SHA-256 alone, by a seek in one index. What
// takes how long depends on a hash, which nobody can steer towards that of a key they do not have.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a key is looked up by its hash, and no part of it is compared", "[hostile][keys]") {
  World world(StorageKind::sqlite);
  const CreatedApiKey made = world.system().api_keys().create({.name = "k"});
  RawDatabase raw(world.folder.file());
  CHECK(raw.value("SELECT length(hash) FROM api_keys") == "32");
  const std::string plan = raw.rows("EXPLAIN QUERY PLAN SELECT * FROM api_keys k WHERE k.hash = x'00'").at(0).at(3);
  INFO(plan);
  CHECK(plan.find("SEARCH") != std::string::npos);
  CHECK(plan.find("hash=?") != std::string::npos);
  // The row says what is shown of a key; that it says something else changes nothing about who gets in.
  raw.run("UPDATE api_keys SET name = 'another'");
  CHECK(world.database->authenticate(made.secret).actor().environment() == Environment::development);
}

TEST_CASE("a prefix, a longer text and the other environment's prefix are no key", "[hostile][keys]") {
  World world(any_storage());
  const std::string key = world.system().api_keys().create({.name = "k"}).secret;
  const std::string refusal = error_of([&] { (void)world.database->authenticate(""); });
  CHECK(refusal.starts_with("unauthenticated: "));
  const std::string token = key.substr(std::string("sk_dev_").size());
  std::vector<std::string> tries{token,
                                 "sk_prod_" + token,
                                 "SK_DEV_" + token,
                                 "sk_dev_" + key,
                                 key + key,
                                 key + "\n",
                                 " " + key,
                                 "Bearer " + key,
                                 key + std::string(1, '\0'),
                                 std::string(1, '\0') + key,
                                 "sk_dev_" + std::string(1, '\0') + token,
                                 "s\u043a_dev_" + token,
                                 std::string(1'000'000, 'x')};
  for (std::size_t size = 0; size < key.size(); ++size) tries.push_back(key.substr(0, size));
  for (std::size_t at = 0; at < key.size(); ++at) {
    tries.push_back(key);
    tries.back()[at] = static_cast<char>(tries.back()[at] ^ 0x20);  // the other case, among others
  }
  for (const std::string& text : tries) CHECK(error_of([&] { (void)world.database->authenticate(text); }) == refusal);
  CHECK(world.database->authenticate(key).actor().environment() == Environment::development);
}
