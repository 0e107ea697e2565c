// The PostgreSQL storage beside libpq by hand (postgres_by_hand.hpp): 100 organizations of the same size, then with one
// that is 100 times as large. Prints medians in microseconds, operations per second, and quotients.
//   scripts/postgres_server build/release/bench/struere_postgres_storage_bench [ROWS of each organization, 2000
//   [PART…]]
// The parts are one (connection), many (connections), scopes and unique (keys); all of them unless some are named.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "postgres/empty_databases.hpp"
#include "postgres_by_hand.hpp"
#include "struere/storage/postgres.hpp"
#include "struere/struere.hpp"

namespace {

using namespace struere;
using bench::ByHand;
using Time = std::chrono::steady_clock;

constexpr int organizations = 100, rounds = 5, bulk_rows = 1000, teachers = 40;

std::string teacher_of(int i) { return fmt::format("teacher-{}", i % teachers); }

Json data_of(int i) {
  return Json{{"teacher", teacher_of(i)},
              {"student", fmt::format("student-{}", i)},
              {"notes", std::string(120, 'n')},
              {"minutes", i % 90}};
}

int scope_of(int organization) { return 2 * organization; }  // its production; organizations are numbered from 1

class World {
 public:
  explicit World(const std::string& url, int rows) : url_(url), database_(open(url)) {
    ids_.resize(organizations + 3);
    for (int organization = 1; organization <= organizations; ++organization) add(organization, rows);
    ByHand hand(url_);
    for (int i = 0; i < teachers; ++i)
      keys_.push_back(hand.key_of(scope_of(1), ids_[1].at(static_cast<std::size_t>(i))));
  }

  void define(int organization, const Json& unique = Json::array()) const {
    session(organization)
        .entity_types()
        .define({{"slug", "visit"},
                 {"name", "Visit"},
                 {"unique", unique},
                 {"schema",
                  {{"type", "object"},
                   {"properties", {{"teacher", {{"type", "string"}, {"x-index", true}}}}},
                   {"additionalProperties", true}}}});
  }
  void add(int organization, int rows) {
    const std::string name = fmt::format("o{}", organization);
    database_.trusted_host().create_organization(name, OrganizationId(name));
    define(organization);
    for (int i = 0; i < rows;) {
      std::vector<Json> batch;
      for (; i < rows && batch.size() < bulk_rows; ++i) batch.push_back(data_of(i));
      for (const EntityId& id : visits(organization).create_all(batch))
        ids_[static_cast<std::size_t>(organization)].push_back(id.str());
    }
  }

  Session session(int organization) const {
    return database_.trusted_host().system_session(OrganizationId(fmt::format("o{}", organization)),
                                                   Environment::production);
  }
  EntityRepository visits(int organization) const { return session(organization).entities("visit"); }
  const std::string& id(int organization, int i) const {
    const auto& ids = ids_[static_cast<std::size_t>(organization)];
    return ids[static_cast<std::size_t>(i * 7) % ids.size()];
  }
  // The field key of a teacher, the same in each organization.
  const std::string& key_of(int i) const { return keys_[static_cast<std::size_t>(i % teachers)]; }
  const Database& database() const { return database_; }
  const std::string& url() const { return url_; }

 private:
  static Database open(const std::string& url) {
    PostgresOptions options;
    options.most_connections = 64;
    return Database::with_storage(open_postgres_storage(url, options));
  }

  std::string url_;
  Database database_;
  std::vector<std::vector<std::string>> ids_;  // by organization
  std::vector<std::string> keys_;
};

using Body = std::function<std::size_t(int i)>;
std::atomic<std::size_t> bytes_seen = 0;  // so that nothing is left out

double median_us(int times, int first, const Body& body) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    const auto begin = Time::now();
    bytes_seen += body(first + i);
    all.push_back(std::chrono::duration<double, std::micro>(Time::now() - begin).count());
  }
  std::ranges::nth_element(all, all.begin() + times / 2);
  return all[static_cast<std::size_t>(times / 2)];
}

