// The questions of an actor that tries to guess a value that it must not see.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "paths.hpp"
#include "random.hpp"

namespace struere::proof {

// A place in a row at which twins differ. A value is null if the row has none there.
struct Secret {
  std::string type, ref;
  Path path;
  std::array<Json, 2> values;
};

// The leaves that differ if the `data` of a row is `one` in one world and `other` in the other.
std::vector<Secret> secrets_of(const std::string& type, const std::string& ref, const Json& one, const Json& other);

// Steps without their actor: a filter, order, page, search, count, row, log or patch that depends on the secret.
std::vector<Json> random_questions(Random& random, const Secret& secret);

}  // namespace struere::proof
