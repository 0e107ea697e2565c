#include "storage/postgres/connection.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/fork_count.hpp"
#include "storage/postgres/server_error.hpp"
#include "struere/core/error.hpp"
#include "struere/spi/storage.hpp"

namespace struere::postgres {
namespace {

// PostgreSQL 15 keeps 130 to 310 bytes for each byte of a statement's text, for its plan above all, and 16 kB at least:
// 80 kB of texts are about 16 MB of the server's memory for each connection. A text of 8 kB would push out too many.
constexpr PreparedStatements::Bounds bounds_of_prepared{.statements = 512, .bytes = 80 << 10, .longest = 8 << 10};
// BEGIN, COMMIT, and the scopes. They have no plan.
constexpr PreparedStatements::Bounds bounds_of_others{.statements = 256, .bytes = 80 << 10, .longest = 8 << 10};
// Pipelines that are aborted one after the other drop none of them.
constexpr std::size_t most_undropped = 64;
constexpr std::size_t most_organizations = 4096;
constexpr std::chrono::milliseconds interruption_interval(10);
// How long a server may take to end a statement that was cancelled.
constexpr std::chrono::seconds cancellation_time(2);
// A server that has just answered is not asked whether it is there: if it ends right then, the operation fails as it
// would after the question.
constexpr std::chrono::milliseconds surely_usable(1);
constexpr std::chrono::milliseconds longest_poll(60'000);
// For how long a transaction may wait for its process.
constexpr std::chrono::milliseconds longest_idle(60'000);
constexpr std::string_view query_canceled = "57014";

// Methods of the planner that only searches use (plan_freely).
constexpr std::array<const char*, 4> methods_of_searches{"enable_hashjoin", "enable_mergejoin", "enable_bitmapscan",
                                                         "enable_material"};

// SQLSTATEs of a connection that say that the database is gone. Every other refusal (a password, a rule of
// pg_hba.conf, a role that may not log in, a limit) may be taken back, and says nothing of the database.
constexpr std::array gone{std::string_view("3D000")};  // invalid_catalog_name

// The server knows the role or the way it comes, and does not let it in: trying again at once does not help.
bool is_refused_login(std::string_view state) { return state.starts_with("28") || state == "42501"; }

// The SQLSTATE in a verbose message of libpq: "FATAL:  28P01: password authentication failed …". Of several hosts, that
// of one that does not say that the database is gone, if there is one. Empty if no server answered.
std::string state_in(std::string_view verbose) {
  constexpr std::string_view separator = ":  ", end = ": ";
  constexpr std::size_t size = 5;
  std::string out;
  for (std::size_t at = 0; (at = verbose.find(separator, at)) != std::string_view::npos;) {
    at += separator.size();
    const std::string_view state = verbose.substr(at, size);
    const bool is_state =
        state.size() == size && verbose.substr(at + size).starts_with(end) &&
        std::ranges::all_of(state, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    if (is_state && (out.empty() || std::ranges::find(gone, out) != gone.end())) out = state;
  }
  return out;
}

// Its messages have a SQLSTATE only if they are verbose, which a connection can be asked to be once it was tried. If a
// server answered, it is tried again: this may succeed. The words of a message are in the server's language.
std::string state_of_refusal(PGconn* connection) {
  if (std::string_view(PQerrorMessage(connection)).find(":  ") == std::string_view::npos) return {};
  PQsetErrorVerbosity(connection, PQERRORS_VERBOSE);
  PQreset(connection);
  PQsetErrorVerbosity(connection, PQERRORS_DEFAULT);
  return PQstatus(connection) == CONNECTION_OK ? std::string() : state_in(PQerrorMessage(connection));
}

// A message of libpq has several lines, some of them indented.
[[noreturn]] void throw_unreachable(std::string_view lines, std::string_view state, bool took_long) {
  std::string message;
  for (const char c : lines)
    if (c != '\n' && c != '\t')
      message += c;
    else if (!message.ends_with(' '))
      message += ' ';
  while (message.ends_with(' ')) message.pop_back();
  if (std::ranges::find(gone, state) != gone.end())
    throw Error(ErrorCode::storage, fmt::format("the PostgreSQL server has no such database: {} ({})", message, state));
  if (is_refused_login(state))
    throw Error(ErrorCode::storage, fmt::format("the PostgreSQL server refused the login: {} ({}); see the role, its "
                                                "password and pg_hba.conf",
                                                message, state))
        .transient();
  const Error error(ErrorCode::storage, fmt::format("the PostgreSQL server cannot be reached: {}", message));
  throw took_long ? error.transient() : error.retryable();  // each other attempt would take as long
}

}  // namespace

Connection::Connection(Target target)
    : target_(std::move(target)),
      forks_(fork_count()),
      prepared_(bounds_of_prepared),
      prepared_without_parameters_(bounds_of_others) {
  // A later one prevails. An operation that waits for a host that is gone ends after a minute, not after hours.
  constexpr std::array<const char*, 9> keywords{"connect_timeout",
                                                "fallback_application_name",
                                                "keepalives_idle",
                                                "keepalives_interval",
                                                "keepalives_count",
                                                "tcp_user_timeout",
                                                "dbname",
                                                "client_encoding",
                                                nullptr};
  const std::array<const char*, 9> values{"10",    "struere",           "30",   "10",   "3",
                                          "60000", target_.url.c_str(), "UTF8", nullptr};
  const Time::time_point begun = Time::now();
  connection_ = PQconnectdbParams(keywords.data(), values.data(), 1);
  if (!connection_) throw Error(ErrorCode::storage, "there is not enough memory for a connection");
  if (PQstatus(connection_) != CONNECTION_OK) {
    const bool took_long = Time::now() - begun > std::chrono::seconds(1);
    const std::string message = PQerrorMessage(connection_), state = state_of_refusal(connection_);
    if (PQstatus(connection_) != CONNECTION_OK) {
      PQfinish(connection_);
      throw_unreachable(message, state, took_long);
    }
  }
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) != 1) {
    PQfinish(connection_);
    throw Error(ErrorCode::storage,
                "the connection to the PostgreSQL server has no pipeline mode; use libpq 14 or newer");
  }
  try {
    identity_ = ask_identity();
    if (target_.prepares) prepare_session();  // of a pooler, the session is not this connection's
  } catch (...) {
    PQfinish(connection_);
    throw;
  }
}

Connection::Identity Connection::ask_identity() {
  const Result self =
      run("SELECT (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())::bigint, "
          "CASE WHEN pg_catalog.pg_is_in_recovery() THEN 0 ELSE (extract(epoch FROM "
          "pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint END");
  return {self.integer(0, 0), self.integer(0, 1)};
}

void Connection::prepare_session() {
  // An index of the scope serves each statement whatever its values, and planning it again takes as long as a small
  // answer. Searches, for which that is not so, say otherwise (row_batches.hpp). A plan that was made while a table was
  // small must not read all of it later, and a plan that reads a whole table is not worth compiling. A server without
  // one of the settings plans as it likes.
  // Citus cannot plan without the scope's value which node has its rows, and each node plans for itself.
  plans_once_ = !target_.is_citus && set({"plan_cache_mode = force_generic_plan", "enable_seqscan = off", "jit = off"});
  // From a field key to its row by the row's index, a row at a time, in the order of the key. Of a scope of a few
  // thousand rows, the planner would rather read all rows.
  if (plans_once_) {
    std::vector<std::string> settings;
    for (const char* const method : methods_of_searches) settings.push_back(std::string(method) + " = off");
    set(settings);
  }
  // Each id leads to one row, so that no row is worth keeping. Servers before version 14 know no such setting.
  if (plans_once_) set({"enable_memoize = off"});
  // A process that was stopped in the middle of a transaction lets go of its locks as one that is gone does. What the
  // role, the database or the URL says about it prevails.
  if (run("SELECT pg_catalog.current_setting('idle_in_transaction_session_timeout') = '0'").integer(0, 0) != 0)
    set({fmt::format("idle_in_transaction_session_timeout = {}", longest_idle.count())});
  // The server lets go of the locks of a host that is gone after a minute, not after hours.
  if (is_over_network()) set({"tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3"});
}

bool Connection::is_over_network() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return getsockname(PQsocket(connection_), reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
         address.ss_family != AF_UNIX;
}

bool Connection::set(const std::vector<std::string>& settings) {
  try {
    for (const std::string& setting : settings) queue("SET " + setting);
    finish();
    return true;
  } catch (const Error&) {
    if (!is_broken_) return false;
    throw;
  }
}

void Connection::plan_freely() {
  if (!plans_once_) return;
  queue_again("SET LOCAL plan_cache_mode = auto");
  for (const char* const method : methods_of_searches) queue_again(fmt::format("SET LOCAL {} = on", method));
}

Connection::~Connection() {
  // In a child of fork(), it would end the session of the parent.
  if (forks_ == fork_count()) PQfinish(connection_);
}

// A scope keeps its organization for good. A scope that a transaction makes is none yet: Work::in_new().
const std::string& Connection::organization_of(std::int64_t scope) {
  if (const auto known = organizations_.find(scope); known != organizations_.end()) return known->second;
  const bool commits = std::exchange(commits_with_next_, false);
  const Result row = run("SELECT organization_id FROM struere.scopes WHERE id = $1", Parameters().add(scope));
  commits_with_next_ = commits;
  if (row.rows() == 0) throw Error(ErrorCode::storage, "a scope of the database is missing; restore a backup");
  if (organizations_.size() >= most_organizations) organizations_.clear();
  return organizations_.emplace(scope, row.bytes(0, 0)).first->second;
}

std::string Connection::quoted(const std::string& text) {
  const std::unique_ptr<char, void (*)(void*)> literal(PQescapeLiteral(connection_, text.data(), text.size()),
                                                       PQfreemem);
  if (!literal) throw Error(ErrorCode::storage, "a text cannot be sent to the server");
  return literal.get();
}

void Connection::throw_lost() {
  is_broken_ = true;
  throw_connection_lost(is_committing_);
}

void Connection::throw_silent() {
  is_broken_ = is_silent_ = true;
  throw_server_silent(is_committing_);
}

void Connection::require(bool succeeded) {
  if (!succeeded) throw_lost();
}

// nullptr: it is sent unprepared.
const std::string* Connection::prepared_name(std::string_view sql, PreparedStatements& known) {
  if (!target_.prepares) return nullptr;
  if (const std::string* const name = known.find(sql)) return name;
  const std::string* const name = known.add(sql, fmt::format("s{}", last_name_ + 1), dropped_);
  if (!name) return nullptr;
  ++last_name_;
  const std::string text(sql);
  require(PQsendPrepare(connection_, name->c_str(), text.c_str(), 0, nullptr) == 1);
  pending_.push_back({Pending::Kind::prepares, text});
  return name;
}

// At the end of a pipeline, so that neither a failed transaction nor one that fails by this keeps a statement from
// being carried out. Those that an aborted pipeline has not carried out are sent with the next one.
void Connection::queue_drops() {
  for (std::string& name : dropped_) {
    require(PQsendQueryParams(connection_, ("DEALLOCATE " + name).c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) ==
            1);
    pending_.push_back({Pending::Kind::drops, std::move(name)});
  }
  dropped_.clear();
}

Connection::Ticket Connection::send(const std::string* name, std::string_view sql, const Parameters& parameters) {
  const std::size_t count = parameters.values_.size();
  data_.resize(count);
  lengths_.resize(count);
  formats_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Parameters::Value& value = parameters.values_[i];
    data_[i] = value.data || value.is_binary ? value.data : value.digits.data();
    lengths_[i] = value.length;
    formats_[i] = value.is_binary ? 1 : 0;
  }
  const int n = static_cast<int>(count);
  const int sent =
      name ? PQsendQueryPrepared(connection_, name->c_str(), n, data_.data(), lengths_.data(), formats_.data(), 1)
           : PQsendQueryParams(connection_, std::string(sql).c_str(), n, nullptr, data_.data(), lengths_.data(),
                               formats_.data(), 1);
  require(sent == 1);
  results_.emplace_back();
  pending_.push_back({Pending::Kind::answers, {}, results_.size() - 1});
  return results_.size() - 1;
}

void Connection::begin_queueing() {
  if (is_broken_) throw_lost();
  if (std::exchange(has_finished_, false)) results_.clear();
  has_committed_with_it_ = false;
}

Connection::Ticket Connection::queue(std::string_view sql, const Parameters& parameters) {
  begin_queueing();
  return send(parameters.size() == 0 ? nullptr : prepared_name(sql, prepared_), sql, parameters);
}

void Connection::queue_again(std::string_view sql) {
  begin_queueing();
  send(prepared_name(sql, prepared_without_parameters_), sql, {});
}

Result Connection::run(std::string_view sql, const Parameters& parameters) {
  const Ticket ticket = queue(sql, parameters);
  finish();
  return take(ticket);
}

void Connection::wait(bool for_write) {
  pollfd event{PQsocket(connection_), static_cast<short>(for_write ? POLLIN | POLLOUT : POLLIN), 0};
  require(event.fd >= 0);
  const bool asks = is_due_ && !is_cancelled_;
  const Time::time_point latest = is_cancelled_ ? cancelled_at_ + cancellation_time : heard_at_ + target_.probe_after;
  auto most = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(latest - Time::now()),
                         std::chrono::milliseconds(0), longest_poll);
  if (asks) most = std::min(most, interruption_interval);
  const int ready = poll(&event, 1, static_cast<int>(most.count()));
  if (ready < 0 && errno != EINTR) throw_lost();
  if (ready > 0) heard_at_ = Time::now();
  if (asks && is_due_()) return cancel();
  if (ready > 0 || Time::now() < latest) return;
  if (is_cancelled_ || (!server_answers() && poll(&event, 1, 0) <= 0)) throw_silent();
  heard_at_ = Time::now();
}

