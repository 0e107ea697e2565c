// The statements that a connection keeps prepared: a bounded number of a bounded size, of which the least recently used
// one gives way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bounded_cache.hpp"

namespace struere::postgres {

class PreparedStatements {
 public:
  struct Bounds {
    std::size_t statements;
    std::size_t bytes;    // of their texts
    std::size_t longest;  // a longer text is not kept
  };

  explicit PreparedStatements(Bounds bounds) : bounds_(bounds), known_(bounds.statements) {}

  // The name of the statement with this text; nullptr if it is not kept. Counts as a use. Valid until the next call.
  const std::string* find(std::string_view sql) {
    const Statement* const known = known_.find(sql);
    return known ? &known->name : nullptr;
  }

  // Keeps a statement that find() does not know under `name`. Appends the names of those that give way to `dropped`.
  // Returns nullptr if it is not kept: its text is too long, or those that would give way are not settled.
  const std::string* add(std::string_view sql, std::string name, std::vector<std::string>& dropped) {
    if (sql.size() > bounds_.longest) return nullptr;
    while (known_.size() >= bounds_.statements || bytes_ + sql.size() > bounds_.bytes) {
      if (known_.oldest().pipeline == pipeline_) return nullptr;
      dropped.emplace_back();  // so that no name is lost where there is no memory
      Statement oldest = known_.pop_oldest();
      bytes_ -= oldest.length;
      dropped.back() = std::move(oldest.name);
    }
    const Statement& added = known_.put(std::string(sql), {std::move(name), sql.size(), pipeline_});
    bytes_ += sql.size();
    return &added.name;
  }

  // The server does not have it, because it was not prepared.
  void remove(std::string_view sql) {
    if (const auto known = known_.take(sql)) bytes_ -= known->length;
  }

  // What was added is now known to be at the server. Until then it cannot give way: if the pipeline were aborted,
  // nobody could tell whether the name is still to be dropped.
  void settle() noexcept { ++pipeline_; }

 private:
  struct Statement {
    std::string name;
    std::size_t length;      // of the text
    std::uint64_t pipeline;  // that prepares it
  };
  struct HashOfText {
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  Bounds bounds_;
  BoundedCache<std::string, Statement, HashOfText> known_;  // by text
  std::size_t bytes_ = 0;
  std::uint64_t pipeline_ = 0;
};

}  // namespace struere::postgres
