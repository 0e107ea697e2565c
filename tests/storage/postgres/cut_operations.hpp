// Each kind of operation as a test cuts its connection: what it does, and how often it was done.
#pragma once

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "struere/definitions/definitions.hpp"
#include "struere/struere.hpp"
#include "struere/triggers/trigger_worker.hpp"
#include "support/cutting_relay.hpp"
#include "support/manual_clock.hpp"
#include "support/postgres_database.hpp"

namespace struere::test {

inline const OrganizationId cut_company("acme"), other_company("globex"), large_company("initech");

class CutConnections {
 public:
  CutConnections() {
    const Session system = direct_system();
    system.entity_types().define(
        {{"slug", "note"},
         {"unique", Json::array({Json::array({"title"})})},
         {"schema",
          {{"type", "object"},
           {"properties", {{"title", {{"type", "string"}}}, {"group", {{"type", "string"}, {"x-index", true}}}}}}}});
    for (const char* const type : {"visit", "report"}) system.entity_types().define({{"slug", type}});
    system.roles().define(
        {{"name", "reader"},
         {"policies", {{{"resource", "note"}, {"actions", {"read", "list"}}, {"effect", "allow"}}}},
         {"scopeRules",
          {{{"entityType", "note"}, {"field", "data.owner"}, {"operator", "eq"}, {"value", "actor.userId"}}}}});
    system.triggers().define({{"slug", "report"},
                              {"on", {{"entityType", "visit"}, {"action", "created"}}},
                              {"retry", {{"maxAttempts", 5}, {"backoff", "0ms"}}},
                              {"actions",
                               {{{"tool", "entity.create"},
                                 {"args", {{"type", "report"}, {"data", {{"of", "{{trigger.data.title}}"}}}}}}}}});
    const TrustedHost host = direct->trusted_host();
    host.create_user("ada", UserId("ada"));
    host.put_member(cut_company, UserId("ada"));
    system.roles().assign(UserId("ada"), "reader");
    secret = system.api_keys().create({.name = "cut", .roles = {"reader"}}).secret;
    std::vector<Json> rows;
    for (int i = 0; i < 60; ++i)
      rows.push_back(
          {{"title", "kept " + std::to_string(i)}, {"group", "kept"}, {"owner", i % 2 == 0 ? "ada" : "bob"}});
    kept = system.entities("note").create_all(rows).front();
    direct_system(other_company).entity_types().define({{"slug", "box"}});
    direct_system(large_company).entity_types().define({{"slug", "crate"}});
    rows.assign(2'100, Json::object());  // more than a definition goes through by itself
    direct_system(large_company).entities("crate").create_all(rows);
  }

  Session system(const OrganizationId& id = cut_company) const { return session_of(*relayed, id); }
  Session direct_system(const OrganizationId& id = cut_company) const { return session_of(*direct, id); }
  EntityRepository notes() const { return system().entities("note"); }
  EntityRepository direct_notes() const { return direct_system().entities("note"); }
  std::int64_t rows_of(const std::string& group) const {
    return direct_notes().count({.where = field("data.group") == group});
  }
  void make_row() { row = direct_notes().create({{"title", marker}, {"group", marker}}).id; }
  std::int64_t number(const std::string& sql) { return std::stoll(superuser.value(sql)); }
  std::int64_t events() { return number("SELECT sum(event_count) FROM struere.scope_heads"); }

  // Until the server has nothing left to do for anybody.
  void wait_for_idle_server() {
    for (int waited = 0; waited < 5000; ++waited) {
      if (number("SELECT count(*) FROM pg_stat_activity a WHERE datname = current_database() AND pid <> "
                 "pg_backend_pid() AND backend_type = 'client backend' AND (state IS DISTINCT FROM 'idle' OR EXISTS "
                 "(SELECT 1 FROM pg_locks l WHERE l.pid = a.pid))") == 0)
        return;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    FAIL("a session of the server is still in a transaction, or holds a lock");
  }

  std::unique_ptr<Database> open(const std::string& url) {
    DatabaseOptions options;
    options.clock = &clock;
    options.sqlite.busy_timeout = std::chrono::seconds(20);
    return std::make_unique<Database>(Database::open(url, options));
  }
  std::string relayed_url() const {
    return "postgresql://" + PostgresRoles().application + "@/" + server.name() + "?host=" + relay.folder();
  }

  PostgresDatabase server;
  RawPostgres superuser{server.superuser()};
  CuttingRelay relay{superuser.value("SELECT split_part(current_setting('unix_socket_directories'), ',', 1)")};
  ManualClock clock;
  std::unique_ptr<Database> direct = open_with_organizations(), relayed = open(relayed_url());
  std::string secret;
  EntityId kept{"none"};  // a row that stays

  std::string marker;    // of this round
  EntityId row{"none"};  // that this round is about

 private:
  static Session session_of(const Database& database, const OrganizationId& id) {
    return database.trusted_host().system_session(id, Environment::development);
  }
  std::unique_ptr<Database> open_with_organizations() {
    auto out = open(server.application());
    for (const OrganizationId& id : {cut_company, other_company, large_company})
      out->trusted_host().create_organization(id.str(), id);
    return out;
  }
};

struct CutOperation {
  const char* name;
  std::function<void(CutConnections&)> act;  // through the relay
  // Of a write: how often it was done in this round, as another connection sees it.
  std::function<std::int64_t(CutConnections&)> times = {};
  std::function<void(CutConnections&)> before = {};  // through another connection
  // What makes it done where it was not, or was not known to be: it is there once then.
  std::function<void(CutConnections&)> again = {};
  bool is_tried_again = true;  // by the library: a single cut is seen only at a commit
  bool is_long = false;        // a sample plays it less often
};

inline void require_that(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

inline std::vector<CutOperation> cut_operations() {
  using C = CutConnections;
  const auto make_row = [](C& c) { c.make_row(); };
  const auto rows = [](C& c) { return c.rows_of(c.marker); };
  const auto once = [](C& c) {
    const OnceAnswer answer = c.system().once({c.marker, c.marker}, [&](Session& unit) {
      unit.entities("note").create({{"title", c.marker}, {"group", c.marker}});
      return Json(c.marker);
    });
    require_that(answer.answer == c.marker, "the answer of another request");
  };
  const auto reports = [](C& c) {
    return c.direct_system().entities("report").count({.where = field("data.of") == c.marker});
  };
  return {
      {.name = "open", .act = [](C& c) { (void)c.open(c.relayed_url()); }},
      {.name = "check of the storage",
       .act =
           [](C& c) {
             const StorageReport report = c.relayed->trusted_host().check_storage();
             require_that(report.faults.empty() && report.field_keys && !report.field_keys->empty(), "another report");
           }},
      {.name = "invitation of an operator",
       .act = [](C& c) { (void)c.relayed->trusted_host().operator_sessions().invite(cut_company, UserId("ada")); },
       .times = [](C& c) { return c.number("SELECT count(*) FROM struere.operator_sessions WHERE ended_at IS NULL"); },
       .before = [](C& c) { c.direct->trusted_host().operator_sessions().end_all(cut_company, UserId("ada")); }},
      {.name = "get",
       .act = [](C& c) { require_that(c.notes().get(c.kept).data().at("title") == "kept 0", "another row"); }},
      {.name = "page",
       .act =
           [](C& c) {
             const EntityPage page = c.notes().list({.where = field("data.group") == "kept", .limit = 25});
             require_that(page.size() == 25 && page.next().has_value(), "another page");
             require_that(c.notes().list({.where = field("data.group") == "kept", .after = page.next()}).size() == 35,
                          "the rest");
           }},
      {.name = "page that the library decides",
       .act = [](C& c) { require_that(c.notes().list({.where = field("data.owner") == "bob"}).size() == 30, "rows"); }},
      {.name = "count",
       .act = [](C& c) { require_that(c.notes().count({.where = field("data.group") == "kept"}) == 60, "a count"); }},
      {.name = "aggregate",
       .act =
           [](C& c) {
             const Aggregates sums =
                 c.notes().aggregate({.where = field("data.group") == "kept"}, {"data.owner"}, {{}});
             require_that(sums.groups.size() == 2 && sums.groups[0].measures[0] == Json(30), "an aggregate");
           }},
      {.name = "session of a user, and its page",
       .act =
           [](C& c) {
             const Session user =
                 c.relayed->trusted_host().user_session(UserId("ada"), cut_company, Environment::development);
             require_that(user.entities("note").list({.where = field("data.group") == "kept"}).size() == 30, "a view");
           }},
      {.name = "impersonation",
       .act =
           [](C& c) {
             require_that(c.system().impersonate({.user = UserId("ada")}).actor().id() == "ada", "another actor");
           }},
      {.name = "authenticate",
       .act = [](C& c) { require_that(c.relayed->authenticate(c.secret).actor().roles().size() == 1, "roles"); }},
      {.name = "list of events and verification",
       .act =
           [](C& c) {
             require_that(!c.system().events().list({.limit = 5}).events.empty(), "no events");
             require_that(c.system().events().verify().ok, "the chain");
           }},
      {.name = "create",
       .act =
           [](C& c) {
             c.notes().create({{"title", c.marker}, {"group", c.marker}});
           },
       .times = rows},
      {.name = "update",
       .act =
           [](C& c) {
             c.notes().update(c.row, {{"more", 1}});
           },
       .times = [](C& c) { return c.direct_notes().get(c.row).version() - 1; },
       .before = make_row},
      {.name = "upsert that creates",
       .act =
           [](C& c) {
             c.notes().upsert({"title"}, {{"title", c.marker}, {"group", c.marker}});
           },
       .times = rows},
      {.name = "upsert that updates",
       .act =
           [](C& c) {
             c.notes().upsert({"title"}, {{"title", c.marker}, {"more", 1}});
           },
       .times = [](C& c) { return c.direct_notes().get(c.row).version() - 1; },
       .before = make_row},
      {.name = "delete",
       .act = [](C& c) { c.notes().remove(c.row); },
       .times = [](C& c) { return c.direct_notes().exists(c.row) ? 0 : 1; },
       .before = make_row},
      {.name = "restore",
       .act = [](C& c) { c.notes().restore(c.row); },
       .times = rows,
       .before =
           [](C& c) {
             c.make_row();
             c.direct_notes().remove(c.row);
           }},
      {.name = "purge",
       .act = [](C& c) { c.notes().purge(c.row); },
       .times =
           [](C& c) { return 1 - c.number("SELECT count(*) FROM struere.entities WHERE id = '" + c.row.str() + "'"); },
       .before = make_row},
      {.name = "relation",
       .act = [](C& c) { c.system().relations().link(c.row, "part", c.kept); },
       .times =
           [](C& c) { return static_cast<std::int64_t>(c.direct_system().relations().related(c.row, "part").size()); },
       .before = make_row},
      {.name = "create_all",
       .act =
           [](C& c) {
             std::vector<Json> all;
             for (int i = 0; i < 20; ++i) all.push_back({{"title", c.marker + std::to_string(i)}, {"group", c.marker}});
             c.notes().create_all(all);
           },
       .times =
           [](C& c) {
             const std::int64_t there = c.rows_of(c.marker);
             return there % 20 == 0 ? there / 20 : -1;
           }},
      {.name = "unit of work",
       .act =
           [](C& c) {
             c.system().transaction([&](Session& unit) {
               const EntityId one = unit.entities("note").create({{"title", c.marker}, {"group", c.marker}}).id;
               require_that(unit.entities("note").count({.where = field("data.group") == c.marker}) == 1,
                            "the own row");
               unit.relations().link(one, "part", c.kept);
               unit.entities("note").update(one, {{"more", 1}});
             });
           },
       .times =
           [](C& c) {
             std::int64_t whole = 0;
             const EntityPage page = c.direct_notes().list({.where = field("data.group") == c.marker});
             for (const Entity& each : page)
               whole +=
                   each.version() == 2 && c.direct_system().relations().related(each.id(), "part").size() == 1 ? 1 : -9;
             return whole;
           },
       .is_tried_again = false},
      {.name = "once", .act = once, .times = rows, .again = once, .is_tried_again = false},
      {.name = "claim and steps of a trigger",
       .act = [](C& c) { TriggerWorker(*c.relayed).run_due(); },
       .times = reports,
       .before =
           [](C& c) {
             c.direct_system().entities("visit").create({{"title", c.marker}});
           },
       .again =
           [](C& c) {
             c.clock.advance(120'000);  // longer than a lease
             TriggerWorker(*c.direct).run_due();
           }},
      {.name = "definition sync",
       .act =
           [](C& c) {
             DefinitionSet set;
             set.add(DefinitionKind::entity_type, {{"slug", "box"}, {"name", c.marker}});
             const Definitions definitions(c.system(other_company));
             definitions.apply(definitions.plan(set));
           },
       .times =
           [](C& c) { return c.direct_system(other_company).entity_types().list().front().name == c.marker ? 1 : 0; }},
      {.name = "field key over rows that are there",
       .act =
           [](C& c) {
             c.system(large_company)
                 .entity_types()
                 .define({{"slug", "crate"},
                          {"name", c.marker},
                          {"schema", {{"properties", {{c.marker, {{"type", "string"}, {"x-index", true}}}}}}}});
             require_that(c.number("SELECT count(*) FROM struere.unfinished_scopes") == 0, "the key was not built");
           },
       .times =
           [](C& c) { return c.direct_system(large_company).entity_types().list().front().name == c.marker ? 1 : 0; },
       .is_long = true},
      {.name = "membership",
       .act = [](C& c) { c.relayed->trusted_host().put_member(cut_company, UserId(c.marker)); },
       .times = [](C& c) { return c.direct->trusted_host().member(cut_company, UserId(c.marker)) ? 1 : 0; },
       .before = [](C& c) { c.direct->trusted_host().create_user(c.marker, UserId(c.marker)); }},
      {.name = "organization",
       .act = [](C& c) { c.relayed->trusted_host().create_organization(c.marker, OrganizationId(c.marker)); },
       .times =
           [](C& c) {
             return c.number("SELECT count(*) / 2 FROM struere.scopes WHERE organization_id = '" + c.marker + "'");
           }},
  };
}

}  // namespace struere::test
