// What happens where the server undoes a transaction, or is gone in the middle of one. The faults are raised by
// triggers of the server, so that each comes at a certain statement.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <thread>

#include "storage/postgres/connection.hpp"
#include "struere/storage/postgres.hpp"
#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using test::PostgresDatabase;
using test::RawPostgres;

namespace {

const OrganizationId acme("acme"), globex("globex");

struct Company {
  explicit Company(std::chrono::milliseconds busy_timeout = std::chrono::seconds(5), const std::string& more = "") {
    DatabaseOptions options;
    options.sqlite.busy_timeout = busy_timeout;
    database = std::make_unique<Database>(Database::open(server.application() + more, options));
    for (const OrganizationId& id : {acme, globex}) {
      database->trusted_host().create_organization(id.str(), id);
      session(id).entity_types().define({{"slug", "note"},
                                         {"name", "Note"},
                                         {"schema",
                                          {{"type", "object"},
                                           {"properties", {{"title", {{"type", "string"}, {"x-index", true}}}}},
                                           {"additionalProperties", true}}}});
    }
  }
  Session session(const OrganizationId& id = acme) const {
    return database->trusted_host().system_session(id, Environment::development);
  }
  EntityId create(const std::string& title) const { return session().entities("note").create({{"title", title}}).id; }
  std::int64_t count() const { return session().entities("note").count(); }
  void require_whole_log() const { REQUIRE(session().events().verify().ok); }

  // `fault` is run by the server at each `event` ("INSERT ON struere.events") up to `times` times.
  void break_at(const std::string& event, const std::string& fault, int times, bool at_commit = false) const {
    for (const std::string& sql :
         {std::string("CREATE SEQUENCE public.faults"),
          fmt::format("CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN IF "
                      "nextval('public.faults') <= {} THEN {}; END IF; RETURN NEW; END $$",
                      times, fault),
          at_commit ? fmt::format("CREATE CONSTRAINT TRIGGER fault AFTER {} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW "
                                  "EXECUTE FUNCTION public.fail()",
                                  event)
                    : fmt::format("CREATE TRIGGER fault BEFORE {} FOR EACH ROW EXECUTE FUNCTION public.fail()", event)})
      run(sql);
  }

  // As a superuser, beside the library.
  void run(const std::string& sql) const { RawPostgres(server.superuser()).run(sql); }
  std::int64_t number(const std::string& sql) const { return std::stoll(RawPostgres(server.superuser()).value(sql)); }

  PostgresDatabase server;
  std::unique_ptr<Database> database;
};

std::string raised(const char* state) { return fmt::format("RAISE EXCEPTION 'fault' USING ERRCODE = '{}'", state); }
const std::string cut = "PERFORM pg_terminate_backend(pg_backend_pid())";

template <class Body>
Error caught(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  FAIL("no error was thrown");
  throw std::logic_error("not reached");
}

}  // namespace

TEST_CASE("a write that the server undid is made again, whole and once", "[postgres]") {
  const std::string fault = GENERATE(raised("40001"), raised("40P01"), cut);
  const char* const event = GENERATE("INSERT ON struere.entities", "INSERT ON struere.entity_keys",
                                     "INSERT ON struere.events", "UPDATE ON struere.scope_heads");
  CAPTURE(fault, event);
  const Company company;
  company.create("before");
  company.break_at(event, fault, 2);
  company.create("kept");
  CHECK(company.count() == 2);
  CHECK(company.number("SELECT count(*) FROM struere.events WHERE type = 'note.created'") == 2);
  company.require_whole_log();
}

TEST_CASE("a write that the server goes on undoing fails as transient, and leaves nothing", "[postgres]") {
  const Company company;
  company.break_at("INSERT ON struere.events", raised("40001"), 1'000'000);
  const Error error = caught([&] { company.create("lost"); });
  CHECK(error.code() == ErrorCode::storage);
  CHECK(error.is_transient());
  CHECK(company.count() == 0);
  CHECK(company.number("SELECT last_value FROM public.faults") == 6);  // a bounded number of attempts
}

TEST_CASE("a connection that is lost at the commit leaves it unknown, which is said and not tried again",
          "[postgres]") {
  const Company company;
  company.break_at("INSERT ON struere.entities", cut, 1, true);
  const Error error = caught([&] { company.create("perhaps"); });
  CHECK(error.code() == ErrorCode::storage);
  CHECK_FALSE(error.is_transient());
  CHECK(std::string(error.what()).find("may have been kept") != std::string::npos);
  CHECK(company.count() == 0);
  company.create("after");
  CHECK(company.count() == 1);
  company.require_whole_log();
}

