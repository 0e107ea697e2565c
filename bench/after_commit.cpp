// Measures the first request after a commit by another connection, when no cached data is valid any more.
#include <chrono>

#include "operations.hpp"

using namespace struere;

namespace bench {
namespace {

constexpr int commits = 200;

Turn after_each_commit(ByHand& somebody, Fixture& fixture, const std::function<void()>& ask) {
  std::chrono::duration<double> asked{0};
  for (int i = 0; i < commits; ++i) {
    somebody.create(fixture.fresh());
    const auto start = std::chrono::steady_clock::now();
    ask();
    asked += std::chrono::steady_clock::now() - start;
  }
  return {asked.count() / commits};
}

}  // namespace

void add_after_commit(Race& race, Fixture& fixture) {
  Fixture* const f = &fixture;
  // Each contender sees the commits to the file that it reads.
  const auto in_ours = std::make_shared<ByHand>(f->path, f->data.teacher, f->settings);
  const auto in_theirs = std::make_shared<ByHand>(f->path_by_hand, f->data.teacher, f->settings);
  const auto add = [&](const std::string& operation, const std::string& contender, std::function<void()> ask,
                       std::optional<double> target = {}) {
    const auto somebody = contender == struere_itself ? in_ours : in_theirs;
    race.add_measured(
        operation, contender, [=] { return after_each_commit(*somebody, *f, ask); }, target);
  };
  add("authenticate, after a commit", struere_itself, [=] { f->normal.authenticate(f->data.api_key); });
  add(
      "authenticate, after a commit", "by hand", [=] { f->hand.authenticate(f->data.api_key); }, 1.5);
  add("get, masked, after a commit", struere_itself,
      [=] { f->sessions.get(f->entity_ids[f->next++ % f->entity_ids.size()]); });
  add("get, masked, after a commit", "by hand", [=] { f->hand.get(f->some_id(), true); });
  add("can, after a commit", struere_itself,
      [=] { benchmark::DoNotOptimize(f->sessions.can(Action::update).allowed()); });
}

}  // namespace bench
