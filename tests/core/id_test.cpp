#include "struere/core/id.hpp"

#include <catch2/catch.hpp>

#include <set>

#include "core/digest.hpp"
#include "support/child_process.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a child of fork() gives out other ids than its parent and its sisters", "[core][id][fork]") {
  uuid_source().next(0);  // the numbers that were fetched beforehand are copied by fork()
  std::set<std::string> seen;
  // Each kind by itself, so that a token that differs does not hide an id that repeats.
  for (const auto& next : {+[] { return uuid_source().next(0); }, +[] { return random_token(); }}) {
    for (int i = 0; i < 4; ++i) CHECK(seen.insert(in_child(next)).second);
    CHECK(seen.insert(next()).second);
  }
}

TEST_CASE("the child of a child is told from both", "[core][id][fork]") {
  uuid_source().next(0);
  const std::string both = in_child([] {
    const std::string inner = in_child([] { return uuid_source().next(0); });
    return inner == uuid_source().next(0) ? std::string("the same") : std::string("different");
  });
  CHECK(both == "different");
}
