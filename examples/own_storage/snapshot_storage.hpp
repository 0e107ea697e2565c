// A storage that an application implements itself, with struere's public headers only.
#pragma once

#include <memory>

#include "struere/spi/storage.hpp"

// All data is in maps. A transaction works on a copy of its scope, and commit() replaces the old scope with the copy.
// So readers never wait, and uncommitted data is never visible. struere's interpreter evaluates the rows.
std::unique_ptr<struere::Storage> open_snapshot_storage();
