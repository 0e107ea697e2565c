// The suite that every storage passes. It is part of the interface: a storage that passes it is one.
//
// The author of a storage writes, in a file of their own, and links it with storage_conformance.cpp and Catch2:
//
//     TEST_CASE("my storage is a storage", "[storage][conformance]") {
//       struere::test::check_storage([] { return open_my_storage(…); });
//     }
//
// The factory answers with an empty storage at each call.
#pragma once

#include <functional>
#include <memory>

#include "struere/storage/storage.hpp"

namespace struere::test {

using StorageFactory = std::function<std::unique_ptr<Storage>()>;

void check_storage(const StorageFactory& make);

}  // namespace struere::test
