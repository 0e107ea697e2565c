// The routes of administration: each does what the library does, for org admins of the organization alone.
#include <fstream>
#include <regex>
#include <thread>
#include <vector>

#include "struere/definitions/definitions.hpp"

#include "server/sign_in_world.hpp"
#include "support/raw_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const Json text_note_type{{"slug", "note"}, {"schema", {{"properties", {{"text", {{"type", "string"}}}}}}}};

Json with_types(const SignInWorld& world, const std::string& boss, const Json& types) {
  Json out = world.as(boss, "GET", "/v1/definitions").json();
  for (const Json& type : types) {
    DefinitionSet set = DefinitionSet::from_json(out);
    set.add(DefinitionKind::entity_type, type);
    out = set.to_json();
  }
  return out;
}

}  // namespace

TEST_CASE("what only an org admin may do leaves a denial in the log of who tries it", "[server][administration]") {
  const SignInWorld world;
  const std::string boss = world.cookie_of("boss"), olga = world.cookie_of("olga");
  CHECK(world.as(olga, "PUT", "/v1/members/olga", Json{{"membership", "admin"}}).status == 403);
  CHECK(world.as(olga, "GET", "/v1/doctor").status == 403);
  Json found = Json::array();
  const Json events = world.as(boss, "GET", "/v1/events?type=access.denied").json();
  for (const Json& event : events.at("items")) {
    CHECK(event.at("actorId") == "olga");
    found.push_back(event.at("payload").at("action").get<std::string>() + " " +
                    event.at("payload").at("resource").get<std::string>());
  }
  CHECK(found == Json{"update members", "read doctor"});
}

TEST_CASE("types, roles and triggers are made, shown and removed as definitions", "[server][administration]") {
  const SignInWorld world;
  const std::string boss = world.cookie_of("boss");
  const SentAnswer made = world.as(boss, "PUT", "/v1/types/visit", Json{{"name", "Visit"}});
  REQUIRE(made.status == 200);
  CHECK(made.json().at("slug") == "visit");
  CHECK(world.as(boss, "GET", "/v1/types").json().at("items").size() == 2);
  CHECK(world.as(boss, "GET", "/v1/types/visit").json() == made.json());
  CHECK(world.as(boss, "GET", "/v1/types/visit", {}, "production").status == 404);
  CHECK(world.as(boss, "PUT", "/v1/types/visit", Json{{"slug", "other"}}).status == 400);
  CHECK(world.as(boss, "PUT", "/v1/types/Bad", Json::object()).status == 422);
  CHECK(world.as(boss, "PUT", "/v1/types/visit", Json::array()).status == 400);

  const Json role{{"policies", {{{"resource", "visit"}, {"actions", {"list"}}, {"effect", "allow"}}}}};
  CHECK(world.as(boss, "PUT", "/v1/roles/host", role).json().at("name") == "host");
  CHECK(world
            .as(boss, "PUT", "/v1/triggers/greet",
                Json{{"on", {{"entityType", "visit"}, {"action", "created"}}},
                     {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "visit.seen"}}}}}}})
            .status == 200);
  CHECK(world.as(boss, "GET", "/v1/triggers").json().at("items").at(0).at("slug") == "greet");
  world.as(boss, "POST", "/v1/entities/visit", Json{{"data", Json::object()}});
  const Json runs = world.as(boss, "GET", "/v1/runs?status=pending&trigger=greet").json().at("items");
  REQUIRE(runs.size() == 1);
  const std::string run = runs.at(0).at("id");
  CHECK(world.as(boss, "GET", "/v1/runs/" + run).json().at("definition").at("slug") == "greet");
  CHECK(world.as(boss, "POST", "/v1/runs/" + run + "/retry").status == 409);
  CHECK(world.as(boss, "POST", "/v1/runs/" + run + "/cancel").json().at("status") == "cancelled");
  CHECK(world.as(boss, "GET", "/v1/runs?status=late").status == 400);

  CHECK(world.as(boss, "DELETE", "/v1/triggers/greet").status == 204);
  CHECK(world.as(boss, "DELETE", "/v1/roles/host").status == 204);
  CHECK(world.as(boss, "DELETE", "/v1/roles/host").status == 404);
  CHECK(world.as(boss, "DELETE", "/v1/types/visit").status == 409);  // it has an entity
}

