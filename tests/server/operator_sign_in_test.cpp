// docs/server.md, "Operators": how people sign in to a server, and what stops others from using their sessions.
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "server/sign_in_world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const SentHeaders same_origin{{"Sec-Fetch-Site", "same-origin"}};

Json sign_in_body(const std::string& token) { return {{"token", token}}; }

}  // namespace

TEST_CASE("a link makes a session, which the browser keeps in a cookie that no script reads", "[server][operators]") {
  const SignInWorld world;
  const std::string link = world.link_of("olga");
  const SentAnswer made = world.send("POST", "/v1/operator/session", same_origin, sign_in_body(link));
  REQUIRE(made.status == 201);
  CHECK(made.json().at("user") == "olga");
  CHECK(made.json().at("organization") == "acme");
  CHECK_FALSE(made.json().contains("secret"));
  const std::string cookie = made.header("set-cookie");
  CHECK(cookie.starts_with("__Host-struere=op_acme."));
  CHECK(cookie.find("; Path=/; Secure; HttpOnly; SameSite=Strict") != std::string::npos);
  CHECK(cookie.find("Max-Age=43200") != std::string::npos);
  CHECK(cookie.find("Domain") == std::string::npos);
  CHECK(cookie.find(link.substr(link.rfind('.'))) == std::string::npos);  // a new secret, not that of the link
  CHECK(made.header("cache-control").find("no-store") != std::string::npos);

  const std::string pair = cookie.substr(0, cookie.find(';'));
  const Json me = world.as(pair, "GET", "/v1/me").json();
  CHECK(me.at("actorId") == "olga");
  CHECK(me.at("actorType") == "user");
  CHECK(me.at("operator") == true);
  CHECK(me.at("environment") == "development");
  CHECK(world.as(pair, "GET", "/v1/me", {}, "production").json().at("environment") == "production");
  const Json who = world.send("GET", "/v1/operator", {{"Cookie", pair}}).json();
  CHECK(who.at("user").at("id") == "olga");
  CHECK(who.at("organizations").at(0).at("id") == "acme");
  CHECK(who.at("expires") == made.json().at("expiresAt"));

  const SentAnswer again = world.send("POST", "/v1/operator/session", same_origin, sign_in_body(link));
  CHECK(again.status == 401);
  CHECK(again.json().at("code") == "unauthenticated");
  CHECK(again.header("set-cookie").empty());
}

TEST_CASE("of many who redeem a link at once, one is signed in", "[server][operators]") {
  const SignInWorld world;
  const std::string link = world.link_of("olga");
  std::atomic<int> signed_in = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      const int status = world.send("POST", "/v1/operator/session", same_origin, sign_in_body(link)).status;
      if (status == 201) ++signed_in;
      if (status == 401) ++refused;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(signed_in == 1);
  CHECK(refused == 7);
}

TEST_CASE("a session is of its organization, whatever a copy of its secret names", "[server][operators]") {
  SignInWorld world;
  world.add_organization("globex");
  world.host().put_member(OrganizationId("globex"), UserId("boss"), MembershipRole::admin);
  const std::string cookie = world.cookie_of("boss");
  const std::string forged = "__Host-struere=op_globex" + cookie.substr(cookie.find('.'));
  CHECK(world.as(forged, "GET", "/v1/me").status == 401);
  CHECK(world.as(cookie, "GET", "/v1/me").json().at("organization").at("id") == "acme");
}

TEST_CASE("an operator names the environment exactly, in each request", "[server][operators]") {
  const SignInWorld world;
  const std::string cookie = world.cookie_of("olga");
  for (const char* const query :
       {"", "?environment=", "?environment=Production", "?environment=prod", "?environment=+production",
        "?environment=development&environment=production", "?Environment=production", "?environment=production%00"}) {
    INFO(query);
    const SentAnswer answer = world.send("GET", fmt::format("/v1/me{}", query), {{"Cookie", cookie}});
    CHECK(answer.status == 400);
  }
}

