// A file that is adopted: an existing database, or one whose adoption has begun or is finished (docs/adopting.md). All
// SQL of the adoption is here; adoption.cpp says what the rows mean.
//
// The tables of the file are renamed to legacy_<name>. Each row is written to the table of struere and deleted from its
// renamed table in one transaction. So each row is in exactly one table whenever the process dies.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adoption/adoption_tables.hpp"
#include "storage/sqlite/connection.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/environment.hpp"
#include "struere/core/id.hpp"
#include "struere/spi/transaction.hpp"

namespace struere {

class AdoptionFile {
 public:
  enum class State { original, under_way, adopted };

  // Throws Error{storage} if the file does not exist or is none of these. Changes nothing.
  explicit AdoptionFile(const std::string& path);
  ~AdoptionFile();
  AdoptionFile(const AdoptionFile&) = delete;
  AdoptionFile& operator=(const AdoptionFile&) = delete;

  State state() const noexcept { return state_; }
  Environment environment() const noexcept { return environment_; }  // that of an adoption that has begun

  // --- a file that is not adopted yet: one transaction that excludes other writers and is rolled back unless prepare()
  // returns

  // Throws Error{storage} if the tables are not those of an existing database. The message names the first mistake.
  void begin(Environment environment, Timestamp now);

  // The tables that the file has, in the order of adoption_tables().
  const std::vector<const AdoptionTable*>& tables() const noexcept { return tables_; }
  std::int64_t count(const AdoptionTable& table);
  void each_row(const AdoptionTable& table, const std::function<void(const AdoptionRow& row)>& visit);
  // The parts in the order in which they are adopted.
  std::vector<AdoptionRow> parts_of_role(const AdoptionTable& table, const AdoptionRow& role);

  // At most `limit` rows with a mistake: rows that repeat the values of `columns`, not all of them NULL; rows that
  // refer to a row that does not exist; and rows whose organization does not exist.
  std::vector<AdoptionRow> repeated(const AdoptionTable& table, std::span<const std::string_view> columns,
                                    std::int64_t limit);
  std::vector<AdoptionRow> dangling(const AdoptionTable& table, const AdoptionReference& reference, std::int64_t limit);
  std::vector<AdoptionRow> without_organization(const AdoptionTable& table, std::int64_t limit);

  // Renames the original tables, makes struere's tables and records the numbers of rows. After that the adoption has
  // begun.
  void prepare();

  // --- an adoption that has begun

  // The number of rows at the start.
  std::int64_t count_at_start(const AdoptionTable& table);

  // A function that writes a row into struere's tables, in a transaction of the row's scope. A row that both
  // environments share can be written in either.
  using Adopt = std::function<void(Transaction& transaction, const OrganizationId& organization,
                                   Environment environment, const AdoptionRow& row)>;

  // Moves up to `limit` rows of one owner in one transaction. Returns how many it moved; 0 if no rows are left. Rows
  // that no organization owns are moved without `adopt`.
  std::int64_t move(const AdoptionTable& table, std::int64_t limit, const Adopt& adopt);

  // --- inside an Adopt: values that a Transaction cannot set, because normally only a write itself sets them

  // Returns the rows that belong to a role, and deletes them.
  std::vector<AdoptionRow> take_parts(const AdoptionTable& table, const AdoptionRow& role);
  void set_deleted_at(const std::string& entity, Timestamp at);

  // --- the end of the adoption

  // In one transaction: compares the counts, checks the references, drops the tables of the adoption and makes the
  // file an ordinary one. Throws Error{storage} if a row is missing. Returns the number of rows of each of struere's
  // tables.
  std::vector<std::int64_t> finish();

 private:
  // --- recognising (adoption_file_checks.cpp)
  void read_state();
  void resume();
  void check_tables();
  void check_columns(const AdoptionTable& table);
  void check_foreign_keys(const std::string& table);
  void read_tables(std::string_view prefix);
  std::string noted(std::string_view name);
  void note(std::string_view name, const std::string& value);

  // --- names and expressions; all names come from adoption_tables.cpp
  bool has_column(const AdoptionTable& table, std::string_view name) const;
  std::string name_of(const AdoptionTable& table) const;
  std::string value_of(const AdoptionTable& table, std::string_view column) const;
  std::vector<std::string> owner_of(const AdoptionTable& table, AdoptionOwner owner) const;
  std::vector<std::string> order_of(const AdoptionTable& table) const;
  std::string in_order(const AdoptionTable& table) const;
  std::string select(const AdoptionTable& table, const std::string& rest) const;
  std::vector<AdoptionRow> read_rows(const AdoptionTable& table, Statement& statement) const;

  std::vector<AdoptionRow> examples(const AdoptionTable& table, const std::string& rest, std::int64_t limit);
  void move_agent_statuses();
  void write_ahead();
  void require_under_way();
  void remove(const AdoptionTable& table, const AdoptionRow& row);
  std::int64_t move_shared(const AdoptionTable& table, std::int64_t limit);
  std::vector<std::int64_t> require_all_rows();

  std::unique_ptr<Connection> connection_;
  State state_ = State::original;
  Environment environment_ = Environment::development;
  Timestamp began_ = 0;
  bool in_transaction_ = false;  // rolled back unless it is committed
  bool is_write_ahead_ = false;
  std::int64_t scope_ = 0;  // the scope of the transaction of an Adopt
  std::vector<const AdoptionTable*> tables_;
  std::map<std::string_view, std::set<std::string, std::less<>>> columns_;  // the columns of each table, in lower case
};

}  // namespace struere