// PQcancel waits, however long it takes, until the server has closed the connection that it makes: not on this thread.
void Connection::cancel() {
  is_cancelled_ = true;
  cancelled_at_ = Time::now();
  std::unique_ptr<PGcancel, void (*)(PGcancel*)> request(PQgetCancel(connection_), PQfreeCancel);
  if (!request) return;
  std::packaged_task<void()> task([request = std::move(request)] {
    std::array<char, 256> ignored{};
    PQcancel(request.get(), ignored.data(), static_cast<int>(ignored.size()));
  });
  cancellation_ = task.get_future();
  try {
    std::thread(std::move(task)).detach();
  } catch (const std::system_error&) {  // the statement goes on, and is given up with the connection
  }
}

// One that comes late would cancel a statement of somebody else.
void Connection::settle_cancellation() {
  if (!cancellation_.valid()) return;
  if (cancellation_.wait_until(cancelled_at_ + cancellation_time) != std::future_status::ready) is_broken_ = true;
  cancellation_ = {};
}

// Of all hosts of the URL, the one of this connection. Its password is not needed for this.
bool Connection::server_answers() const {
  constexpr std::array<const char*, 6> keywords{"connect_timeout", "dbname", "host", "hostaddr", "port", nullptr};
  const std::array<const char*, 6> values{
      "10", target_.url.c_str(), PQhost(connection_), PQhostaddr(connection_), PQport(connection_), nullptr};
  return PQpingParams(keywords.data(), values.data(), 1) != PQPING_NO_RESPONSE;
}

