#include <catch2/catch.hpp>

#include "struere/conformance.hpp"
#include "struere/storage/memory.hpp"

TEST_CASE("the memory storage is a storage", "[storage][conformance]") {
  CHECK(struere::conformance::check_storage([] { return struere::open_memory_storage(); }) ==
        std::vector<std::string>());
}
