// Cutting masks out of bytes must be the same as applying them to values, whatever the value and whatever the masks.
#include <catch2/catch.hpp>

#include "property/random_json.hpp"
#include "storage/mask_splicer.hpp"
#include "struere/core/error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::vector<const Mask*> pointers(const std::vector<Mask>& masks) {
  std::vector<const Mask*> out;
  for (const Mask& mask : masks) out.push_back(&mask);
  return out;
}

// Redactions of one length that cover the same array tie, and the contract does not say which of them applies.
bool is_ambiguous(const std::vector<Mask>& masks) {
  for (const Mask& mask : masks)
    for (const auto& [a, x] : mask.redacted)
      for (const auto& [b, y] : mask.redacted)
        if (a != b && a.segments().size() == b.segments().size() && x != y) return true;
  return false;
}

}  // namespace

TEST_CASE("splicing masks out of bytes agrees with the reference", "[masks][property]") {
  const auto seed = GENERATE(range(1, 9));
  Random random(static_cast<std::uint64_t>(seed));
  for (int round = 0; round < 2500; ++round) {
    const std::string data = canonical_json(random.object(3));
    std::vector<Mask> masks;
    for (int i = 1 + random.below(4); i > 0; --i) masks.push_back(random.mask());
    if (is_ambiguous(masks)) continue;
    for (const MaskPurpose purpose : {MaskPurpose::show, MaskPurpose::query}) {
      const auto all = pointers(masks);
      std::string spliced;
      MaskSplicer(all, purpose).splice(data, spliced);
      const std::string expected = canonical_json(apply_masks(all, parse_canonical_json(data), purpose));
      if (spliced != expected)
        FAIL("seed " << seed << " round " << round << "\n" << data << "\n" << spliced << "\n" << expected);
    }
  }
  SUCCEED();
}

TEST_CASE("a further mask never takes a leaf away", "[masks][property]") {
  Random random(4711);
  for (int round = 0; round < 4000; ++round) {
    const Json data = parse_canonical_json(canonical_json(random.object(3)));
    const std::vector<Mask> masks{random.mask(), random.mask()};
    const auto both = pointers(masks);
    const Json less = apply_masks({both.data(), 1}, data, MaskPurpose::query).flatten();
    const Json more = apply_masks(both, data, MaskPurpose::query).flatten();
    // Of what a query may look at nothing is replaced, so each leaf that was there is there still. An empty object may
    // have been filled, which a flat view shows as its leaves.
    for (const auto& [place, value] : less.items())
      if (!value.is_null() || !place.empty()) {
        INFO(data.dump() << "\n" << less.dump() << "\n" << more.dump());
        const bool emptied = value.is_null() && !more.contains(place);
        REQUIRE((emptied || more.contains(place)));
      }
  }
}

TEST_CASE("damaged bytes are refused or cut short, and never read past their end", "[masks][property]") {
  Random random(99);
  for (int round = 0; round < 4000; ++round) {
    std::string data = canonical_json(random.object(3));
    const int at = random.below(static_cast<int>(data.size()));
    switch (random.below(3)) {
      case 0: data.resize(static_cast<std::size_t>(at)); break;
      case 1: data[static_cast<std::size_t>(at)] = static_cast<char>(random.below(256)); break;
      default: data.erase(static_cast<std::size_t>(at), 1);
    }
    data.shrink_to_fit();  // so that the address sanitizer sees a step too far
    const std::vector<Mask> masks{random.mask(), random.mask()};
    const auto all = pointers(masks);
    std::string out;
    try {
      MaskSplicer(all, MaskPurpose::show).splice(data, out);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::storage);
    }
  }
}
