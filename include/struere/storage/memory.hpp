// The storage that forgets: for tests, and the reference that every other one must agree with. Nothing is left of it
// when it is destroyed. A reader waits while a writer is at work.
#pragma once

#include <memory>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {
class Storage;  // struere/spi/storage.hpp
}  // namespace spi
}  // namespace struere

namespace STRUERE_API struere {

std::unique_ptr<Storage> open_memory_storage();

}  // namespace struere
