#include "contention.hpp"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "conformance/scenario_storage.hpp"
#include "random.hpp"
#include "struere/core/error.hpp"

namespace struere::proof {
namespace {

using Time = std::chrono::steady_clock;

constexpr std::size_t rows = 5;
constexpr std::array<const char*, rows> names{"a", "b", "c", "d", "e"};

// The highest version of each row that any thread has seen, in memory that all processes share.
using Floors = std::array<std::atomic<std::int64_t>, rows>;
static_assert(std::atomic<std::int64_t>::is_always_lock_free);  // an atomic with a lock cannot be shared by processes

struct Acknowledged {
  std::size_t row;
  std::int64_t version;
  bool increments;
};

struct Account {
  std::vector<Acknowledged> acknowledged;
  std::int64_t reads = 0, stale = 0;
  std::vector<std::int64_t> read_times;  // microseconds
  std::set<std::string> faults;

  void add(Account other) {
    acknowledged.insert(acknowledged.end(), other.acknowledged.begin(), other.acknowledged.end());
    read_times.insert(read_times.end(), other.read_times.begin(), other.read_times.end());
    reads += other.reads;
    stale += other.stale;
    faults.merge(other.faults);
  }
};

Session system_of(const Database& database) {
  return database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
}

void raise(std::atomic<std::int64_t>& floor, std::int64_t version) {
  for (std::int64_t seen = floor; seen < version && !floor.compare_exchange_weak(seen, version);) {
  }
}

// The work of one thread until the end.
class Contender {
 public:
  Contender(const Database& database, const std::vector<EntityId>& ids, Floors& floors, std::uint64_t seed)
      : counters_(system_of(database).entities("counter")), ids_(ids), floors_(floors), random_(seed) {}

  Account run(Time::time_point end) {
    while (Time::now() < end) {
      const auto row = static_cast<std::size_t>(random_.below(static_cast<int>(rows)));
      try {
        switch (random_.below(4)) {
          case 0: increment(row); break;
          case 1: mark(row); break;
          case 2: read_all(); break;
          default: read(row);
        }
      } catch (const Error& error) {
        if (error.code() == ErrorCode::conflict)
          ++account_.stale;
        else
          account_.faults.insert(std::string(to_string(error.code())) + ": " + error.what());
      }
    }
    return std::move(account_);
  }

 private:
  Entity read(std::size_t row) {
    const std::int64_t floor = floors_[row];
    const auto begin = Time::now();
    Entity entity = counters_.get(ids_[row]);
    saw(row, floor, entity.version(), begin);
    return entity;
  }

  void read_all() {
    std::array<std::int64_t, rows> floors;
    for (std::size_t row = 0; row < rows; ++row) floors[row] = floors_[row];
    const auto begin = Time::now();
    const EntityPage page = counters_.list();
    if (page.size() != rows) account_.faults.insert("a list lacks rows");
    for (const Entity& entity : page) {
      const auto row = static_cast<std::size_t>(std::find(ids_.begin(), ids_.end(), entity.id()) - ids_.begin());
      saw(row, floors.at(row), entity.version(), begin);
    }
  }

  void saw(std::size_t row, std::int64_t floor, std::int64_t version, Time::time_point begin) {
    ++account_.reads;
    account_.read_times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Time::now() - begin).count());
    if (version < floor) account_.faults.insert("a read saw less than what was acknowledged before it began");
    raise(floors_[row], version);
  }

  void increment(std::size_t row) {
    const Entity entity = read(row);
    const Written written = counters_.update(ids_[row], Json{{"n", entity.data().at("n").get<std::int64_t>() + 1}},
                                             {.version = entity.version()});
    acknowledge(row, written, true);
    if (written.row && written.row->version() != entity.version() + 1)
      account_.faults.insert("an update of a version did not make the next one");
  }

  void mark(std::size_t row) {
    acknowledge(row, counters_.update(ids_[row], Json{{"mark", random_.below(1000)}}), false);
  }

  void acknowledge(std::size_t row, const Written& written, bool increments) {
    if (!written.row) return void(account_.faults.insert("a write was answered without its row"));
    raise(floors_[row], written.row->version());
    account_.acknowledged.push_back({row, written.row->version(), increments});
  }

  EntityRepository counters_;
  const std::vector<EntityId>& ids_;
  Floors& floors_;
  Random random_;
  Account account_;
};

// Runs the threads of one process, on a database of its own.
Account contend(const conformance::ScenarioStorage& storage, const std::vector<EntityId>& ids, Floors& floors,
                const ContentionOptions& options, int process) {
  const Database database = storage.open({});
  const auto end = Time::now() + options.time;
  Account account;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int i = 0; i < options.threads; ++i)
    threads.emplace_back([&, seed = static_cast<std::uint64_t>(process * 1000 + i)] {
      Account own = Contender(database, ids, floors, seed).run(end);
      const std::lock_guard lock(mutex);
      account.add(std::move(own));
    });
  for (std::thread& thread : threads) thread.join();
  return account;
}