// What is still to be sent goes first: the server does not answer what it has not read whole.
pg_result* Connection::next_result() {
  while (PQisBusy(connection_) != 0) {
    const int left = PQflush(connection_);
    require(left >= 0);
    wait(left > 0);
    require(PQconsumeInput(connection_) == 1);
  }
  return PQgetResult(connection_);
}

void Connection::note_failure(const pg_result& result, bool is_commit) {
  if (failure_) return;
  const auto field = [&](int code) {
    const char* const text = PQresultErrorField(&result, code);
    return std::string(text ? text : "");
  };
  std::string state = field(PG_DIAG_SQLSTATE), message = field(PG_DIAG_MESSAGE_PRIMARY);
  // 08P01 is a message that the server could not read.
  const bool is_lost = state.empty() || (state.starts_with("08") && state != "08P01");
  // The server ends: a statement before the COMMIT is known to have failed by it, and with it the COMMIT.
  if (is_lost || (state.starts_with("57P") && is_committing_ && is_commit)) throw_lost();
  failure_ = [state = std::move(state), message = std::move(message), is_ours = is_cancelled_] {
    if (is_ours && state == query_canceled) throw_interrupted();
    throw_server_error(state, message);
  };
}

// Of the statements of one sync.
void Connection::read_until_sync() {
  const auto is_asked = [](const Pending& pending) { return pending.kind != Pending::Kind::drops; };
  const auto last = std::find_if(pending_.rbegin(), pending_.rend(), is_asked);
  for (Pending& pending : pending_) {
    bool succeeded = false;
    while (pg_result* const raw = next_result()) {
      Result result(raw);
      switch (PQresultStatus(raw)) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK: succeeded = true; break;
        case PGRES_PIPELINE_ABORTED:
          if (!is_asked(pending)) dropped_.push_back(std::move(pending.text));
          break;
        case PGRES_PIPELINE_SYNC: throw_lost();  // the answers are not those of these statements
        default:
          if (is_asked(pending))
            note_failure(*raw, &pending == &*last);
          else
            has_come_apart_ = true;
      }
      if (pending.kind == Pending::Kind::answers) results_[pending.ticket] = std::move(result);
    }
    if (!succeeded && pending.kind == Pending::Kind::prepares) {
      prepared_.remove(pending.text);
      prepared_without_parameters_.remove(pending.text);
    }
    if (PQstatus(connection_) != CONNECTION_OK) throw_lost();
  }
  Result sync(next_result());
  if (!sync) throw_lost();
}

