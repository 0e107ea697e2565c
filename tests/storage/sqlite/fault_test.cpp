// A disk that fails at one call, whichever: whoever asks is told Error{storage} and nothing else; what was acknowledged
// is there, what was not is not; and when the fault goes everything goes on, on the same Database and on the next.
//
// The reference is the memory storage: what the file acknowledged is done to it as well, and they must agree to the
// byte. STRUERE_FAULTS=all fails every call of the workload; otherwise every few of them.
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <sqlite3.h>

#include <cstdlib>

#include "struere/struere.hpp"
#include "support/fault_workload.hpp"
#include "support/faulty_disk.hpp"
#include "support/manual_clock.hpp"
#include "support/raw_database.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// One file on one disk, and what it must be like.
class Trial {
 public:
  Trial() : steps_(workload()) {
    const FaultyDisk quick;  // syncs nothing
    const Database database = Database::open(folder_.file("seed.db"), options(ids_));
    ids_.begin(0xffff);
    found(database);
  }

  // Everything is done once without a fault: how many calls there are of each kind.
  std::map<DiskCall, std::int64_t> count_calls() {
    const FaultyDisk disk;
    std::map<DiskCall, std::int64_t> out;
    fresh();
    run_all(disk, nullptr);
    for (const DiskCall call : disk_calls) out[call] = disk.calls(call);
    return out;
  }

  // What went wrong, in words; empty, where nothing did. Answers by `struck` whether the fault ever came.
  std::string run(const Fault& fault, bool& struck) {
    FaultyDisk disk;
    fresh();
    disk.fail(fault);
    const std::string problem = run_all(disk, &disk);
    struck = struck_;
    return problem;
  }

 private:
  static constexpr int steps_that_it_lasts = 4;
  static constexpr const char* unknown = "unknown";

  DatabaseOptions options(StepIds& ids) const {
    return {.sqlite = {.durability = Durability::full, .busy_timeout = std::chrono::milliseconds(0)},
            .record_denials = DenialRecording::each,  // when sums are written depends on time
            .clock = &clock_,
            .ids = &ids};
  }

  void fresh() {
    for (const char* const end : {"", "-wal", "-shm", "-journal"}) {
      std::filesystem::remove(file() + end);
      std::filesystem::remove(file("crash.db") + end);
    }
    std::filesystem::copy_file(file("seed.db"), file());
    done_.clear();
    struck_ = false;
  }
  std::string file(const std::string& name = "test.db") const { return folder_.file(name); }

