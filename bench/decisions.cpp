#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <stdexcept>

#include "operations.hpp"

using namespace struere;

namespace bench {
namespace {

constexpr std::array actions{"list", "read", "create", "update", "delete"};
constexpr int types = 40;

std::string type_name(int i) { return fmt::format("kind-{}", i); }

// Policies for the first `count` pairs of a type and an action.
Json role_of(const std::string& name, int count) {
  Json policies = Json::array();
  for (int i = 0; i < count; ++i)
    policies.push_back({{"resource", type_name(i / std::ssize(actions))},
                        {"actions", {actions[static_cast<std::size_t>(i) % actions.size()]}},
                        {"effect", "allow"}});
  return {{"name", name}, {"policies", policies}};
}

// Asks different questions in turn, as the requests of an application do.
struct Questions {
  Database database;
  Session actor;
  std::array<std::pair<Action, std::string>, 8> asked = {};
  std::size_t next = 0;

  bool ask() {
    const auto& [action, resource] = asked[next++ % asked.size()];
    return actor.can(action, resource).allowed();
  }
};

void require(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(fmt::format("`can` is wrong: {}", what));
}

}  // namespace

void add_decisions(Race& race, const std::string& path) {
  for (const char* const suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  const Database database = Database::open(path);
  const TrustedHost host = database.trusted_host();
  const OrganizationId company = host.create_organization("Company").id;
  const Session system = host.system_session(company, Environment::production);
  for (int i = 0; i < types; ++i)
    system.entity_types().define({{"slug", type_name(i)}, {"schema", {{"type", "object"}}}});
  const auto actor_with = [&](const std::vector<Json>& roles) {
    const UserId user = host.create_user("User").id;
    host.put_member(company, user);
    for (const Json& role : roles) {
      system.roles().define(role);
      system.roles().assign(user, role.at("name"));
    }
    return host.user_session(user, company, Environment::production);
  };
  std::vector<Json> wide;
  for (int i = 0; i < 5; ++i) wide.push_back(role_of(fmt::format("wide-{}", i), 200));
  const auto few = std::make_shared<Questions>(Questions{database, actor_with({role_of("narrow", 10)})});
  const auto many = std::make_shared<Questions>(Questions{database, actor_with(wide)});
  for (std::size_t i = 0; i < few->asked.size(); ++i) {
    few->asked[i] = {i % 2 ? Action::read : Action::update, type_name(static_cast<int>(i) / 2)};
    many->asked[i] = {i % 2 ? Action::read : Action::update, type_name(static_cast<int>(i) * 5)};
    require(few->ask() == (i < 4), "10 policies");  // those of the first two types are allowed
    require(many->ask(), "200 policies");
  }
  // Removes the role's policies through another connection, as another process would, and adds them again.
  const Database other = Database::open(path);
  const Session other_system = other.trusted_host().system_session(company, Environment::production);
  other_system.roles().define(role_of("narrow", 0));
  require(!few->actor.can(Action::read, type_name(0)), "stale, after a policy was taken away");
  other_system.roles().define(role_of("narrow", 10));
  require(few->actor.can(Action::read, type_name(0)).allowed(), "stale, after a policy was given");

  race.add(
      "can, one role of 10 policies", struere_itself, [few] { benchmark::DoNotOptimize(few->ask()); }, 0.05);
  race.add(
      "can, five roles of 200 policies", struere_itself, [many] { benchmark::DoNotOptimize(many->ask()); }, 0.05);
}

}  // namespace bench
