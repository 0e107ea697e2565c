// Cutting masks out of bytes must be the same as applying them to values, whatever the value and whatever the masks.
#include <sys/mman.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <string_view>

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
  const std::uint64_t seed = first_seed();
  Random random(seed);
  for (std::uint64_t round = 0; round < rounds(10'000); ++round) {
    // Rows that one splicer masks in turn, so that it knows members of those before.
    std::vector<std::string> rows;
    for (int i = 0; i < 4; ++i) rows.push_back(canonical_json(random.object(3)));
    rows.push_back(rows.front());
    std::vector<Mask> masks;
    for (int i = 1 + random.below(4); i > 0; --i) masks.push_back(random.mask());
    if (is_ambiguous(masks)) continue;
    for (const MaskPurpose purpose : {MaskPurpose::show, MaskPurpose::query}) {
      const auto all = pointers(masks);
      MaskSplicer splicer(all, purpose);
      for (const std::string& data : rows) {
        std::string spliced;
        splicer.splice(data, spliced);
        const std::string expected = canonical_json(apply_masks(all, parse_canonical_json(data), purpose));
        if (spliced != expected)
          FAIL("seed " << seed << " round " << round << "\n" << data << "\n" << spliced << "\n" << expected);
      }
    }
  }
  SUCCEED();
}

// More than a splicer remembers, so that it forgets them and learns them again.
TEST_CASE("rows of many different members are spliced like others", "[masks][property]") {
  const std::uint64_t seed = first_seed();
  Random random(seed);
  int shown = 0;
  for (std::uint64_t round = 0; round < rounds(200); ++round) {
    const std::vector<Mask> masks{random.mask(), random.mask()};
    if (is_ambiguous(masks)) continue;
    const auto all = pointers(masks);
    MaskSplicer splicer(all, MaskPurpose::show);
    for (int i = 0; i < 60; ++i) {
      Json row = random.object(2);
      for (int more = random.pick(std::vector<int>{0, 0, 1, 4, 30, 90}); more > 0; --more)
        row[random.pick(std::vector<std::string>{"Z", "c", "m"}) + std::to_string(random.below(60))] = random.value(1);
      const std::string data = canonical_json(row);
      std::string spliced;
      splicer.splice(data, spliced);
      INFO("seed " << seed << " round " << round << "\n" << data);
      REQUIRE(spliced == canonical_json(apply_masks(all, parse_canonical_json(data), MaskPurpose::show)));
      shown += spliced.size() > 2;
    }
  }
  CHECK(shown > 1000);
}

TEST_CASE("a row is spliced only if it has the members that are asked for", "[masks][property]") {
  const std::uint64_t seed = first_seed();
  Random random(seed);
  int spliced_ones = 0, refused_ones = 0;
  for (std::uint64_t round = 0; round < rounds(4000); ++round) {
    std::vector<Json> rows;
    for (int i = 0; i < 4; ++i) rows.push_back(parse_canonical_json(canonical_json(random.object(3))));
    rows.push_back(rows.front());
    // Up to two members of one of the rows.
    std::vector<std::pair<std::string, std::string>> asked;
    const Json& like = rows[static_cast<std::size_t>(random.below(4))];
    for (const auto& [key, value] : like.items())
      if (asked.size() < 2 && random.below(2) == 0 && FieldPath::is_segment(key))
        asked.emplace_back(key, canonical_json(value));
    std::vector<JsonMember> members;
    for (const auto& [key, value] : asked) members.push_back({key, value});
    const std::vector<Mask> masks{random.below(3) == 0 ? Mask() : random.mask()};
    const auto all = pointers(masks);
    MaskSplicer splicer(all, MaskPurpose::show);
    for (const Json& row : rows) {
      const bool has_them = std::ranges::all_of(asked, [&](const auto& member) {
        return row.contains(member.first) && canonical_json(row.at(member.first)) == member.second;
      });
      std::string out = "before";
      INFO("seed " << seed << " round " << round << "\n" << row.dump());
      REQUIRE(splicer.splice_if(canonical_json(row), members, out) == has_them);
      REQUIRE(out == "before" + (has_them ? canonical_json(apply_masks(all, row, MaskPurpose::show)) : ""));
      ++(has_them ? spliced_ones : refused_ones);
    }
  }
  CHECK(spliced_ones > 1000);
  CHECK(refused_ones > 1000);
}