  // What another process does now and then: it moves the log into the file, so that both are written and cut.
  void checkpoint() const {
    sqlite3* handle = nullptr;
    if (sqlite3_open_v2(file().c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK)
      sqlite3_exec(handle, "PRAGMA wal_checkpoint(TRUNCATE)", nullptr, nullptr, nullptr);
    sqlite3_close(handle);
  }

  // The memory storage after these steps.
  std::string reference(const std::vector<std::size_t>& done, std::vector<std::string>* answers = nullptr) {
    StepIds ids;
    const Database memory = Database::in_memory(options(ids));
    ids.begin(0xffff);
    found(memory);
    for (const std::size_t i : done) {
      bool storage = false, unrecorded = false;
      ids.begin(static_cast<int>(i));
      const std::string answer = answer_of_step(steps_[i], memory, storage, unrecorded);
      if (answers) answers->push_back(answer);
    }
    return everything(memory);
  }

  std::string run_all(const FaultyDisk& counting, FaultyDisk* disk) {
    std::optional<Database> database;
    std::vector<std::string> answers;    // of the steps in done_
    std::optional<std::string> crashed;  // what the file held right after the first failure
    std::optional<std::size_t> failed;   // the last step that was not acknowledged
    int failing_steps = 0;
    const auto notice = [&] {
      if (counting.failures() > 0) struck_ = true;
    };
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (disk && struck_ && ++failing_steps > steps_that_it_lasts) disk->heal();
      if (i % 6 == 5) checkpoint();
      if (i == 9) {
        database.reset();  // the last to close it moves the log into the file and removes it
        notice();
        if (disk && struck_) {
          disk->heal();
          database = Database::open(file(), options(ids_));
          if (const std::string problem = settle(*database, failed, answers); !problem.empty()) return problem;
        }
      }
      bool storage = false, unrecorded = false;
      std::string answer;
      ids_.begin(static_cast<int>(i));
      try {
        if (!database) database = Database::open(file(), options(ids_));
        answer = answer_of_step(steps_[i], *database, storage, unrecorded);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::storage) return fmt::format("opening: {}", error.what());
        storage = true;
      }
      notice();
      if (storage && !struck_) return fmt::format("step {} failed without a fault: {}", i, answer);
      if (storage || unrecorded) {
        if (disk && !crashed) {
          // As if the process had died here. The copy has what reached the disk.
          crashed = "taken";
          std::filesystem::copy_file(file(), file("crash.db"));
          if (std::filesystem::exists(file() + "-wal"))
            std::filesystem::copy_file(file() + "-wal", file("crash.db-wal"));
          crash_done_ = done_;
          crash_step_ = i;
        }
      }
      if (storage) failed = i;
      if (storage) continue;
      if (unrecorded) {
        std::vector<std::size_t> with = done_;
        with.push_back(i);
        std::vector<std::string> expected;
        reference(with, &expected);
        if (expected.back() != answer)
          return fmt::format("step {} answers {}\nrather than {}", i, answer, expected.back());
        continue;
      }
      done_.push_back(i);
      answers.push_back(answer);
    }
    if (!disk) return {};
    disk->heal();
    std::vector<std::string> expected;
    const std::string state = reference(done_, &expected);
    for (std::size_t k = 0; k < expected.size(); ++k)
      if (answers[k] != unknown && answers[k] != expected[k])
        return fmt::format("step {} answers {}\nrather than {}", done_[k], answers[k], expected[k]);
    if (!database) return "it was never opened";
    if (const std::string found = everything(*database); found != state)
      return fmt::format("the same Database shows\n{}\nrather than\n{}", found, state);
    ids_.begin(1000);
    system_of(*database).entities("note").create({{"title", "afterwards"}});
    if (!system_of(*database).events().verify().ok) return "the chain broke afterwards";
    database.reset();
    const Database again = Database::open(file(), options(ids_));
    if (system_of(again).entities("note").count({.search = "afterwards"}) != 1) return "the write afterwards is lost";
    if (RawDatabase(file()).value("PRAGMA integrity_check") != "ok") return "the file is damaged";
    if (!crashed) return {};
    return after_death();
  }

  // Where the sync of a commit fails, whether the commit is on the disk is known to nobody until the file is opened
  // again: the write is there whole, or not at all.
  std::string settle(const Database& database, const std::optional<std::size_t>& failed,
                     std::vector<std::string>& answers) {
    const std::string found = everything(database);
    if (found == reference(done_)) return {};
    if (!failed) return "what was acknowledged is not there";
    done_.push_back(*failed);
    answers.push_back(unknown);
    return found == reference(done_) ? std::string()
                                     : fmt::format("after step {} and a new start there is\n{}", *failed, found);
  }

  // What was acknowledged is there; the write that failed is there whole, or not at all.
  std::string after_death() {
    const Database survivor = Database::open(file("crash.db"), options(ids_));
    const std::string found = everything(survivor);
    if (found == reference(crash_done_)) return {};
    crash_done_.push_back(crash_step_);
    const std::string whole = reference(crash_done_);
    return found == whole
               ? std::string()
               : fmt::format("after a death in step {} there is\n{}\nrather than\n{}", crash_step_, found, whole);
  }

  TemporaryFolder folder_;
  ManualClock clock_;
  mutable StepIds ids_;
  std::vector<Step> steps_;
  std::vector<std::size_t> done_, crash_done_;
  std::size_t crash_step_ = 0;
  bool struck_ = false;
};

// The ways in which a call fails on real disks.
std::vector<Fault> faults_of(DiskCall call) {
  switch (call) {
    case DiskCall::open: return {{call, 0, SQLITE_CANTOPEN}};
    case DiskCall::read: return {{call, 0, SQLITE_IOERR_READ}};
    case DiskCall::write:
      return {{call, 0, SQLITE_IOERR_WRITE},
              {call, 0, SQLITE_FULL},
              {call, 0, SQLITE_FULL, false, true},
              {call, 0, SQLITE_IOERR_WRITE, false, true}};
    case DiskCall::sync: return {{call, 0, SQLITE_IOERR_FSYNC}};
    case DiskCall::truncate: return {{call, 0, SQLITE_IOERR_TRUNCATE}};
    case DiskCall::size: return {{call, 0, SQLITE_IOERR_FSTAT}};
    case DiskCall::lock: return {{call, 0, SQLITE_IOERR_LOCK}};
    case DiskCall::share: return {{call, 0, SQLITE_IOERR_SHMMAP}, {call, 0, SQLITE_FULL}};
    case DiskCall::share_lock: return {{call, 0, SQLITE_IOERR_SHMLOCK}, {call, 0, SQLITE_BUSY}};
    case DiskCall::remove: return {{call, 0, SQLITE_IOERR_DELETE}};
  }
  return {};
}

