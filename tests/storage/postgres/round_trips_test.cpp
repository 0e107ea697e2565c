// What goes to the server along with other statements, so that an operation takes few round trips.
#include <catch2/catch.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json keyed_note_type(bool has_key) {
  return {{"slug", "note"},
          {"schema",
           {{"type", "object"},
            {"properties", {{"n", {{"type", "integer"}, {"x-index", has_key}}}, {"text", {{"type", "string"}}}}}}}};
}

struct CountedNotes {
  CountedNotes() {
    database.trusted_host().create_organization("acme", OrganizationId("acme"));
    session(database).entity_types().define(keyed_note_type(true));
    for (int i = 0; i < 40; ++i) ids.push_back(notes().create({{"n", i % 4}, {"text", "some text"}}).id);
  }
  static Session session(const Database& of) {
    return of.trusted_host().system_session(OrganizationId("acme"), Environment::production);
  }
  EntityRepository notes() const { return session(database).entities("note"); }

  // What the application's connections were sent last, the latest first, and what state that left each in.
  std::vector<std::string> states() {
    std::vector<std::string> out;
    for (const auto& row : raw.rows("SELECT state || ': ' || query FROM pg_stat_activity WHERE datname = '" +
                                    server.name() + "' AND usename = 'struere_application' ORDER BY query_start DESC"))
      out.push_back(row.at(0));
    return out;
  }
  // Waits until the server has noted the state of whatever it has answered.
  template <class Check>
  bool soon(Check&& check) {
    for (int tries = 0; tries < 1000; ++tries) {
      if (check(states())) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  PostgresDatabase server;
  RawPostgres raw{server.superuser()};
  Database database = Database::open(server.application());
  std::vector<EntityId> ids;
};

Query by_n(int n, std::int64_t limit = 50) { return {.where = field("data.n") == n, .limit = limit}; }

}  // namespace

TEST_CASE("a read of one statement ends its transaction along with it", "[postgres]") {
  CountedNotes world;
  const auto has_committed = [&] {
    return world.soon([](const std::vector<std::string>& states) { return states.at(0) == "idle: COMMIT"; });
  };
  const auto has_rolled_back = [&] {  // so that the next one is told from it
    CHECK_FALSE(world.notes().list({.where = field("data.text") == "another"}).size());
    return world.soon([](const std::vector<std::string>& states) { return states.at(0) == "idle: ROLLBACK"; });
  };
  CHECK(has_rolled_back());
  CHECK(world.notes().get(world.ids[3]).data().at("n") == 3);
  CHECK(has_committed());
  CHECK(has_rolled_back());
  CHECK(world.notes().list({.limit = 10}).size() == 10);
  CHECK(has_committed());
  CHECK(has_rolled_back());
  CHECK(world.notes().list(by_n(1, 3)).size() == 3);
  CHECK(has_committed());
  CHECK(has_rolled_back());
  CHECK(world.notes().count(by_n(1)) == 10);
  CHECK(has_committed());
}

TEST_CASE("no read leaves a transaction open, however many statements it takes", "[postgres]") {
  CountedNotes world;
  const auto no_transaction = [&] {
    return world.soon([](const std::vector<std::string>& states) {
      return std::ranges::all_of(states, [](const std::string& state) { return state.starts_with("idle: "); });
    });
  };
  CHECK(world.notes().list({.where = field("data.text") == "some text", .limit = 30}).size() == 30);
  CHECK(no_transaction());
  CHECK_FALSE(world.notes().find(EntityId("none")));
  CHECK(no_transaction());
  CHECK_THROWS(world.notes().list({.limit = -1}));
  CHECK(no_transaction());
}

TEST_CASE("pages by a cursor are the whole list, of any size", "[postgres]") {
  CountedNotes world;
  std::vector<std::string> all;
  for (const Entity& note : world.notes().list({.limit = 1000})) all.push_back(note.id().str());
  CHECK(all.size() == 40);
  for (const std::int64_t limit : {1, 7, 16, 17, 39, 40, 41, 300}) {
    INFO(limit);
    std::vector<std::string> seen;
    Query query{.limit = limit};
    for (;;) {
      const EntityPage page = world.notes().list(query);
      for (const Entity& note : page) seen.push_back(note.id().str());
      if (!page.next()) break;
      CHECK(static_cast<std::int64_t>(page.size()) == limit);
      query.after = page.next();
    }
    CHECK(seen == all);
  }
}

TEST_CASE("a reader who knows old field keys reads once more by the new ones", "[postgres]") {
  CountedNotes world;
  const Database other = Database::open(world.server.application());
  for (const bool has_key : {false, true, false, true}) {
    CHECK(world.notes().list(by_n(2)).size() == 10);
    CHECK(world.notes().count(by_n(2)) == 10);
    CountedNotes::session(other).entity_types().define(keyed_note_type(has_key));
    const EntityId added = CountedNotes::session(other).entities("note").create({{"n", 2}, {"text", "added"}}).id;
    CHECK(world.notes().list(by_n(2)).size() == 11);
    CHECK(world.notes().count(by_n(2)) == 11);
    CountedNotes::session(other).entities("note").remove(added);
  }
}

TEST_CASE("of writers of one row, each sees what the one before has left", "[postgres]") {
  CountedNotes world;
  constexpr int writers = 4, writes = 25;
  std::vector<std::vector<std::int64_t>> seen(writers);
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer)
    threads.emplace_back([&, writer] {
      for (int i = 0; i < writes; ++i)
        seen[static_cast<std::size_t>(writer)].push_back(
            world.notes().update(world.ids[0], {{"n", writer}}).row->version());
    });
  for (std::thread& thread : threads) thread.join();
  std::set<std::int64_t> versions;
  for (const auto& own : seen) versions.insert(own.begin(), own.end());
  CHECK(versions.size() == writers * writes);
  CHECK(world.notes().get(world.ids[0]).version() == writers * writes + 1);
  CHECK(CountedNotes::session(world.database).events().verify().ok);
}

