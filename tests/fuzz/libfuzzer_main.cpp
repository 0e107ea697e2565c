// One program for all targets; the variable STRUERE_FUZZ_TARGET says which (scripts/fuzz).
#include <cstdint>
#include <cstdlib>

#include "fuzz/fuzz_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const struere::fuzz::FuzzTarget& target = [&]() -> const struere::fuzz::FuzzTarget& {
    const char* const name = std::getenv("STRUERE_FUZZ_TARGET");
    return struere::fuzz::fuzz_target(name ? name : "");
  }();
  target.run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
