// Operators in PostgreSQL: signing in as the role of the application, and a member who leaves.
#include <catch2/catch.hpp>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("an operator signs in, out, and is gone with the membership, in PostgreSQL", "[postgres][operators]") {
  const PostgresDatabase server;
  const Database database = Database::open(server.application());
  const TrustedHost host = database.trusted_host();
  const OrganizationId acme("acme");
  const UserId olga("olga");
  host.create_organization("Acme", acme);
  host.create_user("Olga", olga);
  host.put_member(acme, olga);
  const OperatorSessions operators = host.operator_sessions();
  const std::string link = operators.invite(acme, olga).secret;
  const std::string first = operators.redeem(link).secret;
  CHECK_ERROR(unauthenticated, operators.redeem(link));
  CHECK(operators.find(first)->user == olga);
  CHECK(operators.end(first));
  CHECK_FALSE(operators.find(first));
  const std::string second = operators.redeem(operators.invite(acme, olga).secret).secret;
  CHECK(operators.list(acme).size() == 1);
  CHECK(host.remove_member(acme, olga));
  CHECK_FALSE(operators.find(second));
  host.put_member(acme, olga);
  CHECK_FALSE(operators.find(second));

  // A library that does not know the table removes a member: the server removes the sessions.
  const std::string third = operators.redeem(operators.invite(acme, olga).secret).secret;
  RawPostgres(server.superuser()).run("DELETE FROM struere.memberships WHERE user_id = 'olga'");
  host.put_member(acme, olga);
  CHECK_FALSE(operators.find(third));
}
