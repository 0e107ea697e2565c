// A file whose rows become ours: a legacy database, one whose adoption is under way, or one where it is done
// (docs/adopting.md). All of its SQL; adoption.cpp says what the rows mean.
//
// The legacy tables are renamed to legacy_<name> beside our own, and each row is written to ours and deleted from
// there in one transaction: whenever the process dies, each row is in exactly one place.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adoption/legacy_tables.hpp"
#include "storage/sqlite/connection.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/environment.hpp"
#include "struere/core/id.hpp"
#include "struere/spi/transaction.hpp"

namespace struere {

class LegacyFile {
 public:
  enum class State { legacy, under_way, adopted };

  // Throws Error{storage} where there is no such file, or it is none of these. Changes nothing.
  explicit LegacyFile(const std::string& path);
  ~LegacyFile();
  LegacyFile(const LegacyFile&) = delete;
  LegacyFile& operator=(const LegacyFile&) = delete;

  State state() const noexcept { return state_; }
  Environment environment() const noexcept { return environment_; }  // of an adoption that is under way

  // --- a legacy database, inside one transaction that keeps other writers out and is undone unless prepare() returns

  // Throws Error{storage} where the tables are not those of a legacy database, in words that name the first mistake.
  void begin(Environment environment, Timestamp now);

  // Those that the file has, in the order of legacy_tables().
  const std::vector<const LegacyTable*>& tables() const noexcept { return tables_; }
  std::int64_t count(const LegacyTable& table);
  void each_row(const LegacyTable& table, const std::function<void(const LegacyRow& row)>& visit);
  // In the order in which they are adopted.
  std::vector<LegacyRow> parts_of_role(const LegacyTable& table, const LegacyRow& role);

  // What is wrong between rows: at most `limit` of those that repeat these columns, of which one in a row is not null;
  // that name something that is not there; and whose organization is not there.
  std::vector<LegacyRow> repeated(const LegacyTable& table, std::span<const std::string_view> columns,
                                  std::int64_t limit);
  std::vector<LegacyRow> dangling(const LegacyTable& table, const LegacyReference& reference, std::int64_t limit);
  std::vector<LegacyRow> without_organization(const LegacyTable& table, std::int64_t limit);

  // Renames the legacy tables, makes ours, and writes down how many rows there are. From here on the file is under way.
  void prepare();

  // --- an adoption that is under way

  // Of the rows as they were at the start.
  std::int64_t count_at_start(const LegacyTable& table);

  // What writes a row into our tables, in a transaction of the row's scope; of what both environments share, in either.
  using Adopt = std::function<void(Transaction& transaction, const OrganizationId& organization,
                                   Environment environment, const LegacyRow& row)>;

  // Moves up to `limit` rows of one owner in one transaction, and answers with how many; 0 where there are none left.
  // Rows that no organization owns are written by the file itself.
  std::int64_t move(const LegacyTable& table, std::int64_t limit, const Adopt& adopt);

  // --- inside an Adopt: what a Transaction has no word for, because only a write that is happening sets it

  // The rows that belong to a role, which are deleted.
  std::vector<LegacyRow> take_parts(const LegacyTable& table, const LegacyRow& role);
  void set_deleted_at(const std::string& entity, Timestamp at);

  // --- its end

  // Compares the counts and the references, drops what was for the adoption, and makes the file an ordinary one, all in
  // one transaction. Throws Error{storage} where a row is missing; answers with the counts of our tables.
  std::vector<std::int64_t> finish();

 private:
  // --- recognising (legacy_file_checks.cpp)
  void read_state();
  void resume();
  void check_tables();
  void check_columns(const LegacyTable& table);
  void check_foreign_keys(const std::string& table);
  void read_tables(std::string_view prefix);
  std::string noted(std::string_view name);
  void note(std::string_view name, const std::string& value);

  // --- names and expressions, from the words of legacy_tables.cpp alone
  bool has_column(const LegacyTable& table, std::string_view name) const;
  std::string name_of(const LegacyTable& table) const;
  std::string value_of(const LegacyTable& table, std::string_view column) const;
  std::vector<std::string> owner_of(const LegacyTable& table, LegacyOwner owner) const;
  std::vector<std::string> order_of(const LegacyTable& table) const;
  std::string in_order(const LegacyTable& table) const;
  std::string select(const LegacyTable& table, const std::string& rest) const;
  std::vector<LegacyRow> read_rows(const LegacyTable& table, Statement& statement) const;

  std::vector<LegacyRow> examples(const LegacyTable& table, const std::string& rest, std::int64_t limit);
  void move_agent_statuses();
  void write_ahead();
  void require_under_way();
  void remove(const LegacyTable& table, const LegacyRow& row);
  std::int64_t move_shared(const LegacyTable& table, std::int64_t limit);
  std::vector<std::int64_t> require_all_rows();

  std::unique_ptr<Connection> connection_;
  State state_ = State::legacy;
  Environment environment_ = Environment::development;
  Timestamp began_ = 0;
  bool in_transaction_ = false;  // to be undone where it is not committed
  bool is_write_ahead_ = false;
  std::int64_t scope_ = 0;  // of the transaction of an Adopt
  std::vector<const LegacyTable*> tables_;
  std::map<std::string_view, std::set<std::string, std::less<>>> columns_;  // that each table has, in lower case
};

}  // namespace struere