namespace {

// Stands between client and server and counts two kinds of messages of clients: Sync, which waits for its answer, and
// Execute, of which there is one for each statement.
class SyncCounter {
 public:
  explicit SyncCounter(std::string socket_of_server) : server_(std::move(socket_of_server)) {
    listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
    const sockaddr_un own = address(folder_.path() / ".s.PGSQL.5432");
    REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0);
    REQUIRE(listen(listener_, 8) == 0);
    acceptor_ = std::thread([this] {
      for (int client = 0; (client = accept(listener_, nullptr, nullptr)) >= 0;)
        threads_.emplace_back([this, client] { relay(client); });
    });
  }
  ~SyncCounter() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
  }
  SyncCounter(const SyncCounter&) = delete;
  SyncCounter& operator=(const SyncCounter&) = delete;

  std::string host() const { return folder_.path(); }
  int count() const { return syncs_; }
  int statements() const { return statements_; }

 private:
  static sockaddr_un address(const std::string& path) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof out.sun_path);
    std::ranges::copy(path, out.sun_path);
    return out;
  }

  struct Stream {
    std::string pending;
    bool is_started = false;
  };

  // Until one of them has closed its end. The client closes it when its database is destroyed.
  void relay(int client) {
    Stream stream;
    const int server = socket(AF_UNIX, SOCK_STREAM, 0);
    const sockaddr_un there = address(server_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0)
      for (bool is_open = true; is_open;) {
        std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {server, POLLIN, 0}}};
        poll(ends.data(), ends.size(), -1);
        for (int from = 0; from < 2 && is_open; ++from)
          if (ends[static_cast<std::size_t>(from)].revents != 0)
            is_open = from == 0 ? pass(client, server, &stream) : pass(server, client, nullptr);
      }
    close(server);
    close(client);
  }
  bool pass(int from, int to, Stream* counted) {
    std::array<char, 16384> bytes{};
    const ssize_t size = read(from, bytes.data(), bytes.size());
    if (size <= 0) return false;
    if (counted) count_in(*counted, std::string_view(bytes.data(), static_cast<std::size_t>(size)));
    for (ssize_t sent = 0; sent < size;) {
      const ssize_t more = send(to, bytes.data() + sent, static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
      if (more <= 0) return false;
      sent += more;
    }
    return true;
  }
  // A message is a type, a length that includes its own four bytes, and the rest; the first one has no type.
  void count_in(Stream& stream, std::string_view bytes) {
    stream.pending += bytes;
    for (;;) {
      const std::size_t type = stream.is_started ? 1 : 0;
      if (stream.pending.size() < type + 4) return;
      std::size_t length = 0;
      for (std::size_t i = 0; i < 4; ++i) length = length << 8U | static_cast<unsigned char>(stream.pending[type + i]);
      if (stream.pending.size() < type + length) return;
      if (stream.is_started && stream.pending[0] == 'S') ++syncs_;
      if (stream.is_started && stream.pending[0] == 'E') ++statements_;
      stream.is_started = true;
      stream.pending.erase(0, type + length);
    }
  }

  std::string server_;
  TemporaryFolder folder_;
  int listener_ = -1;
  std::atomic<int> syncs_ = 0, statements_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

std::string host_of(const std::string& url) {
  const std::size_t begin = url.find("host=") + 5;
  std::string out;
  for (std::size_t i = begin; i < url.size() && url[i] != '&'; ++i) {
    if (url[i] == '%') {
      out += static_cast<char>(std::stoi(url.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += url[i];
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a write of one row takes two round trips, with unique keys as well", "[postgres]") {
  const PostgresDatabase server;
  const std::string url = server.application(), folder = host_of(url);
  if (!folder.starts_with('/')) return;  // the counter knows Unix sockets alone
  SyncCounter counter(folder + "/.s.PGSQL.5432");
  const Database database = Database::open(url.substr(0, url.find("host=")) + "host=" + counter.host());
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = CountedNotes::session(database);
  system.entity_types().define(
      {{"slug", "pupil"}, {"unique", Json::array({Json::array({"email"}), Json::array({"school", "number"})})}});
  const EntityRepository pupils = system.entities("pupil");
  const auto pupil = [](int i) { return Json{{"email", i}, {"school", "a"}, {"number", i}}; };
  const EntityId first = pupils.create(pupil(0)).id;  // after this one the keys are known
  const auto trips = [&](auto&& write) {
    const int before = counter.count();
    write();
    return counter.count() - before;
  };
  EntityId second;
  CHECK(trips([&] { second = pupils.create(pupil(1)).id; }) == 2);
  CHECK(trips([&] { pupils.update(second, {{"note", "the keys stay"}}); }) == 2);
  CHECK(trips([&] { pupils.update(second, {{"email", 7}}); }) == 3);
  CHECK(trips([&] { CHECK(pupils.upsert({"email"}, pupil(2)).created); }) == 2);
  CHECK(trips([&] { CHECK_FALSE(pupils.upsert({"email"}, pupil(0)).created); }) == 3);
  CHECK(trips([&] { CHECK(pupils.get(first).version() == 2); }) == 1);

  // What the other process has taken or freed meanwhile is seen.
  const Database other = Database::open(url);
  const EntityRepository others = CountedNotes::session(other).entities("pupil");
  const EntityId third = others.create(pupil(3)).id;
  CHECK_ERROR(conflict, pupils.create(pupil(3)));
  others.remove(third);
  CHECK_NOTHROW(pupils.create(pupil(3)));
  CHECK_ERROR(conflict, others.create(pupil(3)));
  CHECK_ERROR(conflict, pupils.update(second, {{"number", 3}}));
  // So are other keys.
  CountedNotes::session(other).entity_types().define(
      {{"slug", "pupil"}, {"unique", Json::array({Json::array({"room"})})}});
  CHECK_NOTHROW(pupils.create({{"email", 3}, {"room", 1}}));
  CHECK_ERROR(conflict, pupils.create({{"room", 1}}));
}

TEST_CASE("a read brings the generation along, whether or not there is a row", "[postgres]") {
  const PostgresDatabase server;
  const std::string url = server.application(), folder = host_of(url);
  if (!folder.starts_with('/')) return;  // the counter knows Unix sockets alone
  SyncCounter counter(folder + "/.s.PGSQL.5432");
  const Database database = Database::open(url.substr(0, url.find("host=")) + "host=" + counter.host());
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = CountedNotes::session(database);
  system.entity_types().define(keyed_note_type(true));
  const EntityRepository notes = system.entities("note");
  const EntityId first = notes.create({{"n", 1}, {"text", "some text"}}).id;
  const std::string secret = system.api_keys().create({.name = "a key"}).secret;
  const auto read_all = [&] {
    CHECK(notes.get(first).version() == 1);
    CHECK_FALSE(notes.find(EntityId("none")));
    CHECK(notes.count(by_n(1)) == 1);
    CHECK(notes.count(by_n(2)) == 0);
    CHECK(notes.list(by_n(1)).size() == 1);
    CHECK(notes.list(by_n(2)).empty());
    CHECK(notes.list({.limit = 10}).size() == 1);
    CHECK(database.authenticate(secret).actor().scope().organization() == OrganizationId("acme"));
  };
  read_all();  // what this process does not know yet is asked once
  RawPostgres raw(server.superuser());
  for (int tries = 0; raw.value("SELECT last_used_at FROM struere.api_keys") == "NULL"; ++tries) {
    REQUIRE(tries < 1000);  // the first use of a key is written in the background
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const int syncs = counter.count(), statements = counter.statements();
  read_all();
  CHECK(counter.count() - syncs == 8);
  CHECK(counter.statements() - statements == 8 * 4);  // BEGIN, the scope, the statement, COMMIT

  // So a reader is still told when another process has changed the rules.
  const Database other = Database::open(url);
  CountedNotes::session(other).api_keys().create({.name = "another key"});
  CountedNotes::session(other).entity_types().define(keyed_note_type(false));
  read_all();
}

TEST_CASE("rows that are written together are looked for together", "[postgres][large]") {
  const PostgresDatabase server;
  const std::string url = server.application(), folder = host_of(url);
  if (!folder.starts_with('/')) return;  // the counter knows Unix sockets alone
  SyncCounter counter(folder + "/.s.PGSQL.5432");
  const Database database = Database::open(url.substr(0, url.find("host=")) + "host=" + counter.host());
  database.trusted_host().create_organization("acme", OrganizationId("acme"));
  const Session system = CountedNotes::session(database);
  system.entity_types().define({{"slug", "project"}});
  system.entity_types().define(
      {{"slug", "task"},
       {"schema", {{"type", "object"}, {"properties", {{"in", {{"type", "string"}, {"references", "project"}}}}}}}});
  const EntityRepository tasks = system.entities("task"), projects = system.entities("project");
  std::vector<EntityId> of;
  for (int i = 0; i < 300; ++i) of.push_back(projects.create({{"n", i}}).id);
  std::vector<Json> rows;
  std::vector<ImportedRow> imported(600);
  for (std::size_t i = 0; i < imported.size(); ++i) {
    rows.push_back({{"in", of[i % of.size()].str()}});
    imported[i].data = rows.back();
    imported[i].options.id = EntityId("imported-" + std::to_string(i));
  }
  const auto trips = [&](auto&& write) {
    const int before = counter.count();
    write();
    return counter.count() - before;
  };
  std::vector<EntityId> ids;
  CHECK(trips([&] { ids = tasks.create_all(rows); }) < 30);
  CHECK(trips([&] { tasks.import_all(imported); }) < 30);
  CHECK(trips([&] { tasks.update_all(ids, {{"in", of.back().str()}, {"done", true}}); }) < 30);
  CHECK(tasks.count({.where = field("data.in") == of.back().str()}) == 602);
  CHECK(trips([&] { tasks.remove_all(ids); }) < 30);
  CHECK(tasks.count() == 600);

  // What the same write has changed is not what was looked for.
  CHECK_ERROR(not_found, tasks.remove_all({EntityId("imported-1"), EntityId("imported-2"), EntityId("imported-1")}));
  tasks.update_all({EntityId("imported-3"), EntityId("imported-4"), EntityId("imported-3")}, {{"done", true}});
  CHECK(tasks.get(EntityId("imported-3")).version() == 3);
  imported.resize(2);
  imported[0].options.id = imported[1].options.id = EntityId("twice");
  CHECK_ERROR(conflict, tasks.import_all(imported));
  imported[1].options.id = EntityId("imported-5");
  CHECK_ERROR(conflict, tasks.import_all(imported));
  imported[0].options.id = EntityId("other");
  imported[1].options.id = EntityId("another");
  imported[0].data = imported[1].data = {{"in", "none"}};
  CHECK_ERROR(invalid_reference, tasks.import_all(imported));
  // More than is read at once, and rows that refer to others of the same import.
  const std::string text(900'000, 'x');
  std::vector<EntityId> large;
  for (int i = 0; i < 12; ++i) large.push_back(projects.create({{"text", text}}).id);
  projects.update_all(large, {{"n", 1}});
  for (const EntityId& id : large) CHECK(projects.get(id).data().at("text") == text);
  system.entity_types().define(
      {{"slug", "step"},
       {"schema", {{"type", "object"}, {"properties", {{"after", {{"type", "string"}, {"references", "step"}}}}}}}});
  std::vector<ImportedRow> steps(3);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    steps[i].options.id = EntityId("step-" + std::to_string(i));
    steps[i].data = {{"after", "step-" + std::to_string((i + 1) % steps.size())}};
  }
  CHECK_NOTHROW(system.entities("step").import_all(steps));
  CHECK(system.events().verify().ok);
}
