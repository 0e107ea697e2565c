// What one organization feels of how many others there are: struere_many_organizations DATABASE ORGANIZATIONS ROWS
//
// Makes organizations with rows each, in the file or PostgreSQL database that is named, and at 1, 10, 100, … of them
// measures operations in one: the first. The same figures at each step say that nothing grows with others.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "struere/struere.hpp"

using namespace struere;

namespace {

using Stopwatch = std::chrono::steady_clock;

template <class Body>
double median_of(int rounds, const Body& body) {
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto start = Stopwatch::now();
    body(i);
    times.push_back(std::chrono::duration<double, std::micro>(Stopwatch::now() - start).count());
  }
  std::ranges::nth_element(times, times.begin() + rounds / 2);
  return times[static_cast<std::size_t>(rounds) / 2];
}

std::string name_of(int number) { return fmt::format("organization-{}", number); }

Json row(int number) {
  return {{"title", fmt::format("Visit {}", number)}, {"room", number % 50}, {"note", std::string(120, 'n')}};
}

void make(const Database& database, int number, int rows) {
  const TrustedHost host = database.trusted_host();
  const OrganizationId id(name_of(number));
  host.create_organization(id.str(), id);
  const Session system = host.system_session(id, Environment::production);
  system.entity_types().define(
      {{"slug", "visit"}, {"schema", {{"properties", {{"room", {{"type", "integer"}, {"x-index", true}}}}}}}});
  std::vector<Json> batch;
  for (int i = 0; i < rows; ++i) {
    batch.push_back(row(i));
    if (batch.size() < 1000 && i + 1 < rows) continue;
    system.entities("visit").create_all(batch);
    batch.clear();
  }
}

void measure(const Database& database, int organizations, const std::string& secret) {
  const Session session = database.trusted_host().system_session(OrganizationId(name_of(1)), Environment::production);
  const auto visits = session.entities("visit");
  const EntityId id = visits.list({.limit = 1})[0].id();
  constexpr int rounds = 300;
  const double get = median_of(rounds, [&](int) { (void)visits.get(id); });
  const double page =
      median_of(rounds, [&](int i) { (void)visits.list({.where = field("data.room") == i % 50, .limit = 20}); });
  const double count = median_of(rounds, [&](int i) { (void)visits.count({.where = field("data.room") == i % 50}); });
  const double authenticate = median_of(rounds, [&](int) { (void)database.authenticate(secret); });
  const double update = median_of(100, [&](int i) { (void)visits.update(id, {{"room", i % 50}}); });
  fmt::print("| {} | {:.0f} | {:.0f} | {:.0f} | {:.0f} | {:.0f} |\n", organizations, get, page, count, authenticate,
             update);
  std::fflush(stdout);
}

// How many updates a second are made durable by threads that write in one organization, or each in another.
double writes_per_second(const Database& database, int threads, bool in_one) {
  constexpr auto duration = std::chrono::seconds(5);
  std::atomic<int> writes = 0;
  {
    std::vector<std::jthread> writers;
    for (int thread = 0; thread < threads; ++thread)
      writers.emplace_back([&, thread] {
        const OrganizationId organization(name_of(in_one ? 1 : thread + 1));
        const auto visits =
            database.trusted_host().system_session(organization, Environment::production).entities("visit");
        const EntityId id = visits.list({.limit = threads})[static_cast<std::size_t>(thread)].id();
        const auto end = Stopwatch::now() + duration;
        for (int i = 0; Stopwatch::now() < end; ++i, ++writes) (void)visits.update(id, {{"room", i % 50}});
      });
  }
  return writes / std::chrono::duration<double>(duration).count();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    fmt::print(stderr, "struere_many_organizations DATABASE ORGANIZATIONS ROWS\n");
    return 2;
  }
  const Database database = Database::open(arguments[1]);
  const int organizations = std::atoi(arguments[2]), rows = std::atoi(arguments[3]);
  fmt::print(
      "| organizations | get | filtered page of 20 | count | authenticate | update |\n| --- | --- | --- | --- | --- "
      "| --- |\n");
  std::string secret;
  int next = 1;
  const auto start = Stopwatch::now();
  for (int made = 1; made <= organizations; ++made) {
    make(database, made, rows);
    if (made == 1)
      secret = database.trusted_host()
                   .system_session(OrganizationId(name_of(1)), Environment::production)
                   .api_keys()
                   .create({.name = "bench"})
                   .secret;
    if (made != next && made != organizations) continue;
    measure(database, made, secret);
    next *= 10;
  }
  constexpr int threads = 8;
  if (organizations >= threads)
    fmt::print("\n{} threads: {:.0f} durable updates a second in one organization, {:.0f} in {} organizations\n",
               threads, writes_per_second(database, threads, true), writes_per_second(database, threads, false),
               threads);
  fmt::print("\nmicroseconds, medians; {} rows each; all in {:.0f} s\n", rows,
             std::chrono::duration<double>(Stopwatch::now() - start).count());
}
