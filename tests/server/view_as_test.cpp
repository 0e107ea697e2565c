// A cursor is good for the actor to whom it was given: beside Struere-View-As it shows nothing more.
#include <catch2/catch.hpp>

#include "server/test_server.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class ViewedWorld : public ServedWorld {
 public:
  ViewedWorld() {
    user("boss", {}, Environment::development, "acme", MembershipRole::admin);
    for (int i = 0; i < 4; ++i) {
      create("note", {{"text", "north" + std::to_string(i)}, {"team", "north"}, {"secret", "s3cret"}});
      create("note", {{"text", "south" + std::to_string(i)}, {"team", "south"}});
    }
  }
  // As boss, or as boss who looks as that actor.
  HttpAnswer get(const std::string& target, const std::string& view = {}) const {
    HttpClient::Headers headers{{"Cookie", "user=boss; organization=acme"}};
    if (!view.empty()) headers.emplace_back("Struere-View-As", view);
    return ask("GET", target + (target.find('?') == std::string::npos ? "?" : "&") + "environment=development", {}, {},
               headers);
  }
};

}  // namespace

TEST_CASE("a cursor of the log that an admin got shows another actor nothing more", "[server]") {
  const ViewedWorld world;
  for (const std::string order : {"newest", "oldest"}) {
    const std::string target = "/v1/events?limit=3&order=" + order;
    const std::string own = world.get(target).json().at("cursor").get<std::string>();
    const std::string theirs = world.get(target, "roles:reader").json().at("cursor").get<std::string>();
    const Json seen = world.get("/v1/events?limit=1000&order=" + order, "roles:reader").json().at("items");
    CHECK(seen.size() == 4);  // the notes of the north; no definition, key or member
    for (const auto& [cursor, view] : {std::pair(own, std::string("roles:reader")), std::pair(theirs, std::string())}) {
      const HttpAnswer page = world.get(target + "&cursor=" + url_encoded(cursor), view);
      INFO(order << " as " << view << ": " << page.body);
      if (page.status != 200) {
        CHECK(page.code() == "invalid_cursor");
        continue;
      }
      if (view.empty()) continue;  // an admin sees all there is anyway
      const Json shown = page.json();
      for (const Json& event : shown.at("items")) CHECK(std::ranges::find(seen, event) != seen.end());
      CHECK(page.body.find("s3cret") == std::string::npos);
    }
  }
}

TEST_CASE("a stream that goes on from an admin's cursor shows another actor nothing more", "[server]") {
  const ViewedWorld world;
  const std::string own = world.get("/v1/events?limit=1&order=oldest").json().at("cursor").get<std::string>();
  HttpClient client(world.server->port());
  client.send(
      "GET /v1/events/stream?environment=development HTTP/1.1\r\nHost: localhost\r\nCookie: user=boss; "
      "organization=acme\r\nStruere-View-As: roles:reader\r\nLast-Event-ID: " +
      own + "\r\n\r\n");
  constexpr std::chrono::seconds patience(30);
  const std::string head = client.read_until("\r\n\r\n", patience);
  if (head.find(" 200 ") == std::string::npos) {
    CHECK(head.find("invalid_cursor") != std::string::npos);
    return;
  }
  std::string text = head;  // and what came with it
  if (text.find("north3") == std::string::npos) text += client.read_until("north3", patience);
  CHECK(text.find("north3") != std::string::npos);
  for (const char* const hidden : {"south", "s3cret", "role.", "api-key."})
    CHECK(text.find(hidden) == std::string::npos);
}

TEST_CASE("a cursor of rows that an admin got shows another actor nothing more", "[server]") {
  const ViewedWorld world;
  const auto query = [&](const std::optional<std::string>& cursor, const std::string& view) {
    HttpClient::Headers headers{{"Cookie", "user=boss; organization=acme"}, {"Sec-Fetch-Site", "same-origin"}};
    if (!view.empty()) headers.emplace_back("Struere-View-As", view);
    Json body{{"limit", 2}};
    if (cursor) body["cursor"] = *cursor;
    return world.ask("POST", "/v1/entities/note/query?environment=development", {}, body, headers);
  };
  const HttpAnswer page = query(query({}, "").json().at("cursor").get<std::string>(), "roles:reader");
  if (page.status == 200) {
    CHECK(page.body.find("south") == std::string::npos);
    CHECK(page.body.find("s3cret") == std::string::npos);
  } else {
    CHECK(page.code() == "invalid_cursor");
  }
}
