// Rows that a transaction inserts, gathered so that many of a table are one statement.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/type_keys.hpp"
#include "storage/postgres/work.hpp"
#include "struere/model/event.hpp"
#include "struere/query/selection.hpp"

namespace struere::postgres {

// Inside the transaction that is open, which holds the lock of the scope's head. What was added is sent before the next
// statement of the transaction, whoever queues that, and before its commit.
class NewRows final : private Deferred {
 public:
  NewRows(Work& work, std::int64_t scope);
  ~NewRows() { work_.forget(*this); }
  NewRows(const NewRows&) = delete;
  NewRows& operator=(const NewRows&) = delete;

  // With its field keys and words; the values of unique keys apart. Throw Error{storage} if rows that were
  // added before were not stored.
  void add(const StoredEntity& entity, const TypeKeys& keys);
  void add(const EventRecord& event);
  // Of an entity that is there or was added before. One that is taken fails the transaction: UniqueKeys asks before.
  void add_unique_value(EntityTypeKey type, std::int64_t key, std::string_view value, const std::string& id);

 private:
  struct Layout;  // of a table: its columns, and the statements
  struct Table {
    explicit Table(const Layout& layout);
    Array& operator[](std::size_t column) { return columns[column]; }

    const Layout& layout;
    std::vector<Array> columns;
    std::size_t rows = 0;
  };

  void begin_row();
  void send() override;
  void send(Table& table);
  std::array<Table*, 5> tables() { return {&entities_, &keys_, &words_, &unique_values_, &events_}; }

  Work& work_;
  std::int64_t scope_;
  static const Layout entity_layout, key_layout, word_layout, unique_value_layout, event_layout;
  Table entities_, keys_, words_, unique_values_, events_;
  std::size_t unanswered_bytes_ = 0;  // of statements whose result was not waited for
};

}  // namespace struere::postgres
