#include <struere/struere.hpp>

#include <cstdio>

int main() {
  const auto database = struere::Database::in_memory();
  const auto acme = database.trusted_host().create_organization("Acme");
  const auto actor = database.trusted_host().system_actor(acme.id, struere::Environment::development);
  database.entity_types(actor).define(struere::Json{{"slug", "note"}});
  database.entities(actor, "note").create(struere::Json{{"text", "hello"}});
  std::puts(database.entities(actor, "note").count() == 1 ? "OK" : "WRONG");
}