TEST_CASE("a statement that the server cancels by itself is told from a query that was stopped", "[postgres]") {
  const Company company;
  const EntityId kept = company.create("kept");
  company.run("ALTER DATABASE " + company.server.name() + " SET statement_timeout = '300ms'");
  const Database database = Database::open(company.server.application());
  const Session session = database.trusted_host().system_session(acme, Environment::development);
  RawPostgres other(company.server.superuser());
  other.run("SET statement_timeout = 0; BEGIN; LOCK TABLE struere.entities IN ACCESS EXCLUSIVE MODE");
  const Error cancelled = caught([&] { session.entities("note").get(kept); });
  CHECK(cancelled.is_transient());
  CHECK(std::string(cancelled.what()).find("statement_timeout") != std::string::npos);
  Query query;
  query.timeout = std::chrono::milliseconds(50);
  const Error stopped = caught([&] { session.entities("note").list(query); });
  CHECK(stopped.is_transient());
  CHECK(std::string(stopped.what()).find("longer than its timeout") != std::string::npos);
  other.run("ROLLBACK");
  CHECK(session.entities("note").get(kept).version() == 1);
}

TEST_CASE("a transaction whose program is stopped lets go of its locks", "[postgres]") {
  const Company company;
  {
    postgres::Connection connection(postgres::Target::parse(company.server.application()));
    CHECK(connection.run("SHOW idle_in_transaction_session_timeout").bytes(0, 0) == "1min");
  }
  company.run("ALTER DATABASE " + company.server.name() + " SET idle_in_transaction_session_timeout = '300ms'");
  const Database database = Database::open(company.server.application());
  const Session session = database.trusted_host().system_session(acme, Environment::development);
  const Error undone = caught([&] {
    session.transaction([&](const Session& unit) {
      unit.entities("note").create({{"title", "lost"}});
      std::this_thread::sleep_for(std::chrono::milliseconds(800));
      unit.entities("note").create({{"title", "lost as well"}});
    });
  });
  CHECK(undone.is_transient());
  CHECK(std::string(undone.what()).find("waited for its own program") != std::string::npos);
  session.entities("note").create({{"title", "kept"}});
  CHECK(company.count() == 1);
}

TEST_CASE("connections that the server closed meanwhile are replaced without an error", "[postgres]") {
  const Company company;
  company.create("one");
  for (int round = 0; round < 3; ++round) {
    company.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
        "pid <> pg_backend_pid()");
    CHECK(company.count() == 1);
  }
}

TEST_CASE("the body of a transaction is run again where the server undid it", "[postgres][unit]") {
  const std::string fault = GENERATE(raised("40001"), raised("40P01"), cut);
  enum Body { lets_it_pass, hides_it, throws_another };
  const Body body = GENERATE(lets_it_pass, hides_it, throws_another);
  CAPTURE(fault, body);
  const Company company;
  company.break_at("INSERT ON struere.events", fault, 1);
  int runs = 0;
  const std::string title = company.session().transaction([&](Session& unit) {
    ++runs;
    const EntityId one = unit.entities("note").create({{"title", "a"}}).id;
    unit.entities("note").create({{"title", "b"}});
    try {
      return unit.entities("note").get(one).data().at("title").get<std::string>();  // sends what was written
    } catch (const Error&) {
      if (body == lets_it_pass) throw;
      if (body == throws_another) throw std::runtime_error("another");
      return std::string("hidden");
    }
  });
  CHECK(runs == 2);
  CHECK(title == "a");
  CHECK(company.count() == 2);
  company.require_whole_log();
}

TEST_CASE("a transaction that the server goes on undoing fails as transient, and leaves nothing", "[postgres][unit]") {
  const Company company;
  company.break_at("INSERT ON struere.events", raised("40001"), 1'000'000);
  int runs = 0;
  const Error error = caught([&] {
    company.session().transaction([&](Session& unit) {
      ++runs;
      unit.entities("note").create({{"title", "lost"}});
    });
  });
  CHECK(error.code() == ErrorCode::storage);
  CHECK(error.is_transient());
  CHECK(runs == 6);
  CHECK(company.count() == 0);
  company.require_whole_log();
}