struct Best {
  double a = 1e18, b = 1e18;
};

// In turns, so that the load of the machine is the same for both.
Best best_of(int times, const Body& a, const Body& b) {
  Best best;
  for (int round = 0; round < rounds; ++round) {
    best.a = std::min(best.a, median_us(times, round * times, a));
    best.b = std::min(best.b, median_us(times, round * times, b));
  }
  return best;
}

void compare(const char* what, int times, const Body& ours, const Body& hand) {
  const Best best = best_of(times, ours, hand);
  fmt::print("| {} | {:.0f} | {:.0f} | {:.2f} |\n", what, best.a, best.b, best.a / best.b);
  std::fflush(stdout);
}

// Operations a second of so many threads, each of which does what `make` returns for it.
double per_second(int threads, const std::function<Body(int thread)>& make) {
  std::atomic<bool> stop = false;
  std::atomic<std::int64_t> done = 0;
  std::vector<std::thread> all;
  std::vector<Body> bodies;
  for (int thread = 0; thread < threads; ++thread) bodies.push_back(make(thread));
  const auto begin = Time::now();
  for (const Body& body : bodies)
    all.emplace_back([&] {
      for (int i = 0; !stop; ++i) {
        bytes_seen += body(i);
        ++done;
      }
    });
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  stop = true;
  for (std::thread& thread : all) thread.join();
  return static_cast<double>(done) / std::chrono::duration<double>(Time::now() - begin).count();
}

std::string fresh_id() {
  static std::atomic<int> made = 0;
  return fmt::format("hand-{}", ++made);
}

void compare_one_connection(const World& world) {
  ByHand hand(world.url());
  const int scope = scope_of(1);
  const auto visits = world.visits(1);
  fmt::print("| one connection | struere, us | by hand, us | quotient |\n| --- | --- | --- | --- |\n");
  compare(
      "get", 1000, [&](int i) { return visits.get(EntityId(world.id(1, i))).id().str().size(); },
      [&](int i) { return hand.get(scope, world.id(1, i)); });
  compare(
      "page of 50", 300, [&](int) { return visits.list({.limit = 50}).size(); }, [&](int) { return hand.page(scope); });
  compare(
      "filtered page", 300,
      [&](int i) { return visits.list({.where = field("data.teacher") == teacher_of(i), .limit = 50}).size(); },
      [&](int i) { return hand.filtered_page(scope, world.key_of(i)); });
  compare(
      "count", 500,
      [&](int i) { return static_cast<std::size_t>(visits.count({.where = field("data.teacher") == teacher_of(i)})); },
      [&](int i) { return hand.count(scope, world.key_of(i)); });
  const CreatedApiKey key = world.session(1).api_keys().create({.name = "k"});
  const std::string hash = ByHand::sha256(key.secret);
  compare(
      "authenticate", 1000, [&](int) { return world.database().authenticate(key.secret).actor().id().size(); },
      [&](int) { return hand.authenticate(scope, hash); });
  compare(
      "create", 300, [&](int i) { return visits.create(data_of(i)).id.str().size(); },
      [&](int i) { return hand.create(scope, fresh_id(), world.key_of(i), canonical_json(data_of(i))); });
  compare(
      "update", 300,
      [&](int i) {
        return visits.update(EntityId(world.id(1, i)), {{"minutes", i}}).id.str().size();
      },
      [&](int i) {
        Json data = data_of(i * 7);
        data["minutes"] = i;
        return hand.update(scope, world.id(1, i), canonical_json(data));
      });
  compare(
      "create_all of 1000", 5,
      [&](int i) {
        std::vector<Json> rows;
        for (int row = 0; row < bulk_rows; ++row) rows.push_back(data_of(i + row));
        return visits.create_all(rows).size();
      },
      [&](int i) {
        std::vector<ByHand::NewRow> rows;
        for (int row = 0; row < bulk_rows; ++row)
          rows.push_back({fresh_id(), world.key_of(i + row), canonical_json(data_of(i + row))});
        return hand.create_all(scope, rows);
      });
}

