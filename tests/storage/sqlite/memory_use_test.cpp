// What is held in memory, measured in a process of its own (processes/memory_use.cpp).
#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <memory>

#include "support/places.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a thousand organizations and a page of a thousand rows take little memory", "[sqlite][memory]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return;  // they allocate for themselves
#endif
  constexpr int organizations = 1000;
  World world(StorageKind::sqlite);
  const Json all{{{"resource", "note"}, {"actions", {"list", "read"}}, {"effect", "allow"}}};
  for (int i = 0; i < organizations; ++i) {
    const std::string name = "organization-" + std::to_string(i);
    world.add_organization(name);
    const auto system = world.system(Environment::production, name);
    system.entity_types().define({{"slug", "note"}});
    for (const char* const role : {"a", "b", "c", "d", "e"})
      system.roles().define(
          {{"name", role},
           {"policies", all},
           {"scopeRules",
            {{{"entityType", "note"}, {"field", "data.owner"}, {"operator", "eq"}, {"value", "actor.userId"}}}},
           {"fieldMasks", {{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}}});
    (void)world.user("ana", {"a"}, Environment::production, name);
  }
  std::vector<Json> rows;
  for (int i = 0; i < 1000; ++i)
    rows.push_back({{"owner", "ana"}, {"secret", "s"}, {"n", i}, {"text", std::string(200, 'x')}});
  world.system(Environment::production, "organization-0").entities("note").create_all(rows);

  const std::string command =
      process_program() + " memory_use " + world.folder.file() + " " + std::to_string(organizations);
  const std::unique_ptr<FILE, int (*)(FILE*)> output(popen(command.c_str(), "r"), pclose);
  long long opened = 0, asked = 0, allocations = 0;
  int allowed = 0, page = 0;
  REQUIRE(std::fscanf(output.get(), "%lld %lld %d %lld %d", &opened, &asked, &allowed, &allocations, &page) == 5);
  INFO("opened " << opened << ", asked in all " << asked << " bytes; " << allocations << " allocations");
  CHECK(allowed == organizations);
  CHECK(page == 1000);
  CHECK(opened < 1 << 20);
  CHECK(asked < 20 << 20);
  CHECK(allocations < 1100);  // one for each row, and what the page itself needs
}