void Connection::drain() {
  // Of what was sent and forgotten: all until as many syncs as there were. One answer ends with a null pointer.
  constexpr int most_nulls = 8;
  for (int nulls = 0; forgotten_ > 0;) {
    pg_result* const raw = next_result();
    if (!raw) {
      if (PQstatus(connection_) != CONNECTION_OK || ++nulls > most_nulls) throw_lost();
      continue;
    }
    nulls = 0;
    const Result result(raw);
    if (PQresultStatus(raw) == PGRES_PIPELINE_SYNC) --forgotten_;
  }
}

void Connection::begin_sending() { require(PQflush(connection_) >= 0); }

void Connection::finish() {
  if (is_broken_) throw_lost();
  const bool commits = std::exchange(commits_with_next_, false);
  if (commits) queue_again("COMMIT");
  queue_drops();
  is_cancelled_ = false;
  heard_at_ = Time::now();
  failure_ = nullptr;
  is_broken_ = true;  // until all answers were read
  if (PQpipelineSync(connection_) != 1) throw_lost();
  try {
    drain();
    read_until_sync();
  } catch (const Error&) {
    // What failed before the connection was lost is the answer.
    if (const auto failure = std::exchange(failure_, nullptr)) failure();
    throw;
  }
  pending_.clear();
  prepared_.settle();
  prepared_without_parameters_.settle();
  // Its answers are good, but the server lacks names that it had, or still has too many that were to be dropped.
  is_broken_ = has_come_apart_ || dropped_.size() > most_undropped;
  settle_cancellation();
  answered_at_ = Time::now();
  has_finished_ = true;
  has_committed_with_it_ = commits && !failure_;
  if (const auto failure = std::exchange(failure_, nullptr)) failure();
}