// Passes the account of one process to another through a file, which is deleted with its directory.
void write_account(const std::string& path, const Account& account) {
  Json out{
      {"reads", account.reads}, {"stale", account.stale}, {"times", account.read_times}, {"faults", account.faults}};
  out["acknowledged"] = Json::array();
  for (const Acknowledged& each : account.acknowledged)
    out["acknowledged"].push_back({each.row, each.version, each.increments});
  std::ofstream(path) << out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Account read_account(const std::string& path) {
  std::ifstream input(path);
  if (!input) throw std::runtime_error("a process said nothing");
  const Json in = Json::parse(input);
  Account account;
  account.reads = in.at("reads");
  account.stale = in.at("stale");
  in.at("times").get_to(account.read_times);
  in.at("faults").get_to(account.faults);
  for (const Json& each : in.at("acknowledged")) account.acknowledged.push_back({each[0], each[1], each[2]});
  return account;
}

Floors& shared_floors() {
  void* const memory = mmap(nullptr, sizeof(Floors), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "no shared memory");
  return *new (memory) Floors{};
}

std::vector<EntityId> make_rows(const conformance::ScenarioStorage& storage) {
  const Database database = storage.open({});
  database.trusted_host().create_organization("Acme", OrganizationId("acme"));
  const Session system = system_of(database);
  system.entity_types().define(Json{{"slug", "counter"}});
  std::vector<EntityId> ids;
  for (const char* name : names) ids.push_back(system.entities("counter").create(Json{{"name", name}, {"n", 0}}).id);
  return ids;
}

void check_rows(const conformance::ScenarioStorage& storage, const std::vector<EntityId>& ids, Account& account) {
  const Database database = storage.open({});
  const Session system = system_of(database);
  const auto fault = [&](std::size_t row, const char* what) {
    account.faults.insert(std::string(names[row]) + ": " + what);
  };
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<std::int64_t> versions;
    std::int64_t increments = 0;
    for (const Acknowledged& each : account.acknowledged) {
      if (each.row != row) continue;
      versions.push_back(each.version);
      increments += each.increments ? 1 : 0;
    }
    std::sort(versions.begin(), versions.end());
    const Entity stored = system.entities("counter").get(ids[row]);
    for (std::size_t i = 0; i < versions.size(); ++i)
      if (versions[i] != static_cast<std::int64_t>(i) + 2) {
        fault(row, "the acknowledged versions are not all different, from the second on");
        break;
      }
    if (stored.version() != 1 + static_cast<std::int64_t>(versions.size())) fault(row, "the stored version is another");
    if (stored.data().at("n") != increments) fault(row, "an increment was lost, or made twice");
  }
  const Verification verification = system.events().verify();
  if (!verification.ok) account.faults.insert("the log: " + verification.problem);
  const auto events = 1 + static_cast<std::int64_t>(rows + account.acknowledged.size());  // one event for the type
  if (verification.verified != events) account.faults.insert("the log has not one event a write");
}

std::int64_t at_share(std::vector<std::int64_t>& times, double share) {
  if (times.empty()) return 0;
  const auto at = times.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(times.size() - 1));
  std::nth_element(times.begin(), at, times.end());
  return *at;
}

}  // namespace

bool survive_contention(const ContentionOptions& options, std::ostream& out) {
  const conformance::ScenarioStorage files({conformance::StorageChoice::Kind::temporary_file});
  const conformance::ScenarioStorage storage(options.storage);
  const std::vector<EntityId> ids = make_rows(storage);
  Floors& floors = shared_floors();
  // Forks before there is a thread or an open database, because a child must not inherit the state of SQLite.
  std::vector<pid_t> children;
  const auto account_of = [&](int process) { return (files.directory() / std::to_string(process)).string(); };
  for (int process = 0; process < options.processes; ++process) {
    const pid_t child = fork();
    if (child < 0) throw std::system_error(errno, std::generic_category(), "no process");
    if (child == 0) {
      int status = 1;
      try {
        write_account(account_of(process), contend(storage, ids, floors, options, process));
        status = 0;
      } catch (const std::exception& fault) {
        const std::string text = std::string(fault.what()) + "\n";
        if (write(STDERR_FILENO, text.data(), text.size()) < 0) status = 2;
      }
      _exit(status);  // the parent removes the directory
    }
    children.push_back(child);
  }
  Account account;
  for (int process = 0; process < options.processes; ++process) {
    int status = 0;
    waitpid(children[static_cast<std::size_t>(process)], &status, 0);
    if (status == 0)
      account.add(read_account(account_of(process)));
    else
      account.faults.insert("process " + std::to_string(process) + " failed");
  }
  check_rows(storage, ids, account);
  munmap(&floors, sizeof(Floors));
  for (const std::string& fault : account.faults) out << "FAULT " << fault << '\n';
  out << options.processes << " processes of " << options.threads << " threads, " << options.time.count()
      << " s: " << account.acknowledged.size() << " updates acknowledged, " << account.stale << " refused as stale, "
      << account.reads << " rows read, half of them within " << at_share(account.read_times, 0.5) << " us, 99 % within "
      << at_share(account.read_times, 0.99) << " us, all within " << at_share(account.read_times, 1) << " us; "
      << account.faults.size() << " faults\n";
  return account.faults.empty();
}

}  // namespace struere::proof
