// A unit of work belongs to the process that began it.
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <stdexcept>

#include "support/any_storage.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a child of fork() neither uses nor ends the transaction of its parent", "[repository][unit][fork]") {
  World world(any_shared_storage());
  world.define_type({{"slug", "note"}});
  const EntityRepository notes = world.system().entities("note");
  enum class Way { uses, throws, returns };
  for (const Way way : {Way::uses, Way::throws, Way::returns}) {
    CAPTURE(way);
    const pid_t parent = getpid();
    pid_t child = 0;
    int status = 1;
    // What the child found goes with its exit code, from wherever it leaves.
    const auto end_of_child = [&](int code) {
      if (getpid() != parent) _exit(code);
    };
    try {
      world.system().transaction([&](const Session& unit) {
        unit.entities("note").create({{"text", "first"}});
        child = fork();
        if (child == 0) {
          if (way == Way::returns) return;
          if (way == Way::throws) throw std::runtime_error("the child leaves");
          try {
            unit.entities("note").create({{"text", "of the child"}});
            end_of_child(1);
          } catch (const Error& error) {
            end_of_child(error.code() == ErrorCode::conflict ? 0 : 2);
          }
        }
        waitpid(child, &status, 0);
        unit.entities("note").create({{"text", "second"}});
      });
      end_of_child(3);  // it has committed
    } catch (const Error& error) {
      end_of_child(way == Way::returns && error.code() == ErrorCode::conflict ? 0 : 5);
      throw;
    } catch (const std::runtime_error&) {
      end_of_child(way == Way::throws ? 0 : 4);
      throw;
    }
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    notes.create({{"text", "afterwards"}});
  }
  CHECK(notes.count() == 9);
  CHECK(notes.count({.where = field("data.text") == "of the child"}) == 0);
  CHECK(world.system().events().verify().ok);
}
