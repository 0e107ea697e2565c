#include <catch2/catch.hpp>

#include "conformance/storage_conformance.hpp"
#include "struere/storage/memory.hpp"

TEST_CASE("the memory storage is a storage", "[storage][conformance]") {
  struere::test::check_storage([] { return struere::open_memory_storage(); });
}
