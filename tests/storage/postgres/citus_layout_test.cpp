// The policies of a database that is spread over a Citus cluster, here on one server: a transaction states its
// organization. tests/postgres/check_citus is for the cluster itself.
#include <catch2/catch.hpp>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("where policies cannot ask another table, a transaction states its organization", "[postgres][wall]") {
  const PostgresDatabase server;
  RawPostgres superuser(server.superuser());
  int walls = 0;
  for (const std::string& sql : distribution_statements())
    if (sql.starts_with("ALTER POLICY") || sql.starts_with("GRANT")) superuser.run(sql), ++walls;
  CHECK(walls == 7);
  server.set_up();  // which leaves them so

  const Database database = Database::open(server.application());
  const TrustedHost host = database.trusted_host();
  const OrganizationId acme("acme"), quoted("o'hara");
  const UserId olga("olga"), omar("omar");
  host.create_organization("Acme", acme);
  host.create_organization("O'Hara", quoted);
  host.create_user("Olga", olga);
  host.create_user("Omar", omar);
  host.put_member(acme, olga);
  host.put_member(quoted, omar);
  const OperatorSessions operators = host.operator_sessions();
  CHECK(operators.find(operators.redeem(operators.invite(acme, olga).secret).secret)->user == olga);
  CHECK(operators.find(operators.redeem(operators.invite(quoted, omar).secret).secret)->user == omar);
  CHECK(operators.list(acme).size() == 1);
  CHECK(host.remove_member(quoted, omar));
  CHECK(operators.list(quoted).empty());

  RawPostgres application(server.application());
  CHECK_FALSE(application.refusal("SELECT * FROM struere.memberships").empty());
  application.run("BEGIN");
  application.run("SET LOCAL struere.organization = 'acme'");
  CHECK(application.value("SELECT string_agg(user_id, ' ') FROM struere.memberships") == "olga");
  CHECK(application.value("WITH gone AS (DELETE FROM struere.organizations RETURNING 1) SELECT count(*) FROM gone") ==
        "0");
  application.run("ROLLBACK");
}
