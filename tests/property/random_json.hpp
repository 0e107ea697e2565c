// Random JSON and random masks whose paths meet it: a small alphabet of keys, and values that are easily taken for
// others.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/query/mask.hpp"

namespace struere::test {

// The first seed of this run: a fresh one, which is printed, or that of STRUERE_SEED, which repeats a run.
inline std::uint64_t first_seed() {
  static const std::uint64_t seed = [] {
    const char* const given = std::getenv("STRUERE_SEED");
    const std::uint64_t chosen = given ? std::strtoull(given, nullptr, 10) : std::random_device()();
    std::fprintf(stderr, "STRUERE_SEED=%llu repeats the random tests of this run\n",
                 static_cast<unsigned long long>(chosen));
    return chosen;
  }();
  return seed;
}

// The number of rounds of a random test: `normally`, or the percentage of it that STRUERE_ROUNDS names.
inline std::uint64_t rounds(std::uint64_t normally) {
  const char* const percent = std::getenv("STRUERE_ROUNDS");
  return percent ? std::max<std::uint64_t>(1, normally * std::strtoull(percent, nullptr, 10) / 100) : normally;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  int below(int bound) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(bound)); }
  bool chance(int percent) { return below(100) < percent; }
  template <class List>
  const auto& pick(const List& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(std::size(list))))];
  }

  std::string key() {
    static const std::vector<std::string> keys{"a", "b", "c", "d-1", "e_2"};
    return pick(keys);
  }
  // Now and then a key that no path can name.
  std::string any_key() {
    static const std::vector<std::string> odd{"", "x.y", "a\"b", "back\\slash", "é", "tab\t", "$", "'", "[0]"};
    return chance(85) ? key() : pick(odd);
  }
  std::string text() {
    static const std::vector<std::string> texts{
        "",    "a",          "b",           "ab",    "1",      "true", "null",         "actor.userId",
        "ana", "say \"hi\"", "line\nbreak", "ß",     "İ",      "😀a",   "\xef\xbf\xbf", "\xed\x9f\xbf",
        "%_",  "$.a[0]",     "green red",   "Green", "x1 2024"};
    return pick(texts);
  }
  Json scalar() {
    switch (below(9)) {
      case 0: return nullptr;
      case 1: return true;
      case 2: return false;
      case 3: return below(5) - 2;
      case 4:
        return pick(std::vector<std::int64_t>{9007199254740991, 9007199254740992, 9007199254740993, INT64_MAX,
                                              INT64_MIN, INT64_MAX - 1});
      case 5:
        return pick(std::vector<double>{0.1, 0.5, 1.0, -0.0, 2.5, 9007199254740992.0, 9223372036854775808.0,
                                        -9223372036854775808.0, 1e300, 5e-324, 0.30000000000000004});
      default: return text();
    }
  }
  Json value(int depth) {
    if (depth == 0 || chance(55)) return scalar();
    if (chance(35)) {
      Json array = Json::array();
      for (int i = below(4); i > 0; --i) array.push_back(value(depth - 1));
      return array;
    }
    return object(depth - 1);
  }
  Json object(int depth) {
    Json out = Json::object();
    for (int i = below(5); i > 0; --i) out[any_key()] = value(depth);
    return out;
  }

  FieldPath data_path() {
    std::string text = "data";
    for (int i = 1 + below(3); i > 0; --i) text += "." + key();
    return *FieldPath::parse(text);
  }

  Mask mask() {
    Mask out;
    if (chance(30)) {
      out.visible.emplace();
      for (int i = below(4); i > 0; --i) out.visible->push_back(data_path());
    }
    for (int i = below(3); i > 0; --i) {
      const FieldPath path = data_path();
      if (std::find(out.hidden.begin(), out.hidden.end(), path) == out.hidden.end()) out.hidden.push_back(path);
    }
    for (int i = below(3); i > 0; --i) {
      const FieldPath path = data_path();
      Redaction redaction;
      if (chance(40)) redaction.keep_last = 1 + below(3);
      if (chance(40)) redaction.replacement = scalar();
      if (std::none_of(out.redacted.begin(), out.redacted.end(),
                       [&](const auto& entry) { return entry.first == path; }))
        out.redacted.emplace_back(path, redaction);
    }
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace struere::test
