// What somebody asks who guesses at a value that it may not see.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "paths.hpp"
#include "random.hpp"

namespace struere::proof {

// A place in a row at which twins differ; a null where there is nothing.
struct Secret {
  std::string type, ref;
  Path path;
  std::array<Json, 2> values;
};

// Of a row whose `data` is one thing in one world and another in the other: the leaves that differ.
std::vector<Secret> secrets_of(const std::string& type, const std::string& ref, const Json& one, const Json& other);

// Steps, without their actor: by filter, order, page, search, count, row, log or patch.
std::vector<Json> random_questions(Random& random, const Secret& secret);

}  // namespace struere::proof
