#include "tutoring_data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>

using namespace struere;

namespace bench {
namespace {

const OrganizationId company("company");

std::uint64_t scattered(std::uint64_t n) {
  n = (n + 1) * 0x9e3779b97f4a7c15ULL;
  n = (n ^ (n >> 29)) * 0xd6e8feb86659fd93ULL;
  return n ^ (n >> 32);
}

std::string person(const char* kind, std::uint64_t n) {
  return fmt::format("{}-{:016x}-{:08x}", kind, scattered(n), n);
}

// Gives each session a time one second after the previous one, so that no two have the same time.
struct DataClock final : Clock {
  mutable Timestamp time = 1'700'000'000'000;
  Timestamp now() const override { return time += 1000; }
};

void define(const Session& system) {
  system.entity_types().define(R"({
    "slug": "session",
    "schema": {"type": "object", "required": ["teacherId", "subject"],
               "properties": {"teacherId": {"type": "string"}, "subject": {"type": "string"},
                              "duration": {"type": "integer", "minimum": 5}, "status": {"type": "string", "x-index": true}}}})"_json);
  system.roles().define(R"({
    "name": "teacher",
    "policies":   [{"resource": "session", "actions": ["list", "read", "create", "update"], "effect": "allow"}],
    "scopeRules": [{"entityType": "session", "field": "data.teacherId", "operator": "eq", "value": "actor.userId"}],
    "fieldMasks": [{"entityType": "session", "fieldPath": "data.paymentId", "maskType": "hide"}]})"_json);
  // The same role without the mask.
  system.roles().define(R"({
    "name": "bursar",
    "policies":   [{"resource": "session", "actions": ["list", "read"], "effect": "allow"}],
    "scopeRules": [{"entityType": "session", "field": "data.teacherId", "operator": "eq", "value": "actor.userId"}]})"_json);
  system.entity_types().define(R"({"slug": "family", "boundToRole": "guardian"})"_json);
  system.roles().define(R"({
    "name": "guardian",
    "policies":   [{"resource": "session", "actions": ["list", "read"], "effect": "allow"}],
    "scopeRules": [{"entityType": "session", "relationPath": "booked"}],
    "fieldMasks": [{"entityType": "session", "fieldPath": "data.paymentId", "maskType": "hide"}]})"_json);
}

// The family of the guardian, with sessions from all of the table.
void book(const Session& system, const std::string& guardian, const std::string& teacher) {
  const EntityId family = system.entities("family").create({{"userId", guardian}}).id;
  const EntityPage found =
      system.entities("session").list({.where = field("data.teacherId") == teacher, .limit = sessions_per_teacher});
  const std::size_t step = found.size() / sessions_per_family;
  for (std::int64_t i = 0; i < sessions_per_family; ++i)
    system.relations().link(family, "booked", found[static_cast<std::size_t>(i) * step].id());
}

std::int64_t teachers_of(std::int64_t sessions) { return std::max<std::int64_t>(sessions / sessions_per_teacher, 1); }

void fill(const Session& system, std::int64_t sessions) {
  define(system);
  const EntityRepository repository = system.entities("session");
  // Rows of one call have the same time, so a call has at most one row of each teacher.
  const auto together = std::min<std::int64_t>(teachers_of(sessions), 1000);
  std::vector<Json> rows;
  for (std::int64_t i = 0; i < sessions; ++i) {
    rows.push_back(session_data(sessions, i));
    if (std::ssize(rows) < together && i + 1 < sessions) continue;
    repository.create_all(rows);
    rows.clear();
  }
}

}  // namespace

Json session_data(std::int64_t sessions, std::int64_t i) {
  constexpr std::array subjects{"mathematics", "physics", "chemistry", "english", "history", "biology"};
  constexpr std::array states{"scheduled", "completed", "completed", "cancelled", "completed"};
  const auto teachers = teachers_of(sessions);
  const std::uint64_t dice = scattered(static_cast<std::uint64_t>(i));
  return {
      {"teacherId", person("teacher", static_cast<std::uint64_t>(i % teachers))},
      {"studentId", person("student", dice % 100'000)},
      {"guardianId", person("guardian", dice % 60'000)},
      {"startTime", fmt::format("2026-{:02}-{:02}T{:02}:30:00Z", dice % 12 + 1, dice / 12 % 28 + 1, dice / 400 % 24)},
      {"duration", 30 * (dice / 7 % 4 + 1)},
      {"subject", subjects[dice % subjects.size()]},
      {"status", states[static_cast<std::size_t>(i / teachers) % states.size()]},
      {"paymentId", fmt::format("pay_{:012x}", dice & 0xffffffffffff)},
      {"teacherReport", "Needs practice with fractions; homework was missing."}};
}

TutoringData prepare(const std::string& path, std::int64_t sessions, std::optional<std::int64_t> elsewhere) {
  TutoringData data;
  data.sessions = sessions;
  data.teacher = session_data(sessions, 0).at("teacherId").get<std::string>();
  data.writer = session_data(sessions, 1).at("teacherId").get<std::string>();
  data.bursar = session_data(sessions, 2).at("teacherId").get<std::string>();
  data.guardian = "guardian-of-the-race";
  if (teachers_of(sessions) < 3) throw std::runtime_error("a race needs at least 1500 sessions, for three teachers");
  const std::string note = path + ".key";  // stored next to the file when the file is complete
  if (std::ifstream(note) >> data.api_key) return data;
  for (const char* const suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  const DataClock clock;
  const auto database = Database::open(path, {.sqlite = {.durability = Durability::normal}, .clock = &clock});
  const TrustedHost host = database.trusted_host();
  host.create_organization("Company", company);
  for (const std::string& user : {data.teacher, data.writer, data.bursar, data.guardian}) {
    host.create_user("Somebody", UserId(user));
    host.put_member(company, UserId(user));
  }
  fill(host.system_session(company, Environment::development), elsewhere.value_or(sessions));
  fill(host.system_session(company, Environment::production), sessions);
  const Session system = host.system_session(company, Environment::production);
  for (const std::string& teacher : {data.teacher, data.writer}) system.roles().assign(UserId(teacher), "teacher");
  system.roles().assign(UserId(data.bursar), "bursar");
  system.roles().assign(UserId(data.guardian), "guardian");
  book(system, data.guardian, data.teacher);
  data.api_key = system.api_keys().create({.name = "race", .roles = {"teacher"}}).secret;
  for (int i = 0; i < other_organizations; ++i) {
    const OrganizationId other = host.create_organization(fmt::format("Other {}", i)).id;
    fill(host.system_session(other, Environment::production), std::min<std::int64_t>(sessions, 10'000) / 10);
  }
  std::ofstream(note) << data.api_key;
  return data;
}

Session actor_of(const Database& database, const std::string& user) {
  return database.trusted_host().user_session(UserId(user), company, Environment::production);
}

}  // namespace bench