TEST_CASE("members and their roles", "[server][administration]") {
  const SignInWorld world;
  const std::string boss = world.cookie_of("boss");
  CHECK(world.as(boss, "PUT", "/v1/members/ana%40example.org", Json{{"name", "Ana"}}).status == 200);
  CHECK(world.as(boss, "PUT", "/v1/members/ana%40example.org", Json{{"membership", "admin"}}).status == 200);
  CHECK(world.as(boss, "PUT", "/v1/members/x", Json{{"membership", "owner"}}).status == 400);
  CHECK(world.as(boss, "PUT", "/v1/roles/reader/assignments/ana%40example.org", Json{{"expiresAt", 4'000'000'000'000}})
            .status == 204);
  CHECK(world.as(boss, "PUT", "/v1/roles/none/assignments/olga", Json::object()).status == 404);
  const Json ana = world.as(boss, "GET", "/v1/members/ana%40example.org").json();
  CHECK(ana.at("membership") == "admin");
  CHECK(ana.at("roles") == Json{"reader"});
  CHECK(ana.at("assignments").at(0).at("expiresAt") == 4'000'000'000'000);
  CHECK(world.as(boss, "GET", "/v1/members").json().at("items").size() == 3);
  CHECK(world.as(boss, "DELETE", "/v1/roles/reader/assignments/ana%40example.org").status == 204);
  CHECK(world.as(boss, "DELETE", "/v1/roles/reader/assignments/ana%40example.org").status == 404);
  CHECK(world.as(boss, "DELETE", "/v1/members/ana%40example.org").status == 204);
  CHECK(world.as(boss, "DELETE", "/v1/members/ana%40example.org").status == 404);
}

TEST_CASE("an expiry that has passed is refused, and an expired role is none that a member has",
          "[server][administration]") {
  SignInWorld world;
  const std::string boss = world.cookie_of("boss");
  const std::string target = "/v1/roles/reader/assignments/olga";
  const auto assign = [&](Timestamp expiry) { return world.as(boss, "PUT", target, Json{{"expiresAt", expiry}}); };
  const Timestamp soon = world.clock.now() + 1000;
  REQUIRE(assign(soon).status == 204);
  for (const Timestamp wrong :
       {Timestamp(0), Timestamp(-1), Timestamp(1), world.clock.now() / 1000, world.clock.now()}) {
    const SentAnswer refused = assign(wrong);
    const SentAnswer of_key = world.as(boss, "POST", "/v1/keys", Json{{"name", "k"}, {"expiresAt", wrong}});
    CHECK(refused.status == 422);
    CHECK(refused.json() == of_key.json());
  }
  const auto olga = [&] { return world.as(boss, "GET", "/v1/members/olga").json(); };
  CHECK(olga().at("roles") == Json{"reader"});
  CHECK_FALSE(olga().at("assignments").at(0).contains("expired"));
  world.clock.advance(1000);
  CHECK(olga().at("roles") == Json::array());
  CHECK(olga().at("assignments").at(0).at("role") == "reader");
  CHECK(olga().at("assignments").at(0).at("expiresAt") == soon);
  CHECK(olga().at("assignments").at(0).at("expired") == true);
  // The library takes it, as SPEC 2 says: such an assignment has no effect.
  world.system().roles().assign(UserId("olga"), "reader", 1);
  CHECK(world.system().roles().assignments(UserId("olga")).front().has_expired);
}

TEST_CASE("a member keeps the membership that a request does not name, and the last admin stays one",
          "[server][administration]") {
  const SignInWorld world;
  const std::string boss = world.cookie_of("boss");
  const auto membership = [&](const std::string& user) {
    return world.as(boss, "GET", "/v1/members/" + user).json().at("membership");
  };
  CHECK(world.as(boss, "PUT", "/v1/members/boss", Json::object()).json().at("membership") == "admin");
  CHECK(world.as(boss, "PUT", "/v1/members/boss", Json{{"name", "Boss"}}).json().at("membership") == "admin");
  for (const SentAnswer& answer : {world.as(boss, "PUT", "/v1/members/boss", Json{{"membership", "member"}}),
                                   world.as(boss, "DELETE", "/v1/members/boss")}) {
    CHECK(answer.status == 409);
    CHECK(answer.json().at("code") == "conflict");
  }
  CHECK(membership("boss") == "admin");

  REQUIRE(world.as(boss, "PUT", "/v1/members/olga", Json{{"membership", "admin"}}).status == 200);
  CHECK(world.as(boss, "PUT", "/v1/members/olga", Json{{"membership", "member"}}).json().at("membership") == "member");
  REQUIRE(world.as(boss, "PUT", "/v1/members/olga", Json{{"membership", "admin"}}).status == 200);
  CHECK(world.as(boss, "PUT", "/v1/members/boss", Json{{"membership", "member"}}).status == 200);
  CHECK(world.as(world.cookie_of("olga"), "GET", "/v1/members/boss").json().at("membership") == "member");
}

