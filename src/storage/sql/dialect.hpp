// What differs between the SQL of one database and another, as the compilers of this folder ask for it.
#pragma once

#include <string>
#include <string_view>

namespace struere {

struct Dialect {
  std::string_view placeholder;  // stands before the number of a parameter: "?" of "?1"

  std::string parameter(std::size_t number) const { return std::string(placeholder) + std::to_string(number); }
};

}  // namespace struere
