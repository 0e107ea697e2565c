// The code that a good engineer would write instead of struere, against the same file: the sqlite3 C API, kept
// statements, and the rule and the mask fixed in the code. It checks no policy, rule or generation.
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

#include "row.hpp"
#include "tutoring_data.hpp"

namespace bench {

class ByHand {
 public:
  ByHand(const std::string& path, const std::string& teacher, const struere::SqliteOptions& settings);

  std::optional<Row> get(const std::string& id, bool masked);
  std::vector<Row> page(bool masked, const Row* after, const char* status = nullptr);  // of 50, newest first
  std::int64_t count();
  // What the family of the guardian has booked: masked, and newest first.
  std::optional<Row> booked(const std::string& id);
  std::vector<Row> page_of_booked();
  std::string create(const struere::Json& data);  // with its event, in the hash chain
  void create_all(const std::vector<struere::Json>& rows);
  void update(const std::string& id, const struere::Json& patch);
  bool authenticate(std::string_view key);

 private:
  using Hash = std::array<unsigned char, 32>;
  struct ChainHead {
    std::int64_t sequence = 0;
    Hash hash{};
  };
  class Use;

  Use use(const char* sql);  // the text must not move: statements are kept by its address
  Row read(Use& statement, bool masked) const;
  ChainHead chain_head();
  void append_event(ChainHead& head, const std::string& type, const std::string& id, const std::string& payload);
  void keep(const ChainHead& head);
  std::string insert(ChainHead& head, const struere::Json& data);

  std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database_;
  std::map<const char*, std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>> statements_;
  std::array<std::string, 4> pages_;  // the statements of page()
  std::int64_t scope_ = 0, type_ = 0;
  std::string teacher_, family_;
};

// Returns the path of a copy of the file, made once, with the indexes that one would add by hand for the rule and the
// filter.
std::string with_indexes(const std::string& path);

}  // namespace bench
