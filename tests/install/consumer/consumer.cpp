#include <struere/struere.hpp>
#ifdef USES_yaml
#include <struere/yaml/definition_folder.hpp>
#endif
#ifdef USES_adoption
#include <struere/adoption/adoption.hpp>
#endif
#ifdef USES_server
#include <struere/server/server.hpp>
#endif
#ifdef USES_conformance
#include <struere/conformance.hpp>
#endif

#include <cstdio>
#include <string>

#ifdef USES_yaml
bool yaml_works() {
  try {
    struere::read_definitions("/no/such/folder");
  } catch (const struere::Error& error) {
    return error.code() == struere::ErrorCode::not_found;
  }
  return false;
}
#endif
#ifdef USES_adoption
bool adoption_works() {
  try {
    struere::adopt_database("/no/such/file", struere::Environment::production);
  } catch (const struere::Error& error) {
    return error.code() == struere::ErrorCode::storage;
  }
  return false;
}
#endif
#ifdef USES_postgres
// Nothing refers to the library, whose storage must be known all the same.
bool postgres_works() {
  try {
    struere::Database::open("postgresql:///?host=/no/such/folder");
  } catch (const struere::Error& error) {
    return std::string(error.what()).find("cannot be reached") != std::string::npos;
  }
  return false;
}
#endif
#ifdef USES_server
bool server_works() {
  struere::server::Server server(struere::Database::in_memory());
  server.start();
  const bool works = server.url().starts_with("http://127.0.0.1:");
  server.stop();
  return works;
}
#endif
#ifdef USES_conformance
bool conformance_works() {
  return struere::conformance::check_storage([] { return struere::open_memory_storage(); }).empty();
}
#endif

int main() {
#ifdef USES_yaml
  if (!yaml_works()) return 1;
#endif
#ifdef USES_adoption
  if (!adoption_works()) return 1;
#endif
#ifdef USES_postgres
  if (!postgres_works()) return 1;
#endif
#ifdef USES_server
  if (!server_works()) return 1;
#endif
#ifdef USES_conformance
  if (!conformance_works()) return 1;
#endif
  const auto database = struere::Database::in_memory();
  const auto acme = database.trusted_host().create_organization("Acme");
  const auto actor = database.trusted_host().system_session(acme.id, struere::Environment::development);
  actor.entity_types().define(struere::Json{{"slug", "note"}});
  actor.entities("note").create(struere::Json{{"text", "hello"}});
  std::puts(actor.entities("note").count() == 1 ? "OK" : "WRONG");
}
