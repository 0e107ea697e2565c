// Executions by model and status, for which a page examines a bounded number of them.
#include <catch2/catch.hpp>

#include <algorithm>

#include "support/any_storage.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr int executions_at_once = 20'000;

void record_common(World& world, const Session& session, int count) {
  for (int done = 0; done < count; done += 1'000) {
    world.clock.advance(1);
    session.transaction([&](Session& unit) {
      for (int i = 0; i < std::min(1'000, count - done); ++i) unit.executions().record({.model = "common"});
    });
  }
}

std::vector<std::int64_t> tokens_of_all(const Session& session, const ExecutionQuery& query, std::int64_t limit) {
  std::vector<std::int64_t> out;
  std::optional<std::string> after;
  do {
    const ExecutionPage page = session.executions().list(query, limit, after);
    for (const Execution& execution : page.executions) out.push_back(execution.input_tokens);
    after = page.next;
  } while (after);
  return out;
}

}  // namespace

TEST_CASE("a page of executions examines 20,000 for a model or status that few have, and says how far it came",
          "[executions][bounds][large]") {
  World world(any_storage());
  const Session session = world.system();
  session.agents().define({.slug = "tutor", .name = "Tutor"});
  for (int i = 0; i < 4; ++i)
    session.executions().record({.agent = i == 0 ? std::optional<std::string>("tutor") : std::nullopt,
                                 .model = "rare",
                                 .status = ExecutionStatus::failed,
                                 .input_tokens = i});
  record_common(world, session, executions_at_once + 1'000);
  session.executions().record({.model = "rare", .input_tokens = 4});
  for (const ExecutionQuery& query :
       {ExecutionQuery{.model = "rare"}, ExecutionQuery{.status = ExecutionStatus::failed}}) {
    const bool has_new_one = query.model.has_value();
    ExecutionPage page = session.executions().list(query, 3);
    CHECK(page.executions.size() == (has_new_one ? 1 : 0));
    REQUIRE(page.next);
    CHECK(page.searched_to == world.clock.now() - executions_at_once / 1'000 + 1);
    page = session.executions().list(query, 3, page.next);
    CHECK(page.executions.size() == 3);
    CHECK_FALSE(page.searched_to);
    REQUIRE(page.next);
    page = session.executions().list(query, 3, page.next);
    CHECK(page.executions.size() == 1);
    CHECK_FALSE(page.next);
    CHECK(tokens_of_all(session, query, 1) ==
          (has_new_one ? std::vector<std::int64_t>{4, 3, 2, 1, 0} : std::vector<std::int64_t>{3, 2, 1, 0}));
  }
  CHECK(tokens_of_all(session, {.model = "nothing"}, 10).empty());
  CHECK(session.executions().list({.model = "common"}, 1'000).executions.size() == 1'000);
  // An index serves the agent, so that only its executions are examined.
  const ExecutionPage of_agent = session.executions().list({.agent = "tutor", .model = "rare"});
  CHECK(of_agent.executions.size() == 1);
  CHECK_FALSE(of_agent.next);
  CHECK(session.executions().rollup({ExecutionGroup::status}, {.model = "rare"}).size() == 2);
}

TEST_CASE("executions of one millisecond are examined together", "[executions][bounds][large]") {
  World world(any_storage());
  const Session session = world.system();
  session.transaction([](Session& unit) {
    unit.executions().record({.model = "rare", .input_tokens = 1});
    for (int i = 0; i < executions_at_once + 10; ++i) unit.executions().record({.model = "common"});
    unit.executions().record({.model = "rare", .input_tokens = 2});
  });
  CHECK(tokens_of_all(session, {.model = "rare"}, 10) == std::vector<std::int64_t>{2, 1});
}
