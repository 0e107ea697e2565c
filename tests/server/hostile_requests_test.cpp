// Requests that no client should send: malformed, ambiguous, slow, endless, too many.
#include <sys/resource.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "server/test_server.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// What the server answers to these bytes, and whether it takes another request after them.
struct Reaction {
  int status;
  bool is_closed;
};

Reaction reaction_to(const ServedWorld& world, const std::string& bytes) {
  HttpClient client(world.server->port());
  client.send(bytes);
  const HttpAnswer answer = client.read();
  const auto connection = answer.headers.find("connection");
  return {answer.status, connection == answer.headers.end() || connection->second == "close"};
}

}  // namespace

TEST_CASE("a malformed request is refused, and the connection is closed", "[server]") {
  ServedWorld world;
  const std::string host = "Host: localhost\r\n";
  for (const auto& [bytes, status] : std::vector<std::pair<std::string, int>>{
           {"GET /healthz HTTP/1.1\n" + host + "\n", 400},
           {"GET /healthz HTTP/1.1\r\n" + host + "X: a\nY: b\r\n\r\n", 400},
           {"GET /healthz HTTP/1.1\r\n" + host + "X: a\r\n b\r\n\r\n", 400},
           {"GET /healthz HTTP/1.1\r\n" + host + "X : a\r\n\r\n", 400},
           {"GET /healthz HTTP/1.1\r\n" + host + "no colon\r\n\r\n", 400},
           {"GET /healthz HTTP/1.1\r\n" + host + ": no name\r\n\r\n", 400},
           {"GET /healthz HTTP/1.1\r\n" + host + std::string("X: a\0b\r\n\r\n", 11), 400},
           {"GET /healthz HTTP/1.1\r\r\n" + host + "\r\n", 400},
           {"\r\nGET /healthz HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /healthz\r\n" + host + "\r\n", 400},
           {"GET  /healthz HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /healthz HTTP/3.0\r\n" + host + "\r\n", 400},
           {"GET healthz HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET http://localhost/healthz HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /v1/%2 HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /v1/%00 HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /v1/%ff HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /v1/../healthz HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /v1/%2e%2e/healthz HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /healthz?a=1&a=2 HTTP/1.1\r\n" + host + "\r\n", 400},
           {"GET /healthz HTTP/1.1\r\n\r\n", 400},
           {"GET /healthz HTTP/1.1\r\n" + host + host + "\r\n", 400},
           {"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
           {"GET /healthz HTTP/1.1\r\nHost: localhost@evil.example\r\n\r\n", 421},
           {"CONNECT localhost:1 HTTP/1.1\r\n" + host + "\r\n", 501},
           {"TRACE / HTTP/1.1\r\n" + host + "\r\n", 501},
           {"GET / HTTP/1.1\r\n" + host + "X: " + std::string(20'000, 'x') + "\r\n\r\n", 431},
       }) {
    INFO(bytes.substr(0, 120));
    CHECK(reaction_to(world, bytes).status == status);
  }
  CHECK(world.ask("GET", "/healthz").status == 200);
}

TEST_CASE("a request whose length two servers could read differently is refused, and nothing after it is read",
          "[server]") {
  ServedWorld world;
  const std::string start =
      "POST /v1/entities/note HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
      world.writer + "\r\n";
  const std::string smuggled =
      "POST /v1/entities/note HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "11\r\nAuthorization: Bearer " +
      world.writer + "\r\n\r\n{\"data\":{}}";
  for (const std::string& headers : {
           std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
           std::string("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
           std::string("Content-Length: 5\r\nContent-Length: 6\r\n"),
           std::string("Content-Length: 5\r\nContent-Length: 5\r\n"),
           std::string("Content-Length: 5, 5\r\n"),
           std::string("Content-Length: +5\r\n"),
           std::string("Content-Length: 0x5\r\n"),
           std::string("Content-Length: -1\r\n"),
           std::string("Content-Length: 99999999999999999999\r\n"),
           std::string("Transfer-Encoding: gzip, chunked\r\n"),
           std::string("Transfer-Encoding: gzip\r\n"),
           std::string("Transfer-Encoding: identity\r\n"),
           std::string("Transfer-Encoding: xchunked\r\n"),
           std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
           std::string("Transfer-Encoding:\tchunked \r\nTransfer-Encoding: identity\r\n"),
       }) {
    INFO(headers);
    const Reaction reaction = reaction_to(world, start + headers + "\r\n0\r\n\r\n" + smuggled);
    CHECK((reaction.status == 400 || reaction.status == 413));
    CHECK(reaction.is_closed);
  }
  for (const std::string& chunks : {std::string("zz\r\n"), std::string("-1\r\n"), std::string("5\r\nabcdeXX"),
                                    std::string("ffffffffffffffffff\r\n")}) {
    INFO(chunks);
    const Reaction reaction =
        reaction_to(world, start + "Transfer-Encoding: chunked\r\n\r\n" + chunks + "\r\n" + smuggled);
    CHECK((reaction.status == 400 || reaction.status == 413));
    CHECK(reaction.is_closed);
  }
  CHECK(world.system().entities("note").count() == 0);
}

TEST_CASE("requests that are sent at once are answered one after the other", "[server]") {
  ServedWorld world;
  HttpClient client(world.server->port());
  std::string all;
  for (int i = 0; i < 20; ++i) all += "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(all);
  for (int i = 0; i < 20; ++i) CHECK(client.read().status == 200);
}

TEST_CASE("a body that is too large is refused before it is held, whether its length is told or not", "[server]") {
  ServedWorld world;
  const std::string start =
      "POST /v1/entities/note HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer ";
  CHECK(reaction_to(world, start + world.writer + "\r\nContent-Length: 99999999\r\n\r\n").status == 413);
  {
    HttpClient client(world.server->port());
    client.send(start + world.writer + "\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    for (int i = 0; i < 64 && client.send(chunk); ++i) {  // endless, for a while
    }
    CHECK(client.read().status == 413);
  }
  // Nobody sends a body in vain: who asks is looked at first.
  CHECK(reaction_to(world, start + "sk_dev_wrong\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n").status ==
        401);
  CHECK(reaction_to(world, start + world.writer + "\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n").status ==
        100);
  CHECK(reaction_to(world, "GET /v1/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\nAuthorization: Bearer " +
                               world.writer + "\r\n\r\n")
            .status == 413);
}

TEST_CASE("the bodies that are held at once are bounded", "[server]") {
  server::ServerOptions options;
  options.limits.bodies_bytes = 1000;
  ServedWorld world(options);
  HttpClient slow(world.server->port());
  const std::string start =
      "POST /v1/entities/note HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
      world.writer;
  slow.send(start + "\r\nContent-Length: 900\r\nExpect: 100-continue\r\n\r\n");
  CHECK(slow.read().status == 100);  // its place is taken
  CHECK(reaction_to(world, start + "\r\nContent-Length: 900\r\n\r\n").status == 503);
  slow.send(std::string(900, ' '));
  CHECK(slow.read().status == 400);
  CHECK(world.ask("POST", "/v1/entities/note", world.writer, Json{{"data", Json::object()}}).status == 201);
}

TEST_CASE("slow bodies of one organization, or of nobody, leave room to others", "[server]") {
  server::ServerOptions options;
  options.limits.bodies_bytes = 4000;
  ServedWorld world(options);
  world.add_organization("globex");
  const Session theirs = world.system(Environment::development, "globex");
  theirs.entity_types().define({{"slug", "note"}});
  theirs.roles().define(
      {{"name", "writer"}, {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
  const std::string key = theirs.api_keys().create({.name = "k", .roles = {"writer"}}).secret;
  const auto begin = [&](HttpClient& client, const std::string& target, const std::string& as) {
    client.send("POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
                (as.empty() ? "" : "Authorization: Bearer " + as + "\r\n") +
                "Content-Length: 900\r\nExpect: 100-continue\r\n\r\n");
    return client.read().status;
  };
  std::vector<std::unique_ptr<HttpClient>> slow;
  std::vector<int> answers;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(std::make_unique<HttpClient>(world.server->port()));
    answers.push_back(begin(*slow.back(), "/v1/entities/note", world.writer));
  }
  CHECK(answers == std::vector{100, 100, 503, 503});
  CHECK(world.ask("POST", "/v1/entities/note", key, Json{{"data", {{"text", "t"}}}}).status == 201);
  // Who has not said who it is sends little.
  CHECK(world.ask("POST", "/v1/operator/session", {}, Json{{"token", std::string(5000, 'x')}}).status == 413);
}

TEST_CASE("answers that one organization does not read leave room to others", "[server][large]") {
  server::ServerOptions options;
  options.limits.answers_bytes = 40 << 20;
  ServedWorld world(options);
  world.add_organization("globex");
  const Session theirs = world.system(Environment::development, "globex");
  theirs.entity_types().define({{"slug", "note"}});
  theirs.roles().define(
      {{"name", "writer"}, {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}}});
  const std::string key = theirs.api_keys().create({.name = "k", .roles = {"writer"}}).secret;
  const std::string other = theirs.entities("note").create({{"text", "t"}}).id.str();
  Json ids = Json::array();  // asked for four times, more than the system keeps for a client that does not read
  for (int i = 0; i < 33; ++i)
    ids.push_back(world.create("note", {{"number", i}, {"secret", std::string(900'000, 'x')}}).str());
  const std::string body = Json{{"ids", ids}}.dump();
  auto unread = std::make_unique<HttpClient>(world.server->port());
  const std::string request =
      "POST /v1/entities/note/get-many HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Authorization: Bearer " +
      world.writer + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  unread->send(request + request + request + request);
  const std::string one = "/v1/entities/note/" + ids.at(0).get<std::string>() + "?fields=data.number";
  const auto comes = [&](int status) {  // once the server is as far
    for (int i = 0; i < 600; ++i) {
      if (world.ask("GET", one, world.writer).status == status) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  };
  CHECK(comes(503));
  CHECK(world.ask("GET", "/v1/entities/note/" + other, key).status == 200);
  unread.reset();
  CHECK(comes(200));
}

TEST_CASE("a client that sends too slowly is told so and disconnected", "[server]") {
  server::ServerOptions options;
  options.limits.header_time = options.limits.body_time = std::chrono::milliseconds(200);
  options.limits.idle_time = std::chrono::milliseconds(300);
  ServedWorld world(options);
  constexpr std::chrono::seconds patience(30);
  HttpClient headers(world.server->port()), body(world.server->port()), idle(world.server->port());
  headers.send("GET /healthz HT");
  body.send(
      "POST /v1/entities/note HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
      "20\r\nAuthorization: Bearer " +
      world.writer + "\r\n\r\n{");
  for (HttpClient* const client : {&headers, &body}) {
    CHECK(client->read().status == 408);
    client->end_sending();
    CHECK(client->is_closed_by_server(patience));
  }
  CHECK(idle.is_closed_by_server(patience));
}

TEST_CASE("a thousand clients that say nothing keep nobody else out", "[server][large]") {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_cur < 2500) return;  // both ends are in this process
  server::ServerOptions options;
  options.limits.connections = 2020;  // of which one address may have half
  ServedWorld world(options);
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 1000; ++i) {
    clients.push_back(std::make_unique<HttpClient>(world.server->port()));
    clients.back()->send("GET /v1/");
  }
  CHECK(world.ask("GET", "/healthz").status == 200);
  for (auto& client : clients) client->send("me HTTP/1.1\r\nHost: localhost\r\n\r\n");
  for (auto& client : clients) CHECK(client->read().status == 401);
  // One more than an address may have is refused.
  while (clients.size() < 1010) clients.push_back(std::make_unique<HttpClient>(world.server->port()));
  for (auto& client : clients) client->send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  for (auto& client : clients) CHECK(client->read().status == 200);
  HttpClient late(world.server->port());
  late.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(late.read().status == 503);
}

TEST_CASE("whoever opens all connections that an address may have keeps no other address out", "[server]") {
  server::ServerOptions options;
  options.limits.connections = 8;
  ServedWorld world(options);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::vector<std::unique_ptr<HttpClient>> clients;
  int answered = 0;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<HttpClient>(world.server->port()));
    clients.back()->send(request);
    if (clients.back()->read().status == 200) ++answered;
  }
  CHECK(answered == 4);
  HttpClient other(world.server->port(), "127.0.0.2");
  other.send(request);
  CHECK(other.read().status == 200);
  // A connection that ends is one that may be opened again.
  clients.clear();
  while (world.server->core().connections() > 1) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  HttpClient again(world.server->port());
  again.send(request);
  CHECK(again.read().status == 200);
}

TEST_CASE("a server that stops finishes what it began, under load", "[server]") {
  ServedWorld world;
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      try {
        for (;;) {
          HttpClient client(world.server->port());
          for (;;) {
            const HttpAnswer answer =
                client.ask("POST", "/v1/entities/note", ServedWorld::as(world.writer), R"({"data":{}})");
            if (answer.status == 201) ++made;
            if (answer.status == 0) break;
            if (answer.headers.at("connection") == "close") break;
          }
        }
      } catch (const std::exception&) {  // no connection any more
      }
    });
  while (made < 50) std::this_thread::yield();
  world.server->stop();
  for (std::thread& thread : threads) thread.join();
  // Each answer that a client has got is a row, and at most one for each client was made without an answer.
  const std::int64_t rows = world.system().entities("note").count();
  CHECK(rows >= made);
  CHECK(rows <= made + 6);
}

TEST_CASE("a stream of events ends when the server stops", "[server]") {
  ServedWorld world;
  HttpClient client(world.server->port());
  client.send("GET /v1/events/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + world.writer +
              "\r\n\r\n");
  CHECK(client.read_until("\n\n\r\n", std::chrono::seconds(30)).find(" 200 ") != std::string::npos);
  world.server->stop();
  CHECK(client.is_closed_by_server(std::chrono::seconds(30)));
}
