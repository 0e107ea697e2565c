// Names that are no text, or are huge: each is refused by an Error whose message can be shown and sent.
#include <catch2/catch.hpp>

#include "struere/definitions/definitions.hpp"
#include "struere/definitions/packs.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// An id source that returns this text.
class FixedIds final : public IdSource {
 public:
  std::string text = "first";
  std::string next(long long) override { return text; }
};

}  // namespace

TEST_CASE("a name of any bytes is refused by a message that is text", "[hostile][bad_texts]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role({{"name", "none"}, {"policies", Json::array()}});
  const Session system = world.system(), ana = world.user("ana", {"none"});
  system.agents().define({.slug = "helper", .name = "Helper"});
  for (const std::string& bad : {std::string("\xff"), std::string("a\0b", 3), std::string("\xed\xa0\x80"),
                                 std::string("a\nb\x1b[31m"), std::string(1 << 20, 'x')}) {
    const auto refused = [&](const char* what, const auto& call) {
      INFO(what << " of " << bad.substr(0, 10));
      try {
        call();
        FAIL_CHECK("no error");
      } catch (const Error& error) {
        JsonFault fault;
        const std::string message = error.what();
        CHECK(canonical_json(Json(message), fault));
        CHECK(message.size() <= 64 << 10);  // of several lines
      } catch (const std::exception& other) {
        FAIL_CHECK(other.what());
      }
    };
    refused("a type", [&] { ana.entities(bad).list(); });
    refused("a role to act with", [&] { system.impersonate({.roles = std::vector{bad}}); });
    refused("a role of an agent", [&] {
      system.agents().configure("helper", {.system_prompt = {}, .model = "m", .tools = {}, .roles = {bad}});
    });
    refused("a role of a key", [&] { system.api_keys().create({.name = "key", .roles = {bad}}); });
    refused("a pack", [&] {
      const Pack pack{.id = bad, .version = bad, .name = bad, .description = bad, .definitions = {}, .migrations = {}};
      Packs(system).apply(Packs(system).plan_install(pack));
    });
    refused("a migration of a pack", [&] {
      Pack pack{.id = "pack", .version = "1.0.0", .name = "n", .description = "d", .definitions = {}, .migrations = {}};
      pack.migrations.push_back({bad, bad, {{MigrationStep::Kind::rename_field, bad, bad, bad, bad}}});
      Packs(system).apply(Packs(system).plan_install(pack));
    });
    refused("a set of definitions", [&] { DefinitionSet::from_json({{bad, 1}}); });
    refused("the name of a definition", [&] {
      DefinitionSet set;
      set.add(DefinitionKind::role, {{"name", bad}, {bad, 1}});
      Definitions(system).plan(set);
    });
    refused("the resource of a policy", [&] {
      system.roles().define(
          {{"name", "x"}, {"policies", {{{"resource", bad}, {"actions", {"list"}}, {"effect", "allow"}}}}});
    });
    JsonFault fault;
    const std::string reason = ana.can(Action::read, bad).reason();
    CHECK(canonical_json(Json(reason), fault));
    CHECK(reason.size() <= 8 << 10);
  }
}

TEST_CASE("a set of definitions is read from JSON of its form only", "[definitions][bad_texts]") {
  const Json good = DefinitionSet().to_json();
  CHECK(DefinitionSet::from_json(good) == DefinitionSet());
  for (const Json& bad : {Json(), Json(1), Json::array(), Json::object(), Json("x")})
    CHECK_ERROR(invalid_definition, DefinitionSet::from_json(bad));
  Json without = good, other = good;
  without.erase("role");
  other["role"] = "x";
  CHECK_ERROR(invalid_definition, DefinitionSet::from_json(without));
  CHECK_ERROR(invalid_definition, DefinitionSet::from_json(other));
}

TEST_CASE("an id source that returns no id is refused, and nothing is written", "[hostile][bad_texts]") {
  FixedIds ids;
  const Database database = Database::in_memory({.ids = &ids});
  const OrganizationId acme = database.trusted_host().create_organization("Acme", OrganizationId("acme")).id;
  const Session system = database.trusted_host().system_session(acme, Environment::development);
  system.entity_types().define({{"slug", "note"}});
  for (const std::string& bad :
       {std::string(), std::string("a\0b", 3), std::string("\xff"), std::string(201, 'x'), std::string(5000, 'x')}) {
    ids.text = bad;
    CHECK_ERROR(storage, system.entities("note").create({{"a", 1}}));
    CHECK_ERROR(storage, system.entities("note").create({{"a", 1}}, {.id = EntityId("mine")}));  // its event has none
    CHECK_ERROR(storage, database.trusted_host().create_user("x"));
    CHECK(system.entities("note").count() == 0);
  }
  ids.text = std::string(200, 'x');
  CHECK(system.entities("note").create({{"a", 1}}).id.str() == ids.text);
}
