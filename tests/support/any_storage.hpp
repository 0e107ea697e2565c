// For a test that is run with each storage.
#pragma once

#include <catch2/catch.hpp>

#include "support/world.hpp"

namespace struere::test {

inline StorageKind any_storage() { return GENERATE(from_range(storage_kinds())); }
// Of those whose data several processes can open.
inline StorageKind any_shared_storage() { return GENERATE(from_range(shared_storage_kinds())); }

}  // namespace struere::test
