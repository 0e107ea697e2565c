// The real `struere serve`: its end under load, and its certificate as the command line judges it.
#include <sys/wait.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <csignal>
#include <thread>

#include "cli/served_project.hpp"
#include "support/certificates.hpp"
#include "support/http_client.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("SIGTERM ends a server under load: what it answered is stored, and it exits with 0", "[cli][remote]") {
  const std::map<std::string, std::string> files{
      {"roles/writer.yaml", "name: writer\npolicies:\n  - {resource: note, actions: ['*'], effect: allow}\n"}};
  Server server(files);
  const std::string secret =
      Json::parse(server.project().run("--json keys create app --role writer").text).at("secret");
  constexpr int clients = 6;
  const bool keeps = GENERATE(true, false);  // its connection, or it makes one for each request
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i)
    threads.emplace_back([&, port = server.port()] {
      try {
        for (;;) {
          HttpClient client(port);
          for (;;) {
            const HttpAnswer answer = client.ask("POST", "/v1/entities/note", {{"Authorization", "Bearer " + secret}},
                                                 R"({"data":{"text":"milk","author":"ada"}})");
            if (answer.status == 0) break;
            if (answer.status == 201) ++made;
            if (answer.status != 201 && answer.status != 503) return;
            if (!keeps || answer.headers.at("connection") == "close") break;
          }
        }
      } catch (const std::exception&) {  // it listens no more
      }
    });
  for (int i = 0; i < 6000 && made < 50; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const int status = server.end();
  for (std::thread& thread : threads) thread.join();
  CHECK(made >= 50);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  // None was carried out without an answer.
  const Database database = Database::open(server.project().database());
  const std::int64_t rows =
      database.trusted_host().system_session(OrganizationId("acme"), Environment::development).entities("note").count();
  CHECK(rows == made);
}

TEST_CASE("a certificate is believed if its authority is known and its name is the server's", "[cli][remote]") {
  const Certificate authority, other_authority;
  const Certificate right("DNS:localhost,IP:127.0.0.1", &authority), other_name("DNS:data.example.org", &authority);
  const Folder files;
  files.write("authority.pem", authority.pem());
  files.write("other.pem", other_authority.pem());
  for (const auto& [name, certificate] : {std::pair("right", &right), std::pair("name", &other_name)}) {
    files.write(std::string(name) + ".pem", certificate->pem());
    files.write(std::string(name) + ".key", certificate->key_pem());
  }
  const auto file = [&](const std::string& name) { return (files.path() / name).string(); };
  const auto trusting = [&](const std::string& name) { return "-u STRUERE_KEY SSL_CERT_FILE='" + file(name) + "'"; };
  {
    const Server server({}, {"--cert", file("right.pem"), "--cert-key", file("right.key")});
    CHECK(server.url().starts_with("https://127.0.0.1:"));
    for (const std::string& url : {server.url(), "https://localhost:" + std::to_string(server.port())}) {
      const RemoteProject remote(url);
      const Answer untrusted = remote.log_in(server.link(), trusting("other.pem"));
      CHECK(untrusted.code == 7);
      CHECK(tells(untrusted, "is not trusted on this machine"));
      CHECK(tells(untrusted, "SSL_CERT_FILE"));
      CHECK(remote.log_in(server.link_of("boss"), trusting("authority.pem")).code == 0);
      CHECK(tells(remote.run("status", trusting("authority.pem")), "files → development"));
      CHECK(remote.run("status", trusting("other.pem")).code == 7);
    }
  }
  const Server server({}, {"--cert", file("name.pem"), "--cert-key", file("name.key")});
  const RemoteProject remote(server);
  const Answer refused = remote.log_in(server.link(), trusting("authority.pem"));
  CHECK(refused.code == 7);
  CHECK(tells(refused, "is for another name"));
  // The link was not sent to it, so it is still good.
  const Json operators = Json::parse(server.project().run("--json operators list").text);
  REQUIRE(operators.size() == 1);
  CHECK(operators[0].at("kind") == "invitation");
}
