// Access plans are kept per role set, restriction, action and type; two different questions never share one.
#include <catch2/catch.hpp>

#include <optional>
#include <utility>

#include "struere/struere.hpp"
#include "support/sequential_ids.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// A host's own ids: the next one is as the test says.
class ChosenIds final : public IdSource {
 public:
  std::string next(long long now) override {
    return chosen ? std::exchange(chosen, std::nullopt).value() : others_.next(now);
  }
  std::optional<std::string> chosen;

 private:
  SequentialIds others_;
};

}  // namespace

TEST_CASE("roles whose ids hold the separators of a key do not get another role's plan", "[repository][cache]") {
  ChosenIds ids;
  const auto database = Database::in_memory({.ids = &ids});
  const auto host = database.trusted_host();
  const OrganizationId acme("acme");
  host.create_organization("acme", acme);
  const auto system = host.system_session(acme, Environment::development);
  system.entity_types().define(Json{{"slug", "session"}});
  const auto define_role = [&](const char* id, const char* name, const char* effect) {
    ids.chosen = id;
    system.roles().define(
        Json{{"name", name}, {"policies", {{{"resource", "session"}, {"actions", {"list"}}, {"effect", effect}}}}});
  };
  define_role("r,s", "may", "allow");
  define_role("r", "one", "deny");
  define_role("s", "other", "deny");
  const auto user = [&](const char* id, const std::vector<std::string>& roles) {
    host.create_user(id, UserId(id));
    host.put_member(acme, UserId(id), MembershipRole::member);
    for (const std::string& role : roles) system.roles().assign(UserId(id), role);
    return host.user_session(UserId(id), acme, Environment::development);
  };
  const auto ana = user("ana", {"may"}), bo = user("bo", {"one", "other"});
  CHECK(ana.entities("session").list().empty());
  CHECK_ERROR(permission_denied, bo.entities("session").list());
}