// Each thread in organizations of its own, so that writers do not wait for one another.
void compare_many_connections(const World& world, int threads) {
  fmt::print("\n| {} connections | struere, per s | by hand, per s | by hand ÷ struere |\n| --- | --- | --- | --- |\n",
             threads);
  std::vector<std::unique_ptr<ByHand>> hands;
  for (int i = 0; i < threads; ++i) hands.push_back(std::make_unique<ByHand>(world.url()));
  const auto organization = [](int thread) { return 1 + thread % organizations; };
  const auto print = [&](const char* what, const std::function<Body(int)>& ours, const std::function<Body(int)>& hand) {
    double best_ours = 0, best_hand = 0;
    for (int round = 0; round < 3; ++round) {
      best_ours = std::max(best_ours, per_second(threads, ours));
      best_hand = std::max(best_hand, per_second(threads, hand));
    }
    fmt::print("| {} | {:.0f} | {:.0f} | {:.2f} |\n", what, best_ours, best_hand, best_hand / best_ours);
    std::fflush(stdout);
  };
  print(
      "get",
      [&](int thread) -> Body {
        const int own = organization(thread);
        return [&world, own, visits = world.visits(own)](int i) {
          return visits.get(EntityId(world.id(own, i))).id().str().size();
        };
      },
      [&](int thread) -> Body {
        const int own = organization(thread);
        ByHand& hand = *hands[static_cast<std::size_t>(thread)];
        return [&world, &hand, own](int i) { return hand.get(scope_of(own), world.id(own, i)); };
      });
  print(
      "filtered page",
      [&](int thread) -> Body {
        return [visits = world.visits(organization(thread))](int i) {
          return visits.list({.where = field("data.teacher") == teacher_of(i), .limit = 50}).size();
        };
      },
      [&](int thread) -> Body {
        ByHand& hand = *hands[static_cast<std::size_t>(thread)];
        return [&world, &hand, own = organization(thread)](int i) {
          return hand.filtered_page(scope_of(own), world.key_of(i));
        };
      });
  print(
      "create",
      [&](int thread) -> Body {
        return
            [visits = world.visits(organization(thread))](int i) { return visits.create(data_of(i)).id.str().size(); };
      },
      [&](int thread) -> Body {
        ByHand& hand = *hands[static_cast<std::size_t>(thread)];
        return [&world, &hand, own = organization(thread)](int i) {
          return hand.create(scope_of(own), fresh_id(), world.key_of(i), canonical_json(data_of(i)));
        };
      });
}

// One organization again and again, and each of them in turn.
void compare_scopes(const World& world) {
  fmt::print("\n| one organization, then 100 in turn | one, us | 100, us | quotient |\n| --- | --- | --- | --- |\n");
  const auto print = [&](const char* what, int times, int one, const std::function<std::size_t(int, int)>& body) {
    const Best best = best_of(
        times, [&](int i) { return body(one, i); }, [&](int i) { return body(1 + i % organizations, i); });
    fmt::print("| {} | {:.0f} | {:.0f} | {:.2f} |\n", what, best.a, best.b, best.b / best.a);
  };
  print("get", 1000, 2,
        [&](int own, int i) { return world.visits(own).get(EntityId(world.id(own, i))).id().str().size(); });
  print("filtered page", 300, 2, [&](int own, int i) {
    return world.visits(own).list({.where = field("data.teacher") == teacher_of(i), .limit = 50}).size();
  });
  // In another one, so that the pages stay as large.
  print("create", 200, 3, [&](int own, int i) { return world.visits(own).create(data_of(i)).id.str().size(); });
}

// The times of one operation that a thread repeats, in microseconds.
struct Felt {
  const char* what;
  Body body;
  std::vector<double> times = {};

