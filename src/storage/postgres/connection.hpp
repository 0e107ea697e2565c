// One connection to a PostgreSQL server, in pipeline mode: statements are queued and sent together, so that a whole
// operation can be one round trip.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/grant_view.hpp"
#include "storage/postgres/parameters.hpp"
#include "storage/postgres/prepared_statements.hpp"
#include "storage/postgres/result.hpp"

struct pg_conn;

namespace struere::postgres {

// Where to connect to. `url` is libpq's, which may take its password from elsewhere (PGPASSFILE, a service file).
struct Target {
  std::string url;
  bool prepares = true;                           // statements are prepared; not with a pooler that knows none of them
  bool is_citus = false;                          // a coordinator of Citus, over whose workers the tables are spread
  std::chrono::milliseconds probe_after{10'000};  // PostgresOptions

  // Takes `?prepare=off` out of an URL. Throws Error{storage}, which does not repeat the URL, if it is malformed.
  static Target parse(std::string_view url);
};

class Connection {
 public:
  // Throws Error{storage}, transient if the server may be reachable later, and retryable if it was refused soon.
  explicit Connection(Target target);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  using Ticket = std::size_t;

  // Queues a statement, whose result is taken with the ticket after finish() and before the next one is queued. Throws
  // Error{storage} if the connection is lost.
  Ticket queue(std::string_view sql, const Parameters& parameters = {});
  // A statement without parameters that is sent again and again in these words, such as BEGIN: prepared as well.
  void queue_again(std::string_view sql);
  std::size_t queued() const noexcept { return pending_.size(); }
  // Sends of what is queued as much as the socket takes at once.
  void begin_sending();
  // Sends what is queued and waits for all results. Throws the first failure: all statements after that one were not
  // carried out, and the transaction is to be rolled back. Where the server says nothing for `probe_after`, and then
  // not to a new connection either, throws Error{storage} that is transient, and the connection is lost.
  void finish();
  bool has_finished() const noexcept { return has_finished_; }  // and nothing was queued since
  Result take(Ticket ticket) { return std::move(results_.at(ticket)); }
  // Queues one and finishes; its result.
  Result run(std::string_view sql, const Parameters& parameters = {});

  // COMMIT goes with the statements of the next finish(), whose results are then those of an ended transaction. Where
  // one of them fails, it has not ended.
  void commit_with_next(bool commits) noexcept { commits_with_next_ = commits; }
  bool has_committed_with_it() const noexcept { return has_committed_with_it_; }  // and nothing was queued since

  // Sends what is queued without waiting; the results are dropped before the next statement is sent.
  void send_and_forget() noexcept;

  bool is_citus() const noexcept { return target_.is_citus; }
  // The organization of a scope; the statements of a transaction that were queued go with the question.
  const std::string& organization_of(std::int64_t scope);
  // 'text', quoted as a literal.
  std::string quoted(const std::string& text);

  // In this transaction, statements are planned for their values, with every kind of join and with bitmap scans. For
  // searches. Reading whole tables, memoizing and compiling stay off.
  void plan_freely();

  // Asked while a result is waited for; if it answers true, the statement is cancelled. A server that does not answer
  // that either is given up after two seconds.
  void set_interruption(std::function<bool()> is_due) { is_due_ = std::move(is_due); }

  // For the selections that read by this connection.
  GrantViews& grant_views() noexcept { return grant_views_; }

  // Which database answers: the server's number of it, and when the server was started (0 of a standby, which follows
  // another server).
  struct Identity {
    std::int64_t database, started_at;
  };
  const Identity& identity() const noexcept { return identity_; }  // when it was made
  Identity ask_identity();

  bool is_whole() const noexcept { return !is_broken_; }
  void close() noexcept { is_broken_ = true; }  // nobody gets it again
  // Whether the server still holds the other end, as far as can be told without a round trip.
  bool is_usable() noexcept;
  bool was_silent() const noexcept { return is_silent_; }  // it was given up for that
  // COMMIT is on its way: if the connection is lost now, nobody knows whether it was carried out.
  void set_committing(bool committing) noexcept { is_committing_ = committing; }

 private:
  using Time = std::chrono::steady_clock;

  struct Pending {
    enum class Kind { answers, prepares, drops };
    Kind kind;
    std::string text;   // of the statement that is being prepared, or the name of the one that is being dropped
    Ticket ticket = 0;  // of one that answers
  };

  void prepare_session();
  bool is_over_network() const;
  bool set(const std::vector<std::string>& settings);  // whether the server took them
  void require(bool succeeded);
  [[noreturn]] void throw_lost();
  [[noreturn]] void throw_silent();
  void wait(bool for_write);
  void cancel();
  void settle_cancellation();
  bool server_answers() const;
  pg_result* next_result();
  void read_until_sync();
  void drain();
  void note_failure(const pg_result& result, bool is_commit);
  void begin_queueing();
  const std::string* prepared_name(std::string_view sql, PreparedStatements& known);
  void queue_drops();
  bool is_idle() const;  // in no transaction
  Ticket send(const std::string* name, std::string_view sql, const Parameters& parameters);

  pg_conn* connection_;
  Target target_;
  bool plans_once_ = false;
  Identity identity_{};
  std::unordered_map<std::int64_t, std::string> organizations_;
  std::uint64_t forks_;
  PreparedStatements prepared_, prepared_without_parameters_;
  std::size_t last_name_ = 0;
  std::vector<std::string> dropped_;  // names that prepared_ has no more, and the server still has
  GrantViews grant_views_;
  std::vector<Pending> pending_;
  bool has_finished_ = false;  // the results are those of before
  std::vector<Result> results_;
  std::vector<const char*> data_;  // of the parameters of the statement that is being sent
  std::vector<int> lengths_, formats_;
  Time::time_point answered_at_;  // the last time that all was read
  Time::time_point heard_at_;     // the last time that the server sent or took something
  std::size_t forgotten_ = 0;     // syncs whose results nobody wants
  std::function<void()> failure_;
  std::function<bool()> is_due_;
  bool is_cancelled_ = false;
  Time::time_point cancelled_at_;
  std::future<void> cancellation_;
  bool is_committing_ = false;
  bool commits_with_next_ = false, has_committed_with_it_ = false;
  bool is_broken_ = false, is_silent_ = false, has_come_apart_ = false;
};

}  // namespace struere::postgres