TEST_CASE("a writer waits for its own scope only, and no longer than the busy timeout", "[postgres]") {
  const Company company(std::chrono::milliseconds(300));
  company.session().transaction([&](Session& unit) {
    unit.entities("note").create({{"title", "held"}});
    std::thread other([&] { company.session(globex).entities("note").create({{"title", "free"}}); });
    other.join();
    Error refused(ErrorCode::conflict, "");
    std::thread same([&] { refused = caught([&] { company.create("waits"); }); });
    same.join();
    CHECK(refused.code() == ErrorCode::storage);
    CHECK(refused.is_transient());
  });
  CHECK(company.count() == 1);
  CHECK(company.session(globex).entities("note").count() == 1);
}

TEST_CASE("a database of the server is not carried over a fork, and the parent's goes on", "[postgres][fork]") {
  Company company;
  company.create("before");
  const Session session = company.session();
  const pid_t child = fork();
  if (child == 0) {
    const auto is_refused = [](const auto& body) {
      try {
        body();
      } catch (const Error& error) {
        return std::string_view(error.what()).find("fork") != std::string_view::npos;
      }
      return false;
    };
    const bool is_right = is_refused([&] {
                            session.entities("note").create({{"title", "no"}});
                          }) &&
                          is_refused([&] { session.entities("note").list(); }) &&
                          is_refused([&] { company.database->authenticate("sk_dev_x"); });
    company.database.reset();  // ends no session that is the parent's
    int made = 0;
    try {
      Database::open(company.server.application())
          .trusted_host()
          .system_session(acme, Environment::development)
          .entities("note")
          .create({{"title", "of the child"}});
      made = 1;
    } catch (const std::exception&) {
    }
    _exit(is_right && made == 1 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  company.create("after");
  CHECK(company.count() == 3);
  company.require_whole_log();
}

TEST_CASE("a URL that cannot be opened says why, and nothing of its password", "[postgres]") {
  for (const char* const url :
       {"postgresql://somebody:s3cret@/nowhere?host=/nonexistent", "postgresql://a:s3cret@b:s3cret@c/d",
        "postgresql://a:s3cret@b/d?s3cret=1", "postgresql://a:s3cret@b:s3cret/d", "postgres://a:s3cret@[b/d"}) {
    CAPTURE(url);
    const Error error = caught([&] { Database::open(url); });
    CHECK(error.code() == ErrorCode::storage);
    CHECK(std::string(error.what()).find("s3cret") == std::string::npos);
    CHECK(std::string(error.what()).find("\\x") == std::string::npos);  // a line break, escaped
  }
}

TEST_CASE("what names no storage is refused, and made no file of", "[postgres]") {
  for (const char* const url : {"mysql://a/b", "://", "Postgresql://a/b", "sqlite://x"})
    CHECK(caught([&] { Database::open(url); }).code() == ErrorCode::storage);
}

TEST_CASE("nothing is prepared where the URL says so", "[postgres]") {
  const std::string prepare = GENERATE("on", "off");
  const Company company(std::chrono::seconds(5), "&prepare=" + prepare);
  // Told by the session of the library itself.
  company.run("CREATE TABLE public.prepared(statements bigint)");
  company.break_at("INSERT ON struere.events",
                   "INSERT INTO public.prepared SELECT count(*) FROM pg_prepared_statements", 1'000'000);
  const EntityId id = company.create("first");
  const auto notes = company.session().entities("note");
  CHECK(notes.list({.where = field("data.title") == "first"}).size() == 1);
  notes.update(id, {{"title", "second"}, {"more", {1, 2}}});
  CHECK(notes.count({.where = field("data.title") == "second"}) == 1);
  company.session().transaction([&](Session& unit) {
    for (int i = 0; i < 600; ++i) unit.entities("note").create({{"title", "many"}});
  });
  notes.remove(id);
  CHECK(company.count() == 600);
  company.require_whole_log();
  CHECK(company.number("SELECT count(*) FROM public.prepared") > 600);
  CHECK((company.number("SELECT max(statements) FROM public.prepared") > 0) == (prepare == "on"));
}

TEST_CASE("a busy timeout of any length is one that the server takes", "[postgres][faults]") {
  for (const std::chrono::milliseconds timeout :
       {std::chrono::milliseconds::max(), std::chrono::milliseconds(1LL << 32)}) {
    const Company company(timeout);
    company.create("a");
    CHECK(company.session().entities("note").count() == 1);
  }
}