  double at(double share) {
    const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(times.size() - 1));
    std::ranges::nth_element(times, times.begin() + place);
    return times[static_cast<std::size_t>(place)];
  }
};

void feel(std::vector<Felt>& all, const std::function<void()>& meanwhile) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (Felt& one : all) {
    one.times.clear();
    threads.emplace_back([&] {
      for (int i = 0; !stop || one.times.empty(); ++i) {
        const auto begin = Time::now();
        bytes_seen += one.body(i);
        one.times.push_back(std::chrono::duration<double, std::micro>(Time::now() - begin).count());
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  meanwhile();
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

// What others feel while one organization defines a unique key over as many rows as its own admins may.
void compare_unique_key(World& world) {
  constexpr int own = organizations + 2, rows = 50'000;
  world.add(own, rows);
  std::vector<Felt> all;
  for (const auto& [what, organization] : {std::pair{"in its scope", own}, std::pair{"elsewhere", 1}}) {
    const auto visits = world.visits(organization);
    all.push_back({what, [&world, visits, organization = organization](int i) {
                     return visits.update(EntityId(world.id(organization, i)), {{"minutes", i}}).id.str().size();
                   }});
  }
  all.push_back({"read in its scope", [visits = world.visits(own)](int) { return visits.list({.limit = 20}).size(); }});
  const auto print = [&](const std::string& when) {
    for (Felt& one : all)
      fmt::print("| {} | {} | {:.0f} | {:.0f} | {:.0f} |\n", when, one.what, one.at(0.5), one.at(0.99), one.at(1));
    std::fflush(stdout);
  };
  fmt::print("\n| a unique key over {} rows | update, or page of 20 | median, us | 99 % | longest |\n", rows);
  fmt::print("| --- | --- | --- | --- | --- |\n");
  feel(all, [] { std::this_thread::sleep_for(std::chrono::seconds(3)); });
  print("before");
  double seconds = 0;
  feel(all, [&] {
    const auto begin = Time::now();
    world.define(own, Json::array({{"student"}}));
    seconds = std::chrono::duration<double>(Time::now() - begin).count();
  });
  print(fmt::format("defined in {:.2f} s", seconds));
}

void analyze(const std::string& server, const std::string& url) {
  const std::size_t path = url.find("@/") + 1, question = url.find('?');
  const std::string own = server.substr(0, server.find("@/") + 1) + url.substr(path, question - path) +
                          (question == std::string::npos ? "" : url.substr(question));
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(own.c_str()), PQfinish);
  PQclear(PQexec(connection.get(), "VACUUM ANALYZE"));
}

}  // namespace

int main(int argc, char** argv) try {
  const char* const server = std::getenv("STRUERE_POSTGRESQL_URL");
  if (!server) throw std::runtime_error("run this by scripts/postgres_server");
  const int rows = argc > 1 ? std::atoi(argv[1]) : 2'000;
  const auto url = conformance::lend_postgres_databases(server)();
  const std::vector<std::string> parts(argv + std::min(argc, 2), argv + argc);
  const auto is_asked = [&](const char* part) {
    return parts.empty() || std::ranges::find(parts, part) != parts.end();
  };
  World world(*url, rows);
  analyze(server, *url);
  fmt::print("{} organizations of {} rows\n\n", organizations, rows);
  if (is_asked("one")) compare_one_connection(world);
  if (is_asked("scopes")) {  // before the others fill some of the organizations
    compare_scopes(world);
    world.add(organizations + 1, rows * 100);
    analyze(server, *url);
    fmt::print("\nWith one more organization of {} rows:\n", rows * 100);
    compare_scopes(world);
  }
  if (is_asked("many"))
    for (const int threads : {8, 64}) compare_many_connections(world, threads);
  if (is_asked("unique")) compare_unique_key(world);
  return bytes_seen > 0 ? 0 : 1;
} catch (const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