namespace {

// The places of all leaves of an object (SPEC 5), with their values.
void add_leaves(const Json& object, const Json::json_pointer& place,
                std::vector<std::pair<Json::json_pointer, Json>>& out) {
  for (const auto& [key, value] : object.items())
    if (value.is_object() && !value.empty())
      add_leaves(value, place / key, out);
    else
      out.emplace_back(place / key, value);
}

}  // namespace

TEST_CASE("a further mask never takes a leaf away", "[masks][property]") {
  const std::uint64_t seed = first_seed();
  Random random(seed);
  int kept = 0, added = 0;
  for (std::uint64_t round = 0; round < rounds(4000); ++round) {
    const Json data = parse_canonical_json(canonical_json(random.object(3)));
    const std::vector<Mask> masks{random.mask(), random.mask()};
    const auto both = pointers(masks);
    const Json less = apply_masks({both.data(), 1}, data, MaskPurpose::query);
    const Json more = apply_masks(both, data, MaskPurpose::query);
    // Of what a query may look at nothing is replaced, so each leaf that was there is there still. An object that was
    // left empty may have been filled.
    std::vector<std::pair<Json::json_pointer, Json>> leaves;
    add_leaves(less, Json::json_pointer(), leaves);
    for (const auto& [place, value] : leaves) {
      INFO("seed " << seed << " round " << round << "\n" << data.dump() << "\n" << less.dump() << "\n" << more.dump());
      REQUIRE(more.contains(place));
      if (value.is_object())
        REQUIRE(more.at(place).is_object());
      else
        REQUIRE(more.at(place) == value);
      ++kept;
    }
    added += less != more;
  }
  CHECK(kept > 1000);
  CHECK(added > 100);
}

namespace {

// A text whose end is the end of the memory that may be read: a step further ends the process, in any build.
class GuardedText {
 public:
  explicit GuardedText(std::string_view text) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t readable = (text.size() / page + 1) * page;
    size_ = readable + page;
    begin_ = static_cast<char*>(mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(begin_ != MAP_FAILED);
    REQUIRE(mprotect(begin_ + readable, page, PROT_NONE) == 0);
    char* const at = begin_ + readable - text.size();
    std::ranges::copy(text, at);
    view_ = {at, text.size()};
  }
  ~GuardedText() { munmap(begin_, size_); }
  GuardedText(const GuardedText&) = delete;
  GuardedText& operator=(const GuardedText&) = delete;
  std::string_view view() const noexcept { return view_; }

 private:
  char* begin_;
  std::size_t size_;
  std::string_view view_;
};

}  // namespace

TEST_CASE("damaged bytes are refused or cut short, and never read past their end", "[masks][property]") {
  Random random(first_seed());
  for (std::uint64_t round = 0; round < rounds(4000); ++round) {
    std::string data = canonical_json(random.object(3));
    const std::string whole = data;
    const int at = random.below(static_cast<int>(data.size()));
    switch (random.below(3)) {
      case 0: data.resize(static_cast<std::size_t>(at)); break;
      case 1: data[static_cast<std::size_t>(at)] = static_cast<char>(random.below(256)); break;
      default: data.erase(static_cast<std::size_t>(at), 1);
    }
    const GuardedText guarded(data);
    const std::vector<Mask> masks{random.mask(), random.mask()};
    const auto all = pointers(masks);
    std::string out;
    MaskSplicer splicer(all, MaskPurpose::show);
    if (random.below(2) == 0) splicer.splice(whole, out);  // its members are known then
    try {
      splicer.splice(guarded.view(), out);
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::storage);
    }
  }
}
