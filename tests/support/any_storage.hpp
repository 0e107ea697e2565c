// For a test that is run with each storage.
#pragma once

#include <catch2/catch.hpp>

#include "support/world.hpp"

namespace struere::test {

inline StorageKind any_storage() { return GENERATE(StorageKind::memory, StorageKind::sqlite); }

}  // namespace struere::test
