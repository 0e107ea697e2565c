#include "struere/core/id.hpp"

#include <cstdint>

#include "core/digest.hpp"

namespace struere {
namespace {

class UuidSource final : public IdSource {
 public:
  std::string next(long long now) override {
    const std::uint64_t a = random_number(), b = random_number();
    const auto ms = static_cast<std::uint64_t>(now) & 0xffffffffffff;
    const std::uint64_t high = ms << 16 | 0x7000 | (a & 0x0fff);  // 48 bits of time, version 7, 12 random bits
    const std::uint64_t low = (b & 0x3fffffffffffffff) | 0x8000000000000000;  // the variant, 62 random bits
    std::string out;
    out.reserve(36);
    append(out, high, 64);
    append(out, low, 64);
    for (const std::size_t at : {8U, 13U, 18U, 23U}) out.insert(at, 1, '-');
    return out;
  }

 private:
  static void append(std::string& out, std::uint64_t value, int bits) {
    for (int shift = bits - 4; shift >= 0; shift -= 4) out.push_back("0123456789abcdef"[(value >> shift) & 15]);
  }
};

}  // namespace

IdSource& uuid_source() {
  static UuidSource source;
  return source;
}

}  // namespace struere
