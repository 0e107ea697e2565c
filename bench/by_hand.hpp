// What a good engineer would write instead of struere, against the same file: the sqlite3 C API, statements kept, the
// rule and the mask frozen into the code. No policy, no rule, no generation is looked at.
#pragma once

#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tutoring_data.hpp"

namespace bench {

struct Row {
  std::string id, data;
  std::int64_t created_at = 0, version = 0;
};

class ByHand {
 public:
  ByHand(const std::string& path, const TutoringData& data, bool full_durability);

  std::optional<Row> get(const std::string& id, bool masked);
  std::vector<Row> page(bool masked, const Row* after, const char* status = nullptr);  // of 50, newest first
  std::int64_t count();
  std::string create(const std::string& data);  // with its event, chained
  void update(const std::string& id, const std::string& data, const std::string& event_payload);
  bool authenticate(std::string_view key);

 private:
  class Use;
  Use use(const std::string& sql);
  Row read(Use& statement, bool masked) const;
  void append_event(const std::string& type, const std::string& id, const std::string& payload);

  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database_;
  std::map<std::string, std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>> statements_;
  std::int64_t scope_ = 0, type_ = 0;
  std::string teacher_, masked_;
};

}  // namespace bench
