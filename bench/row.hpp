#pragma once

#include <cstdint>
#include <string>

namespace bench {

// The answer of each contender except struere. It owns its bytes, as struere's rows do.
struct Row {
  std::string id, data, status;
  std::int64_t created_at = 0, updated_at = 0, version = 0;
};

}  // namespace bench