TEST_CASE("what only an org admin may do is refused to members, keys, and to whoever is viewed as",
          "[server][administration]") {
  SignInWorld world;
  world.add_organization("globex");
  world.user("gus", {}, Environment::development, "globex", MembershipRole::admin);
  const std::string boss = world.cookie_of("boss"), olga = world.cookie_of("olga");
  world.define_role({{"name", "all"}, {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
  const std::string key = world.system().api_keys().create({.name = "k", .roles = {"all"}}).secret;
  for (const char* const target : {"/v1/members", "/v1/members/olga", "/v1/types", "/v1/roles", "/v1/triggers",
                                   "/v1/definitions", "/v1/doctor", "/v1/backup", "/v1/operators", "/v1/runs"}) {
    INFO(target);
    CHECK(world.as(olga, "GET", target).status == 403);
    CHECK(world.send("GET", target, {{"Authorization", "Bearer " + key}}).status == 403);
    CHECK(world
              .send("GET", fmt::format("{}?environment=development", target),
                    {{"Cookie", boss}, {"Struere-View-As", "user:olga"}})
              .status == 403);
    CHECK(world.as(boss, "GET", target).status == 200);
  }
  CHECK(world.as(olga, "PUT", "/v1/members/olga", Json{{"membership", "admin"}}).status == 403);
  CHECK(world.as(olga, "POST", "/v1/operators", Json{{"user", "boss"}}).status == 403);
  // A user of another organization is like one who never existed.
  CHECK(world.as(boss, "GET", "/v1/members/gus").body == world.as(boss, "GET", "/v1/members/none").body);
  CHECK(world.as(boss, "POST", "/v1/operators", Json{{"user", "gus"}}).body ==
        world.as(boss, "POST", "/v1/operators", Json{{"user", "none"}}).body);
}

TEST_CASE("a key is shown once, listed without its secret, rotated and revoked", "[server][administration]") {
  const SignInWorld world;
  const std::string boss = world.cookie_of("boss");
  const SentAnswer made = world.as(boss, "POST", "/v1/keys", Json{{"name", "app"}, {"roles", {"reader"}}});
  REQUIRE(made.status == 201);
  const std::string secret = made.json().at("secret"), id = made.json().at("id");
  CHECK(made.json().at("createdBy") == "boss");
  const auto works = [&](const std::string& text) {
    return world.send("GET", "/v1/me", {{"Authorization", "Bearer " + text}}).status == 200;
  };
  CHECK(works(secret));
  const SentAnswer listed = world.as(boss, "GET", "/v1/keys");
  CHECK(listed.json().at("items").size() == 1);
  CHECK(listed.body.find(secret) == std::string::npos);
  const SentAnswer rotated = world.as(boss, "POST", "/v1/keys/" + id + "/rotate", Json{{"expiresInSeconds", 60}});
  REQUIRE(rotated.status == 201);
  CHECK(works(secret));
  CHECK(works(rotated.json().at("secret")));
  CHECK(world.as(boss, "DELETE", "/v1/keys/" + id).status == 204);
  CHECK_FALSE(works(secret));
  CHECK(world.as(boss, "POST", "/v1/keys", Json{{"name", "x"}, {"roles", {"none"}}}).status == 422);
  CHECK(world.as(boss, "POST", "/v1/keys/" + id + "/rotate", Json{{"expiresInSeconds", -1}}).status == 400);
}

TEST_CASE("definitions are planned, applied, deployed and rolled back", "[server][administration]") {
  const SignInWorld world;
  const std::string boss = world.cookie_of("boss");
  const Json wanted = with_types(world, boss, {{{"slug", "visit"}}});
  const Json plan = world.as(boss, "POST", "/v1/definitions/plan", Json{{"definitions", wanted}}).json();
  REQUIRE(plan.at("changes").size() == 1);
  CHECK(plan.at("changes").at(0).at("name") == "visit");
  CHECK(world.as(boss, "GET", "/v1/types/visit").status == 404);  // a plan changes nothing
  Json body{{"definitions", wanted}, {"base", plan.at("base")}};
  CHECK(world.as(boss, "POST", "/v1/definitions/apply", body, "production").status == 400);
  CHECK(world.as(boss, "POST", "/v1/definitions/apply", body).status == 200);
  CHECK(world.as(boss, "GET", "/v1/types/visit").status == 200);
  CHECK(world.as(boss, "POST", "/v1/definitions/apply", body).status == 409);  // not what was shown any more

  const Json to_deploy = world.as(boss, "POST", "/v1/definitions/plan", Json::object(), "production").json();
  CHECK(to_deploy.at("changes").size() == 3);
  CHECK(world.as(boss, "POST", "/v1/definitions/deploy", Json{{"note", "n"}}, "production").status == 400);
  CHECK(world.as(boss, "POST", "/v1/definitions/deploy", Json{{"confirm", "production"}}).status == 400);
  Json shown{{"confirm", "production"}, {"note", "one"}, {"base", to_deploy.at("base")}};
  // `base` tells of production only.
  CHECK(world.as(boss, "POST", "/v1/definitions/deploy", shown, "production").status == 400);
  shown["definitions"] = world.as(boss, "GET", "/v1/definitions").json();
  const SentAnswer first = world.as(boss, "POST", "/v1/definitions/deploy", shown, "production");
  REQUIRE(first.status == 201);
  CHECK(first.json().at("number") == 1);
  CHECK(first.json().at("createdBy") == "boss");
  CHECK(world.as(boss, "DELETE", "/v1/types/visit").status == 204);
  // What is deployed is what was shown, or nothing.
  CHECK(world
            .as(boss, "POST", "/v1/definitions/deploy", Json{{"confirm", "production"}, {"definitions", wanted}},
                "production")
            .status == 409);
  CHECK(world.as(boss, "POST", "/v1/definitions/deploy", Json{{"confirm", "production"}}, "production").status == 201);
  CHECK(world.as(boss, "GET", "/v1/types/visit", {}, "production").status == 404);

  const Json back = world.as(boss, "POST", "/v1/releases/1/plan", Json::object(), "production").json();
  CHECK(back.at("changes").at(0).at("change") == "create");
  CHECK(world.as(boss, "POST", "/v1/releases/9/plan", Json::object(), "production").status == 404);
  CHECK(world.as(boss, "POST", "/v1/releases/x/plan", Json::object(), "production").status == 400);
  CHECK(world.as(boss, "POST", "/v1/releases/1/rollback", Json::object(), "production").status == 400);
  CHECK(world.as(boss, "POST", "/v1/releases/1/rollback", Json{{"confirm", "production"}}, "production")
            .json()
            .at("restores") == 1);
  CHECK(world.as(boss, "GET", "/v1/types/visit", {}, "production").status == 200);
  const Json releases = world.as(boss, "GET", "/v1/releases", {}, "production").json().at("items");
  REQUIRE(releases.size() == 3);
  CHECK(releases.at(0).at("number") == 3);
  CHECK(world.as(boss, "GET", "/v1/releases/1", {}, "production").json().contains("definitions"));
}

TEST_CASE("an obstacle stands in the plan with its kind, and stops the change", "[server][administration]") {
  SignInWorld world;
  const std::string boss = world.cookie_of("boss");
  world.create("note", {{"text", "t"}});
  const Json none = DefinitionSet().to_json();
  const Json plan = world.as(boss, "POST", "/v1/definitions/plan", Json{{"definitions", none}}).json();
  REQUIRE_FALSE(plan.at("obstacles").empty());
  CHECK(plan.at("obstacles").at(0).at("kind") == "entities_of_removed_type");
  CHECK(world.as(boss, "POST", "/v1/definitions/apply", Json{{"definitions", none}}).status == 409);
  CHECK(world.as(boss, "POST", "/v1/definitions/plan", Json{{"definitions", none}, {"options", {{"force", true}}}})
            .status == 400);
}

TEST_CASE("a pack is planned, installed, shown and uninstalled", "[server][administration]") {
  const SignInWorld world;
  const std::string boss = world.cookie_of("boss");
  DefinitionSet definitions;
  definitions.add(DefinitionKind::entity_type, {{"slug", "lesson"}});
  const Json pack{
      {"id", "tutoring"}, {"version", "1.0.0"}, {"name", "Tutoring"}, {"definitions", definitions.to_json()}};
  const Json asked{{"action", "install"}, {"pack", pack}};
  const Json plan = world.as(boss, "POST", "/v1/packs/plan", asked).json();
  CHECK(plan.at("base").is_string());
  CHECK(world.as(boss, "GET", "/v1/packs").json().at("items").empty());
  Json apply = asked;
  apply["base"] = plan.at("base");
  REQUIRE(world.as(boss, "POST", "/v1/packs/apply", apply).status == 200);
  CHECK(world.as(boss, "GET", "/v1/packs").json().at("items").at(0).at("version") == "1.0.0");
  CHECK(world.as(boss, "GET", "/v1/packs/tutoring").json().contains("definitions"));
  CHECK(world.as(boss, "GET", "/v1/types/lesson").status == 200);
  CHECK(world.as(boss, "POST", "/v1/packs/apply", asked).status == 409);
  CHECK(world.as(boss, "POST", "/v1/packs/apply", Json{{"action", "uninstall"}, {"id", "tutoring"}}).status == 200);
  CHECK(world.as(boss, "GET", "/v1/types/lesson").status == 404);
  CHECK(world.as(boss, "POST", "/v1/packs/plan", Json{{"action", "eat"}, {"id", "x"}}).status == 400);
  CHECK(world.as(boss, "POST", "/v1/packs/plan", Json{{"action", "install"}, {"pack", {{"id", 1}}}}).status == 400);
}

TEST_CASE("the doctor speaks of the organization that asks alone", "[server][administration]") {
  SignInWorld world;
  world.add_organization("globex");
  world.system(Environment::development, "globex").api_keys().create({.name = "theirs"});
  world.system().api_keys().create({.name = "ours"});
  const Json found = world.as(world.cookie_of("boss"), "GET", "/v1/doctor").json();
  CHECK(found.at("healthy") == true);
  REQUIRE_FALSE(found.at("findings").empty());
  for (const Json& finding : found.at("findings")) CHECK(finding.at("organization") == "acme");
}

TEST_CASE("a backup is a database with this organization and no other", "[server][administration]") {
  SignInWorld world;
  world.add_organization("globex");
  world.define_type(text_note_type, Environment::development, "globex");
  world.create("note", {{"text", "theirs"}}, Environment::development, "globex");
  const EntityId ours = world.create("note", {{"text", "ours"}});
  const SentAnswer answer = world.as(world.cookie_of("boss"), "GET", "/v1/backup");
  REQUIRE(answer.status == 200);
  const std::string file = (world.folder.path() / "copy.db").string();
  std::ofstream(file, std::ios::binary) << answer.body;
  const Database copy = Database::open(file, {.sqlite = {.must_exist = true}});
  REQUIRE(copy.trusted_host().organizations().size() == 1);
  CHECK(copy.trusted_host()
            .system_session(OrganizationId("acme"), Environment::development)
            .entities("note")
            .get(ours)
            .data()
            .at("text") == "ours");
  CHECK(answer.body.find("theirs") == std::string::npos);
}

TEST_CASE("an org admin cannot tell whether a user was there before they became a member",
          "[server][administration][wall]") {
  SignInWorld world;
  world.add_organization("globex");
  world.host().create_user("Dora Real-Name", UserId("dora"));
  world.host().put_member(OrganizationId("globex"), UserId("dora"));
  world.clock.advance(60'000);
  const std::string boss = world.cookie_of("boss");
  const auto about = [&](const std::string& user) {  // all that there is to see of it
    std::string seen;
    for (const SentAnswer& answer :
         {world.as(boss, "PUT", "/v1/members/" + user, Json{{"name", "x"}}),
          world.as(boss, "GET", "/v1/members/" + user), world.as(boss, "GET", "/v1/members?limit=1000"),
          world.as(boss, "GET", "/v1/events?type=member.added&limit=1"),
          world.as(boss, "POST", "/v1/explain",
                   Json{{"about", "user:" + user}, {"action", "list"}, {"resource", "note"}})})
      seen += fmt::format("{} {}\n", answer.status, answer.body);
    for (std::size_t at = 0; (at = seen.find(user, at)) != std::string::npos;) seen.replace(at, user.size(), "USER");
    world.as(boss, "DELETE", "/v1/members/" + user);
    return std::regex_replace(seen, std::regex("[0-9a-f]{8}-[0-9a-f-]{27}|\"cursor\":\"[^\"]*\""), "ID");
  };
  const std::string of_new = about("nora");
  CHECK(of_new.find("USER") != std::string::npos);
  CHECK(about("dora") == of_new);
  for (const char* const user : {"dora", "nora"})
    world.as(boss, "PUT", std::string("/v1/members/") + user, Json::object());
  const SentAnswer answer = world.as(boss, "GET", "/v1/backup");
  REQUIRE(answer.status == 200);
  CHECK(answer.body.find("Real-Name") == std::string::npos);
  const std::string file = (world.folder.path() / "copy.db").string();
  std::ofstream(file, std::ios::binary) << answer.body;
  RawDatabase copy(file);
  for (const char* const column :
       {"name = id", "created_at = (SELECT created_at FROM memberships m WHERE user_id = users.id)"})
    CHECK(copy.value(fmt::format("SELECT count(*) FROM users WHERE {}", column)) ==
          copy.value("SELECT count(*) FROM users"));
}

TEST_CASE("the cursor of members is opaque, and is valid for them alone", "[server][administration]") {
  SignInWorld world;
  world.add_organization("globex");
  world.user("gus", {}, Environment::development, "globex", MembershipRole::admin);
  world.user("gil", {}, Environment::development, "globex");
  world.create("note", {{"text", "a"}});
  world.create("note", {{"text", "b"}});
  const std::string boss = world.cookie_of("boss");
  const auto page = [&](const std::string& cursor, const std::string& environment = "development") {
    return world.as(boss, "GET", "/v1/members?limit=1&cursor=" + cursor, {}, environment);
  };
  const Json first = world.as(boss, "GET", "/v1/members?limit=1").json();
  CHECK(first.at("items").at(0).at("id") == "boss");
  const std::string cursor = first.at("cursor");
  CHECK(cursor.find("boss") == std::string::npos);
  CHECK(page(cursor).json().at("items").at(0).at("id") == "olga");
  CHECK_FALSE(page(cursor).json().contains("cursor"));
  const Json events = world.as(boss, "GET", "/v1/events?limit=1").json();
  const std::string of_events = events.at("cursor");
  const std::string theirs = *world.host().member_page(OrganizationId("globex"), Environment::development, 1).next;
  for (const std::string& other : {std::string("garbage"), std::string("boss"), std::string(), of_events, theirs,
                                   cursor.substr(1), cursor + "A"}) {
    INFO(other);
    const SentAnswer refused = page(other);
    CHECK(refused.status == 422);
    CHECK(refused.json().at("code") == "invalid_cursor");
  }
  CHECK(page(cursor, "production").status == 422);
  CHECK(world.as(boss, "GET", "/v1/members?limit=1001").json().at("code") == "invalid_query");
}

TEST_CASE("verifying the log tells who does not see all of it nothing of its size", "[server][administration][wall]") {
  SignInWorld world;
  world.define_role(
      {{"name", "auditor"}, {"policies", {{{"resource", "events"}, {"actions", {"read"}}, {"effect", "allow"}}}}});
  world.user("ines", {"auditor"});
  const std::string ines = world.cookie_of("ines"), boss = world.cookie_of("boss");
  const auto verified = [&](const std::string& cookie) { return world.as(cookie, "POST", "/v1/events/verify").body; };
  const std::string before = verified(ines), of_boss = verified(boss);
  CHECK(Json::parse(before) == Json{{"ok", true}, {"problem", ""}});
  CHECK(Json::parse(of_boss).at("verified") > 0);
  world.create("note", {{"text", "hidden"}});
  CHECK(verified(ines) == before);
  CHECK(verified(boss) != of_boss);
}

TEST_CASE("backups that are asked for at once take turns, or are told to come again", "[server][administration]") {
  SignInWorld world;
  world.create("note", {{"text", "ours"}});
  const std::string boss = world.cookie_of("boss");
  std::vector<SentAnswer> answers(4);
  std::vector<std::thread> threads;
  for (SentAnswer& answer : answers) threads.emplace_back([&] { answer = world.as(boss, "GET", "/v1/backup"); });
  for (std::thread& thread : threads) thread.join();
  int done = 0;
  for (const SentAnswer& answer : answers) {
    if (answer.status == 200) ++done;
    if (answer.status == 200) continue;
    CHECK(answer.status == 429);
    CHECK(answer.header("retry-after") == "60");
  }
  CHECK(done >= 1);
  CHECK(world.as(boss, "GET", "/v1/backup").status == 200);
}
