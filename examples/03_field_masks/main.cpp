// Masks say which fields of a row a role sees. A hidden field can be neither queried nor written.
#include <fmt/format.h>

#include <struere/struere.hpp>

using namespace struere;

namespace {

void define_staff(const Session& system) {
  system.entity_types().define(R"({
    "slug": "employee",
    "schema": {
      "type": "object", "required": ["name"],
      "properties": {
        "name": {"type": "string"}, "phone": {"type": "string"},
        "salary": {"type": "integer"}, "iban": {"type": "string"},
        "home": {"type": "object", "properties": {"city": {"type": "string"}, "street": {"type": "string"}}}}}})"_json);

  // An allowlist: a field that is added next year stays hidden until it is listed here.
  system.roles().define(R"({
    "name": "colleague",
    "policies":      [{"resource": "employee", "actions": ["list", "read", "update"], "effect": "allow"}],
    "visibleFields": [{"entityType": "employee", "fields": ["data.name", "data.phone", "data.home.city"]}]})"_json);

  // The opposite: everything except these fields. `hide` removes a field, `redact` replaces its value.
  system.roles().define(R"({
    "name": "payroll",
    "policies":   [{"resource": "employee", "actions": ["list", "read"], "effect": "allow"}],
    "fieldMasks": [{"entityType": "employee", "fieldPath": "data.home", "maskType": "hide"},
                   {"entityType": "employee", "fieldPath": "data.iban", "maskType": "redact",
                    "maskConfig": {"keepLast": 4}},
                   {"entityType": "employee", "fieldPath": "data.phone", "maskType": "redact"}]})"_json);

  const EntityRepository employees = system.entities("employee");
  employees.create({{"name", "Ada"},
                    {"phone", "555-0101"},
                    {"salary", 5200},
                    {"iban", "DE02120300000000202051"},
                    {"home", {{"city", "Bergen"}, {"street", "Quay 1"}}}});
  employees.create({{"name", "Bo"},
                    {"phone", "555-0102"},
                    {"salary", 4100},
                    {"iban", "DE02500105170137075030"},
                    {"home", {{"city", "Porto"}, {"street", "Hill 9"}}}});
}

// A session of an API key with the given roles.
Session actor_with(const Database& database, const Session& system, const std::vector<std::string>& roles) {
  return database.authenticate(system.api_keys().create({.name = "example", .roles = roles}).secret);
}

}  // namespace

int main() {
  const Database database = Database::in_memory();
  const TrustedHost host = database.trusted_host();
  const Session system = host.system_session(host.create_organization("Acme").id, Environment::production);
  define_staff(system);

  const Query ada{.where = field("data.name") == "Ada"};
  const EntityRepository as_colleague = actor_with(database, system, {"colleague"}).entities("employee");
  const EntityRepository as_payroll = actor_with(database, system, {"payroll"}).entities("employee");
  const EntityRepository as_both = actor_with(database, system, {"colleague", "payroll"}).entities("employee");
  fmt::print("colleague: {}\n", as_colleague.list(ada).front().json());
  fmt::print("payroll:   {}\n", as_payroll.list(ada).front().json());
  // With several roles, each field gets the most generous treatment: no role hides what another one shows.
  fmt::print("both:      {}\n", as_both.list(ada).front().json());

  // A filter, an order or a count answers as if a masked field were not stored. Otherwise `salary > 5000` would reveal
  // it.
  const Query well_paid{.where = field("data.salary") > 5000};
  fmt::print("earn more than 5000: colleague finds {}, payroll finds {}\n", as_colleague.count(well_paid),
             as_payroll.count(well_paid));
  // The same holds for redacted fields, even for the four digits that are shown.
  const Query ends_in_2051{.where = field("data.iban").contains("2051")};
  fmt::print("iban with 2051: payroll finds {}, the system finds {}\n", as_payroll.count(ends_in_2051),
             system.entities("employee").count(ends_in_2051));

  // A patch that names a masked field is always refused. If only wrong values were refused, the value could be guessed.
  const EntityId id = as_colleague.list(ada).front().id();
  for (const int salary : {5200, 9999}) {
    try {
      as_colleague.update(id, {{"salary", salary}});
    } catch (const Error& error) {
      fmt::print("colleague writes salary {}: {}\n", salary, to_string(error.code()));
    }
  }
  // Visible fields may be written; the others stay as they are.
  as_colleague.update(id, {{"phone", "555-0199"}});
  fmt::print("stored:    {}\n", system.entities("employee").get(id).json());
}
