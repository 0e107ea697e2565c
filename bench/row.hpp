#pragma once

#include <cstdint>
#include <string>

namespace bench {

// What each contender other than struere answers with: its own bytes, as struere's rows are.
struct Row {
  std::string id, data, status;
  std::int64_t created_at = 0, updated_at = 0, version = 0;
};

}  // namespace bench
