// The rows of a page, from those that a statement returns to those that are on it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/field_key.hpp"
#include "storage/postgres/candidates.hpp"
#include "storage/sql/parameter.hpp"
#include "struere/query/selection.hpp"

namespace struere::postgres {

// A row that was selected, kept until the page is made.
class KeptRow final : public ResultRow {
 public:
  KeptRow(const ResultRow& row, std::string bits)
      : id_(row.string(0)),
        data_(row.string(1)),
        status_(row.string(3)),
        bits_(std::move(bits)),
        version_(row.integer(2)),
        created_at_(row.integer(4)),
        updated_at_(row.integer(5)) {}

  Type type(int column) const override {
    return column == 2 || column == 4 || column == 5 ? Type::integer : Type::text;
  }
  std::int64_t integer(int column) const override {
    return column == 2 ? version_ : column == 4 ? created_at_ : updated_at_;
  }
  std::string_view text(int column) const override {
    return column == 0 ? id_ : column == 1 ? data_ : column == 3 ? status_ : bits_;
  }
  std::string_view blob(int column) const override { return text(column); }

 private:
  std::string id_, data_, status_, bits_;
  std::int64_t version_, created_at_, updated_at_;
};

struct Selected {
  Position position;
  KeptRow row;
  std::vector<std::optional<Json>> values;
  std::string key;  // the field key that it was found by
};

inline bool is_before(const std::vector<OrderKey>& order, const Position& a, const Position& b) {
  for (std::size_t i = 0; i < order.size(); ++i)
    if (a[i] != b[i]) return order[i].descending ? a[i] > b[i] : a[i] < b[i];
  return false;
}

// The first rows of a selection, in its order, out of rows that come in the order of their statement.
class FirstRows {
 public:
  FirstRows(const Selection& selection, const Candidates& candidates)
      : selection_(selection), candidates_(candidates), wanted_(static_cast<std::size_t>(selection.limit) + 1) {}

  // Whether no later row can be among them; `key` is that of the next one.
  bool is_complete(std::string_view key) const {
    if (rows_.size() < wanted_) return false;
    switch (candidates_.order()) {
      case Candidates::Order::none:
      case Candidates::Order::exact: return false;
      case Candidates::Order::key: break;
    }
    const std::string& last = rows_.front().key;
    if (last != key) return selection_.order.front().descending ? key < last : key > last;
    return candidates_.is_tail_exact() && is_exact_field_key(key);
  }

  void add(Selected row) {
    if (selection_.after && !is_before(selection_.order, *selection_.after, row.position)) return;
    const auto later = [&](const Selected& a, const Selected& b) {
      return is_before(selection_.order, a.position, b.position);
    };
    rows_.push_back(std::move(row));
    std::ranges::push_heap(rows_, later);
    if (rows_.size() <= wanted_) return;
    std::ranges::pop_heap(rows_, later);
    rows_.pop_back();
  }

  std::vector<Selected> take() {
    std::ranges::sort(rows_, [&](const Selected& a, const Selected& b) {
      return is_before(selection_.order, a.position, b.position);
    });
    return std::move(rows_);
  }

 private:
  const Selection& selection_;
  const Candidates& candidates_;
  std::size_t wanted_;
  std::vector<Selected> rows_;  // a heap: the last one is in front
};

}  // namespace struere::postgres
