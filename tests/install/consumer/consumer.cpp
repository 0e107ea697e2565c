#include <struere/struere.hpp>

#include <cstdio>

int main() {
  const auto database = struere::Database::in_memory();
  const auto acme = database.trusted_host().create_organization("Acme");
  const auto actor = database.trusted_host().system_session(acme.id, struere::Environment::development);
  actor.entity_types().define(struere::Json{{"slug", "note"}});
  actor.entities("note").create(struere::Json{{"text", "hello"}});
  std::puts(actor.entities("note").count() == 1 ? "OK" : "WRONG");
}