TEST_CASE("what another site makes a browser send is refused", "[server][operators][csrf]") {
  const SignInWorld world;
  const std::string cookie = world.cookie_of("boss");
  const Json note{{"data", {{"text", "t"}}}};
  const auto create = [&](SentHeaders headers) {
    headers["Cookie"] = cookie;
    return world.send("POST", "/v1/entities/note?environment=development", headers, note).status;
  };
  CHECK(create({{"Sec-Fetch-Site", "cross-site"}}) == 403);
  CHECK(create({{"Sec-Fetch-Site", "same-site"}}) == 403);
  CHECK(create({{"Sec-Fetch-Site", "none"}}) == 403);
  CHECK(create({{"Sec-Fetch-Site", "cross-site"}, {"Origin", world.origin()}}) == 403);
  CHECK(create({{"Origin", "https://evil.example"}}) == 403);
  CHECK(create({{"Origin", "null"}}) == 403);
  CHECK(create({{"Origin", world.origin() + ".evil.example"}}) == 403);
  CHECK(create({}) == 403);
  // Another scheme or port of this machine is another origin; an empty header is not a missing one.
  CHECK(create({{"Origin", "https" + world.origin().substr(4)}}) == 403);
  CHECK(create({{"Origin", "http://127.0.0.1:1"}}) == 403);
  CHECK(create({{"Origin", fmt::format("http://localhost:{}", world.port())}}) == 403);
  CHECK(create({{"Origin", world.origin() + "/"}}) == 403);
  CHECK(create({{"Sec-Fetch-Site", ""}, {"Origin", world.origin()}}) == 403);
  CHECK(create({{"Referer", world.origin() + "/"}}) == 403);
  for (const char* const second : {"Sec-Fetch-Site: cross-site", "Cookie: __Host-struere=op_acme.x"})
    CHECK(create({{"Sec-Fetch-Site", fmt::format("same-origin\r\n{}", second)}}) == 400);
  CHECK(create({{"Origin", world.origin() + "\r\nOrigin: https://evil.example"}}) == 400);
  CHECK(world.system().entities("note").count() == 0);
  CHECK(create({{"Sec-Fetch-Site", "same-origin"}}) == 201);
  CHECK(create({{"Origin", world.origin()}}) == 201);

  // What a form of another site can send at all.
  for (const char* const type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"})
    CHECK(send_request(world.port(), "POST", "/v1/entities/note?environment=development",
                       {{"Cookie", cookie}, {"Sec-Fetch-Site", "same-origin"}, {"Content-Type", type}}, note.dump())
              .status == 415);
  CHECK(world.send("DELETE", "/v1/keys/x?environment=development", {{"Cookie", cookie}}).status == 403);
  CHECK(world.system().entities("note").count() == 2);
}

TEST_CASE("another site can neither sign a browser in nor out", "[server][operators][csrf]") {
  const SignInWorld world;
  const std::string link = world.link_of("olga");
  for (const SentHeaders& headers :
       {SentHeaders{}, {{"Sec-Fetch-Site", "cross-site"}}, {{"Origin", "https://evil.example"}}})
    CHECK(world.send("POST", "/v1/operator/session", headers, sign_in_body(link)).status == 403);
  CHECK(world.send("POST", "/v1/operator/session", same_origin, sign_in_body(link)).status == 201);
  const std::string cookie = world.cookie_of("boss");
  CHECK(world.send("DELETE", "/v1/operator/session", {{"Cookie", cookie}}).status == 403);
  CHECK(world.send("DELETE", "/v1/operator/session", {{"Cookie", cookie}, {"Sec-Fetch-Site", "cross-site"}}).status ==
        403);
  CHECK(world.as(cookie, "GET", "/v1/me").status == 200);
}

TEST_CASE("a session that was signed out is dead on the server, wherever its cookie is", "[server][operators]") {
  const SignInWorld world;
  const std::string cookie = world.cookie_of("olga"), other = world.cookie_of("olga");
  const SentAnswer out =
      world.send("DELETE", "/v1/operator/session", {{"Cookie", cookie}, {"Sec-Fetch-Site", "same-origin"}});
  CHECK(out.status == 204);
  CHECK(out.header("clear-site-data") == R"("cache", "cookies", "storage")");
  CHECK(out.header("set-cookie").starts_with("__Host-struere=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"));
  CHECK(world.as(cookie, "GET", "/v1/me").status == 401);
  CHECK(world.send("GET", "/v1/operator", {{"Cookie", cookie}}).status == 401);
  CHECK(world.as(other, "GET", "/v1/me").status == 200);
}

TEST_CASE("a cookie that an attacker set before is not taken over by signing in", "[server][operators]") {
  const SignInWorld world;
  const std::string planted = "__Host-struere=op_acme." + std::string(43, 'a');
  const SentAnswer made =
      world.send("POST", "/v1/operator/session", {{"Cookie", planted}, {"Sec-Fetch-Site", "same-origin"}},
                 sign_in_body(world.link_of("olga")));
  REQUIRE(made.status == 201);
  CHECK(made.header("set-cookie").find(planted) == std::string::npos);
  CHECK(world.as(planted, "GET", "/v1/me").status == 401);
  // Two cookies of the name: somebody else set one of them, and it is not said which.
  const std::string good = made.header("set-cookie").substr(0, made.header("set-cookie").find(';'));
  CHECK(world.as(good + "; " + planted, "GET", "/v1/me").status == 401);
  CHECK(world.as(planted + "; " + good, "GET", "/v1/me").status == 401);
  CHECK(world.as("theme=dark; " + good + "; a=b", "GET", "/v1/me").status == 200);
}

TEST_CASE("a session ends unused, and at its absolute end", "[server][operators]") {
  SignInWorld world({.browser_session = {std::chrono::minutes(10), std::chrono::minutes(30)}});
  const std::string cookie = world.cookie_of("olga"), unused = world.cookie_of("olga");
  for (int i = 0; i < 2; ++i) {
    world.clock.advance(9 * 60'000);
    CHECK(world.as(cookie, "GET", "/v1/entities/note/x").status == 404);  // answered without a wait: counts as well
  }
  CHECK(world.as(unused, "GET", "/v1/me").status == 401);
  world.clock.advance(9 * 60'000);
  CHECK(world.as(cookie, "GET", "/v1/me").status == 200);
  world.clock.advance(3 * 60'000);
  CHECK(world.as(cookie, "GET", "/v1/me").status == 401);
}

TEST_CASE("an operator has the powers of the user at each moment, and none once removed", "[server][operators]") {
  const SignInWorld world;
  const std::string cookie = world.cookie_of("olga");
  CHECK(world.as(cookie, "POST", "/v1/entities/note/query", Json::object()).status == 200);
  CHECK(world.as(cookie, "POST", "/v1/entities/note/query", Json::object(), "production").status == 403);
  CHECK(world.as(cookie, "POST", "/v1/entities/note", Json{{"data", {{"text", "t"}}}}).status == 403);
  world.system().roles().unassign(UserId("olga"), "reader");
  CHECK(world.as(cookie, "POST", "/v1/entities/note/query", Json::object()).status == 403);
  world.host().remove_member(OrganizationId("acme"), UserId("olga"));
  CHECK(world.as(cookie, "GET", "/v1/me").status == 401);
}

TEST_CASE("what an operator does is an event of the user", "[server][operators][events]") {
  const SignInWorld world;
  const std::string cookie = world.cookie_of("boss");
  REQUIRE(world.as(cookie, "POST", "/v1/entities/note", Json{{"data", {{"text", "t"}}}}).status == 201);
  REQUIRE(world.as(cookie, "PUT", "/v1/members/ana", Json{{"membership", "member"}}).status == 200);
  REQUIRE(world.as(cookie, "POST", "/v1/operators", Json{{"user", "ana"}}).status == 201);
  REQUIRE(world.as(cookie, "DELETE", "/v1/operators/ana").status == 200);
  REQUIRE(world.as(cookie, "DELETE", "/v1/members/ana").status == 204);
  std::set<std::string> told;
  for (const Event& event : world.system().events().list({.limit = 1000}).events)
    if (event.actor_type() == "user" && event.actor_id() == "boss") told.insert(event.type());
  CHECK(told == std::set<std::string>{"member.signed-in", "note.created", "member.added", "member.invited",
                                      "member.signed-out", "member.removed"});
}

TEST_CASE("the command line gets a secret that it sends as a bearer token", "[server][operators]") {
  const SignInWorld world;
  const SentAnswer made =
      world.send("POST", "/v1/operator/session", {}, Json{{"token", world.link_of("boss")}, {"client", "cli"}});
  REQUIRE(made.status == 201);
  CHECK(made.header("set-cookie").empty());
  const std::string secret = made.json().at("secret");
  const SentHeaders bearer{{"Authorization", "Bearer " + secret}};
  CHECK(world.send("GET", "/v1/me?environment=production", bearer).json().at("actorId") == "boss");
  CHECK(world.send("GET", "/v1/me", bearer).status == 400);
  CHECK(
      world.send("POST", "/v1/entities/note?environment=development", bearer, Json{{"data", {{"text", "t"}}}}).status ==
      201);
  CHECK(world.send("DELETE", "/v1/operator/session", bearer).status == 204);
  CHECK(world.send("GET", "/v1/me?environment=production", bearer).status == 401);
  CHECK(world.send("POST", "/v1/operator/session", {}, Json{{"token", "x"}, {"client", "other"}}).status == 400);
  // A key is no session, and a link neither.
  const std::string key = world.system().api_keys().create({.name = "k", .roles = {"reader"}}).secret;
  for (const std::string& other : {key, world.link_of("boss")})
    CHECK(world.as("__Host-struere=" + other, "GET", "/v1/me").status == 401);
}

TEST_CASE("a host's own sign-in says who asks, and other sites are refused all the same", "[server][operators]") {
  // What a proxy on this machine, which has asked an identity provider, vouches for by a secret of its own.
  const SignInWorld world({.sign_in = [](const server::SignInRequest& request) -> std::optional<server::SignedIn> {
    const auto proof = request.header("x-proxy-secret"), user = request.header("x-auth-request-user");
    if (request.peer != "127.0.0.1" || proof != "s3cret" || !user) return std::nullopt;
    return server::SignedIn{UserId(std::string(*user)), OrganizationId("acme")};
  }});
  SentHeaders proxied{{"X-Proxy-Secret", "s3cret"}, {"X-Auth-Request-User", "olga"}};
  CHECK(world.send("GET", "/v1/me?environment=development", proxied).json().at("actorId") == "olga");
  CHECK(world.send("GET", "/v1/operator", proxied).json().at("user").at("id") == "olga");
  CHECK(world.send("GET", "/v1/me?environment=development", {{"X-Auth-Request-User", "boss"}}).status == 401);
  proxied["X-Auth-Request-User"] = "stranger";
  CHECK(world.send("GET", "/v1/me?environment=development", proxied).status == 403);
  const SentAnswer stranger = world.send("GET", "/v1/operator", proxied);
  CHECK(stranger.status == 403);
  CHECK(stranger.body.find("acme") == std::string::npos);
  proxied["X-Auth-Request-User"] = "boss";
  const Json note{{"data", {{"text", "t"}}}};
  CHECK(world.send("POST", "/v1/entities/note?environment=development", proxied, note).status == 403);
  proxied["Sec-Fetch-Site"] = "same-origin";
  CHECK(world.send("POST", "/v1/entities/note?environment=development", proxied, note).status == 201);
  CHECK(world.send("DELETE", "/v1/operator/session", proxied).status == 409);
}

TEST_CASE("the page to sign in runs no script but its own, and keeps the token out of what it loads",
          "[server][operators]") {
  const SignInWorld world;
  const SentAnswer page = world.send("GET", "/sign-in?token=invite_acme.x", {{"Accept", "text/html"}});
  CHECK(page.status == 200);
  CHECK(page.header("content-type").starts_with("text/html"));
  CHECK(page.header("content-security-policy").find("script-src 'self'") != std::string::npos);
  CHECK(page.header("content-security-policy").find("unsafe") == std::string::npos);
  CHECK(page.header("referrer-policy") == "no-referrer");
  CHECK(page.header("cache-control").find("no-store") != std::string::npos);
  CHECK(page.body.find("invite_acme") == std::string::npos);
}