#ifdef __SANITIZE_ADDRESS__
constexpr std::int64_t faults_of_a_kind = 2;  // each takes several times as long
#else
constexpr std::int64_t faults_of_a_kind = 12;
#endif

// Every call in the long form; otherwise so many of each kind, spread over all of them.
std::int64_t stride(std::int64_t calls) {
  const char* const which = std::getenv("STRUERE_FAULTS");
  if (which && std::string_view(which) == "all") return 1;
  return std::max<std::int64_t>(1, calls / faults_of_a_kind);
}

}  // namespace

TEST_CASE("a disk that fails at any one call, once or for a while, loses nothing and breaks nothing",
          "[sqlite][fault]") {
  Trial trial;
  const auto calls = trial.count_calls();
  std::int64_t injected = 0;
  std::string report;
  for (const DiskCall call : disk_calls) {
    std::int64_t of_kind = 0;
    for (Fault fault : faults_of(call))
      for (const bool stays : {false, true}) {
        // A lock that is held for ever is waited for, ten seconds each time: locked_test.cpp has it.
        if (stays && fault.code == SQLITE_BUSY) continue;
        for (fault.at = 1; fault.at <= calls.at(call); fault.at += stride(calls.at(call))) {
          fault.stays = stays;
          bool struck = false;
          std::string problem;
          try {
            problem = trial.run(fault, struck);
          } catch (const std::exception& error) {
            problem = std::string("thrown: ") + error.what();
          }
          of_kind += struck ? 1 : 0;
          INFO(to_string(call) << " " << fault.at << " of " << calls.at(call) << " fails with " << fault.code
                               << (stays ? ", and those after it" : "") << (fault.in_part ? ", in part" : "") << "\n"
                               << problem);
          CHECK(problem.empty());
        }
      }
    injected += of_kind;
    report += fmt::format("{} {} of {} calls; ", to_string(call), of_kind, calls.at(call));
  }
  UNSCOPED_INFO(report);
  if (stride(1000) == 1) WARN(fmt::format("{} faults injected: {}", injected, report));
  CHECK(calls.at(DiskCall::sync) > 10);
  CHECK(calls.at(DiskCall::remove) > 0);
  CHECK(injected > std::min<std::int64_t>(100, faults_of_a_kind * 25));
}

TEST_CASE("a disk that says it wrote and did not is noticed by this test", "[sqlite][fault]") {
  Trial trial;
  const std::int64_t writes = trial.count_calls().at(DiskCall::write);
  int noticed = 0;
  for (std::int64_t at = 1; at <= writes; at += 10) {
    bool struck = false;
    try {
      noticed +=
          trial.run({.call = DiskCall::write, .at = at, .code = SQLITE_OK, .stays = true}, struck).empty() ? 0 : 1;
    } catch (const Error&) {
      ++noticed;
    }
  }
  CHECK(noticed > 10);
}

TEST_CASE("a file that could not be made is made by the next who tries", "[sqlite][fault]") {
  const TemporaryFolder folder;
  std::map<DiskCall, std::int64_t> calls;
  {
    const FaultyDisk disk;
    found(Database::open(folder.file("whole.db")));
    for (const DiskCall call : disk_calls) calls[call] = disk.calls(call);
  }
  int number = 0, refused = 0;
  for (const DiskCall call : disk_calls)
    for (Fault fault : faults_of(call))
      for (fault.at = 1; fault.at <= calls.at(call); fault.at += stride(calls.at(call))) {
        FaultyDisk disk;
        const std::string path = folder.file(fmt::format("{}.db", ++number));
        INFO(to_string(call) << " " << fault.at << " of " << calls.at(call) << " fails with " << fault.code);
        disk.fail(fault);
        const auto failure = error_code_of([&] { found(Database::open(path)); });
        disk.heal();
        if (failure) CHECK(*failure == ErrorCode::storage);
        refused += failure ? 1 : 0;
        // Which of the steps were done is told by what is there; all of them can be done again, or need not be.
        const Database database = Database::open(path);
        const TrustedHost host = database.trusted_host();
        if (host.organizations().empty()) host.create_organization("Acme", test::acme);
        const Session system = system_of(database);
        (void)error_code_of([&] { host.create_user("Ana", UserId("ana")); });
        host.put_member(test::acme, UserId("ana"));
        system.entity_types().define({{"slug", "note"}, {"searchFields", {"title"}}});
        system.roles().define(teacher_role("allow"));
        system.roles().assign(UserId("ana"), "teacher");
        const EntityId id = system.entities("note").create({{"title", "x"}, {"owner", "ana"}}).id;
        CHECK(ana_of(database).entities("note").get(id).version() == 1);
        CHECK(system.events().verify().ok);
      }
  CHECK(refused > 5 * faults_of_a_kind);
}
