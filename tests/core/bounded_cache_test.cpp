#include "core/bounded_cache.hpp"

#include <catch2/catch.hpp>

#include <functional>
#include <string>
#include <string_view>

using namespace struere;

namespace {

using Cache = BoundedCache<std::string, int, std::hash<std::string_view>>;

}  // namespace

TEST_CASE("a full cache gives up the entry that was used the longest time ago, and no other", "[core][cache]") {
  Cache cache(3);
  cache.put("a", 1);
  cache.put("b", 2);
  cache.put("c", 3);
  REQUIRE(cache.find(std::string_view("a")));  // now `b` is the oldest
  cache.put("d", 4);
  CHECK(cache.size() == 3);
  CHECK_FALSE(cache.find(std::string_view("b")));
  CHECK(*cache.find(std::string_view("a")) == 1);
  CHECK(*cache.find(std::string_view("c")) == 3);
  CHECK(*cache.find(std::string_view("d")) == 4);
}

TEST_CASE("an entry that is taken is gone, and makes room", "[core][cache]") {
  Cache cache(2);
  cache.put("a", 1);
  cache.put("b", 2);
  CHECK(cache.oldest() == 1);
  CHECK(cache.take(std::string_view("a")) == 1);
  CHECK_FALSE(cache.take(std::string_view("a")));
  CHECK(cache.oldest() == 2);
  cache.put("c", 3);
  CHECK(cache.size() == 2);
  CHECK(*cache.find(std::string_view("b")) == 2);
}

TEST_CASE("a key that is put twice has one entry, with the later value", "[core][cache]") {
  Cache cache(3);
  cache.put("a", 1);
  cache.put("a", 2);
  CHECK(cache.size() == 1);
  CHECK(*cache.find(std::string_view("a")) == 2);
}

TEST_CASE("what is in use survives a flood of keys that nobody asks for again", "[core][cache]") {
  Cache cache(8);
  cache.put("in use", 1);
  for (int i = 0; i < 10'000; ++i) {
    cache.put(std::to_string(i), i);
    if (i % 4 == 0) REQUIRE(cache.find(std::string_view("in use")));
  }
  CHECK(cache.size() == 8);
}
