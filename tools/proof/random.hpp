// Random numbers, and the vocabulary of the worlds: few keys, so that data, rules, masks and queries often concern
// the same fields; and values that are easily confused with others.
#pragma once

#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "struere/core/json.hpp"

namespace struere::proof {

// Returns the same numbers for the same seed on every machine, which the distributions of <random> do not guarantee.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  int below(int bound) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(bound)); }
  int between(int least, int most) { return least + below(most - least + 1); }
  bool chance(int percent) { return below(100) < percent; }
  std::uint64_t seed() { return engine_(); }

  template <class List>
  const auto& pick(const List& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(std::size(list))))];
  }
  // A random part of a list, in the order of the list.
  template <class Value>
  std::vector<Value> some(const std::vector<Value>& list, int percent) {
    std::vector<Value> out;
    for (const Value& value : list)
      if (chance(percent)) out.push_back(value);
    return out;
  }

 private:
  std::mt19937_64 engine_;
};

// --- names that all worlds use

extern const std::vector<std::string> user_names;  // the last is an admin in most organizations
extern const std::vector<std::string> role_names;
extern const std::vector<std::string> type_names;
extern const std::vector<std::string> relation_names;
extern const std::vector<std::string> status_names;
extern const std::vector<std::string> operator_names;
extern const std::vector<std::string> action_names;

// --- values

std::string random_text(Random& random);
Json random_number(Random& random);
Json random_scalar(Random& random);
Json random_value(Random& random, int depth);
Json random_object(Random& random, int depth);

// A random path inside `data`, with the prefix `data.`.
std::string random_data_path(Random& random);

// A random field of a row, and a value that it may hold. `refs` are the entities that the value may name.
std::string random_field(Random& random);
Json random_value_of(Random& random, const std::string& field, const std::vector<std::string>& refs);

// `data` that matches the schemas of random_entity_types() for that type. References hold ids of `persons`.
Json random_data(Random& random, const std::string& type, const std::vector<std::string>& refs,
                 const std::vector<std::string>& persons);

}  // namespace struere::proof