void Connection::send_and_forget() noexcept {
  if (is_broken_) return;
  try {
    // What is being prepared here is only known to have been once somebody looked.
    for (const Pending& pending : pending_)
      if (pending.kind == Pending::Kind::prepares) return finish();
    if (PQpipelineSync(connection_) != 1) throw_lost();
    ++forgotten_;
    pending_.clear();
    results_.clear();
    PQflush(connection_);
  } catch (const std::exception&) {
    is_broken_ = true;
  }
}

bool Connection::is_usable() noexcept {
  if (is_broken_ || forks_ != fork_count()) return false;
  if (forgotten_ == 0 && pending_.empty() && Time::now() - answered_at_ < surely_usable) {
    results_.clear();
    commits_with_next_ = has_committed_with_it_ = false;
    return is_idle();
  }
  try {
    pollfd event{PQsocket(connection_), POLLIN, 0};
    if (poll(&event, 1, 0) > 0 && PQconsumeInput(connection_) != 1) is_broken_ = true;
    heard_at_ = Time::now();
    if (!is_broken_) drain();
    results_.clear();
    pending_.clear();
    commits_with_next_ = has_committed_with_it_ = false;
  } catch (const std::exception&) {
    is_broken_ = true;
  }
  return !is_broken_ && PQstatus(connection_) == CONNECTION_OK && is_idle();
}

bool Connection::is_idle() const { return PQtransactionStatus(connection_) == PQTRANS_IDLE; }

}  // namespace struere::postgres
