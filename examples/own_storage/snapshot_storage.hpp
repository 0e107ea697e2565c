// A storage that an application wrote for itself, on nothing but struere's public headers.
#pragma once

#include <memory>

#include "struere/spi/storage.hpp"

// Everything is in maps, and a transaction works on a copy of its scope that commit() puts in place of the old one. So
// readers never wait, and what is not committed was never there. What rows mean is asked of struere's interpreter.
std::unique_ptr<struere::Storage> open_snapshot_storage();
