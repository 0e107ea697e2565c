// The queue of writers, when one of them dies or forks.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <csignal>
#include <optional>

#include "support/child_process.hpp"
#include "support/queues.hpp"

using namespace struere;
using namespace struere::test;
using namespace std::chrono_literals;

TEST_CASE("nobody waits in the queue for the dead", "[sqlite][queue]") {
  Queues stage(1);
  const std::string said = in_child([&]() -> std::string {
    WriteQueue own;
    own.open(stage.lock_file().substr(0, stage.lock_file().size() - 5));
    const auto ticket = own.wait(Steady::now() + 1s, never);
    raise(SIGKILL);
    return {};
  });
  CHECK(said == "died of signal 9");
  const auto begun = Steady::now();
  const auto ticket = stage.queues[0].wait(begun + far, never);
  CHECK(Steady::now() - begun < far);
}

TEST_CASE("a child that was forked off does not keep its parent's place", "[sqlite][queue][fork]") {
  Queues stage(2);
  std::optional<WriteQueue::Ticket> ticket(stage.queues[0].wait(Steady::now() + 1s, never));
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    close(ends[1]);
    const auto ended = read(ends[0], &byte, 1);
    _exit(ended == 0 ? 0 : 1);
  }
  close(ends[0]);
  ticket.reset();  // as the kernel does when the parent dies
  const auto begun = Steady::now();
  const auto other = stage.queues[1].wait(begun + far, never);
  CHECK(Steady::now() - begun < far);
  close(ends[1]);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(status == 0);
}
