// A server that is not the one that was meant (docs/threat-model.md, "The command line"): what it answers neither
// exhausts the machine, nor controls the terminal, nor writes a file elsewhere, nor gets a secret of another server.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <thread>

#include "cli/served_project.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Answers each request, until the object is gone, with the bytes that a function sends.
class HostileServer {
 public:
  using Send = std::function<bool(std::string_view bytes)>;  // false: the client is gone
  using Serve = std::function<void(const std::string& request, const Send& send)>;

  explicit HostileServer(Serve serve) : serve_(std::move(serve)), socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(listen(socket_, 64) == 0);
    REQUIRE(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { accept_all(); });
  }
  ~HostileServer() {
    is_ended_ = true;
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
  }
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;

  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  int requests() const { return requests_; }

 private:
  void accept_all() {
    while (!is_ended_) {
      const int connection = accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      ++requests_;
      std::string request;
      char part[65536];
      const auto is_whole = [&] {
        const std::size_t end = request.find("\r\n\r\n");
        if (end == std::string::npos) return false;
        const std::size_t length = request.find("Content-Length: ");
        return length == std::string::npos || length > end ||
               request.size() >= end + 4 + std::stoul(request.substr(length + 16));
      };
      for (ssize_t size = 0; !is_whole() && (size = recv(connection, part, sizeof part, 0)) > 0;)
        request.append(part, static_cast<std::size_t>(size));
      serve_(request, [&](std::string_view bytes) {
        while (!bytes.empty()) {
          const ssize_t sent = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
          if (sent <= 0) return false;
          bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
      });
      close(connection);
    }
  }

  Serve serve_;
  int socket_;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_ended_ = false;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

std::string with_head(const std::string& body, const std::string& status = "200 OK") {
  return fmt::format("HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", status,
                     body.size(), body);
}

// Always the same answer.
HostileServer::Serve answering(const Json& body) {
  return [text = with_head(body.dump())](const std::string&, const HostileServer::Send& send) { send(text); };
}

// A project on that server, where somebody is logged in. Its commands have 3 GB of memory, and a key of nobody.
class Victim {
 public:
  explicit Victim(const HostileServer& server) : remote_(server.url()) {
    const std::filesystem::path folder = remote_.logins().parent_path();
    std::filesystem::create_directories(folder);
    std::ofstream(remote_.logins()) << Json{{"logins",
                                             {{{"server", server.url()},
                                               {"organization", "acme"},
                                               {"user", "boss"},
                                               {"secret", "op_acme.secret"},
                                               {"expiresAt", 99999999999999}}}}};
    chmod(remote_.logins().c_str(), 0600);
  }
  Answer run(const std::string& arguments) const {
    return remote_.project().run(arguments, fmt::format(R"(-u STRUERE_KEY XDG_CONFIG_HOME='{}' sh -c 'ulimit -v )"
                                                        R"(3000000; exec "$@"' limited)",
                                                        remote_.config()));
  }
  const RemoteProject& remote() const { return remote_; }

 private:
  RemoteProject remote_;
};

}  // namespace

TEST_CASE("an answer that is huge, deep, endless or of another form is a storage error", "[cli][remote][hostile]") {
  const auto refused = [](const HostileServer::Serve& serve, const std::string& command, const std::string& why) {
    const HostileServer server(serve);
    const Answer answer = Victim(server).run(command);
    INFO(command << ": " << answer.text.substr(0, 1000));
    CHECK(answer.code == 7);
    CHECK(tells(answer, why));
  };
  const auto text = [](std::string body) {
    return [bytes = with_head(std::move(body))](const std::string&, const HostileServer::Send& send) { send(bytes); };
  };
  refused(text(std::string(60 << 20, '[')), "users list", "nested too deep");
  std::string wide = R"({"items":[)";
  while (wide.size() < std::size_t{60} << 20) wide += "0,0,0,0,0,0,0,0,";
  refused(text(wide + "0]}"), "users list", "too many values");
  refused(
      [](const std::string&, const HostileServer::Send& send) {
        send("HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n");
        const std::string part(1 << 20, ' ');
        while (send(part)) {
        }
      },
      "users list", "larger than 64 MiB");
  refused(
      [](const std::string&, const HostileServer::Send& send) {
        send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const std::string part = "100000\r\n" + std::string(1 << 20, 'x') + "\r\n";
        while (send(part)) {
        }
      },
      "users list", "larger than 64 MiB");
  refused(text("<html>"), "users list", "did not answer JSON");
  refused(text(R"({"items": "none"})"), "users list", "not of the form");
  refused(text("null"), "status", "not of the form");
  refused(answering({{"items",
                      {{{"id", "a"},
                        {"trigger", "t"},
                        {"entityId", "e"},
                        {"status", "dead"},
                        {"dueAt", 1},
                        {"attempts", 1},
                        {"createdAt", 1},
                        {"completedSteps", std::int64_t{1} << 50}}}}}),
          "runs list", "cannot be");
}

TEST_CASE("a list whose pages never end is a storage error", "[cli][remote][hostile]") {
  const HostileServer empty(answering({{"items", Json::array()}, {"cursor", "next"}}));
  const Answer keys = Victim(empty).run("keys list");
  CHECK(keys.code == 7);
  CHECK(tells(keys, "larger than 256 MiB"));
  CHECK(empty.requests() < 2000);
  const Json large{{"id", "a"}, {"membership", "admin"}, {"assignments", {{{"role", std::string(30 << 20, 'r')}}}}};
  const HostileServer full(answering({{"items", {large}}, {"cursor", "next"}}));
  CHECK(tells(Victim(full).run("users list"), "larger than 256 MiB"));
  const HostileServer nowhere([](const std::string& request, const HostileServer::Send& send) {
    const Json page = request.starts_with("GET /v1/types")
                          ? Json{{"items", {{{"slug", "note"}}}}}
                          : Json{{"items", {{{"id", "a"}, {"data", Json::object()}}}}, {"cursor", "the same"}};
    send(with_head(page.dump()));
  });
  CHECK(tells(Victim(nowhere).run("data export note"), "leads nowhere"));
}

TEST_CASE("no redirect is followed, and a session goes to no other server", "[cli][remote][hostile]") {
  const HostileServer other(answering(Json::object()));
  const HostileServer server([&](const std::string&, const HostileServer::Send& send) {
    send("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + other.url() + "/v1/members\r\nContent-Length: 0\r\n\r\n");
  });
  const Victim victim(server);
  const Answer answer = victim.run("users list");
  CHECK(answer.code == 7);
  CHECK(tells(answer, "answered 307"));
  CHECK(other.requests() == 0);
  // struere.yaml of somebody else names another server: there is no session for that one.
  victim.remote().project().write("struere.yaml", "server: " + other.url() + "\norganization: acme\n");
  CHECK(victim.run("users list").code == 2);
  CHECK(other.requests() == 0);
}

TEST_CASE("http:// is for addresses of this machine, not for names that look like them", "[cli][remote][hostile]") {
  const Project project;
  for (const char* const host :
       {"127.example.org", "127.0.0.1.example.org", "127.1", "localhost.example.org", "[::2]"}) {
    project.write("struere.yaml", fmt::format("server: http://{}\norganization: acme\n", host));
    const Answer answer = project.run("data list note", "STRUERE_KEY=sk_dev_x");
    INFO(host << ": " << answer.text);
    CHECK(answer.code == 2);
    CHECK(tells(answer, "needs https://"));
  }
}

TEST_CASE("no answer of a server controls the terminal or forges a column", "[cli][remote][hostile]") {
  const std::string bad =
      "\x1b]0;title\x07\x1b[31m\xe2\x80\xae"
      "evil\xe2\x80\x8b\n\xe2\x80\xa8x";
  const Json item{{"id", bad},
                  {"slug", bad},
                  {"name", bad},
                  {"prefix", bad},
                  {"roles", {bad}},
                  {"createdAt", 1},
                  {"createdBy", bad},
                  {"type", bad},
                  {"note", bad},
                  {"actorType", bad},
                  {"actorId", bad},
                  {"entityId", bad},
                  {"status", bad},
                  {"version", 1},
                  {"user", bad},
                  {"kind", "session"},
                  {"lastSeenAt", 1},
                  {"expiresAt", 1},
                  {"number", 1},
                  {"changes", 1},
                  {"payload", {{bad, bad}}},
                  {"data", {{bad, bad}}},
                  {"membership", bad},
                  {"assignments", {{{"role", bad}}}},
                  {"trigger", bad},
                  {"dueAt", 1},
                  {"attempts", 1},
                  {"error", bad},
                  {"title", bad},
                  {"startedBy", bad},
                  {"startedByType", bad},
                  {"messages", 1},
                  {"metadata", {}},
                  {"updatedAt", 1}};
  const HostileServer server([&](const std::string& request, const HostileServer::Send& send) {
    if (request.starts_with("GET /v1/types"))
      return (void)send(with_head(Json{{"items", {{{"slug", "note"}, {"name", bad}}}}}.dump()));
    if (request.starts_with("GET /v1/roles"))
      return (void)send(with_head(Json{{"detail", bad}, {"code", bad}, {"path", bad}}.dump(), "403 Forbidden"));
    Json row = item;
    if (request.starts_with("GET /v1/runs")) row["status"] = "pending";  // another word is refused, and not shown
    send(with_head(Json{{"items", {row}}}.dump()));
  });
  const Victim victim(server);
  for (const char* const command :
       {"types list", "data list note", "keys list", "users list", "operators list", "events", "releases",
        "threads list", "runs list", "roles list", "data export note"}) {
    const Answer answer = victim.run(command);
    INFO(command << ": " << answer.text);
    CHECK(answer.text.find("evil") != std::string::npos);
    const bool is_json = std::string_view(command) == "data export note";  // not on a terminal: JSON as it is
    for (const char c : answer.text) CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
    for (const char* const mark : {"\xe2\x80\xae", "\xe2\x80\x8b", "\xe2\x80\xa8"})
      if (!is_json) CHECK(answer.text.find(mark) == std::string::npos);
  }
}

TEST_CASE("a definition that a server names is written in its folder alone", "[cli][remote][hostile]") {
  const std::string name = "../../../escaped/\x1b[31m";
  const Json definitions{{"entity-type", Json::array()},
                         {"role", {{{"name", name}, {"policies", Json::array()}}}},
                         {"agent", Json::array()},
                         {"trigger", Json::array()},
                         {"tool", Json::array()}};
  const HostileServer server(answering(definitions));
  const Victim victim(server);
  const std::filesystem::path folder = victim.remote().project().path();
  const auto count = [](const std::filesystem::path& path) {
    return std::distance(std::filesystem::recursive_directory_iterator(path), {});
  };
  const auto before = count(folder);
  const Answer answer = victim.run("pull --yes");
  INFO(answer.text);
  CHECK(answer.text.find('\x1b') == std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "roles" / "../../../escaped"));
  const auto made = count(folder) - before;
  CHECK(made == (answer.code == 0 ? 1 : 0));
  for (const auto& entry : std::filesystem::directory_iterator(folder / "roles"))
    CHECK(entry.path().filename().string().find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_%.") ==
          std::string::npos);
}

TEST_CASE("the file of logins is a file of this user alone, and no link", "[cli][remote][hostile]") {
  const HostileServer server(answering({{"items", Json::array()}}));
  const Victim victim(server);
  const std::filesystem::path file = victim.remote().logins(), moved = file.parent_path() / "elsewhere.json";
  CHECK(victim.run("users list").code == 0);
  std::filesystem::rename(file, moved);
  std::filesystem::create_symlink(moved, file);
  CHECK(victim.run("users list").code == 2);
  std::filesystem::remove(file);
  REQUIRE(mkfifo(file.c_str(), 0600) == 0);  // does not wait for somebody who writes
  CHECK(victim.run("users list").code == 2);
  std::filesystem::remove(file);
  std::filesystem::rename(moved, file);
  CHECK(victim.run("users list").code == 0);
  if (geteuid() != 0) return;  // only root can give a file away
  constexpr uid_t other = 65534;
  REQUIRE(chown(file.c_str(), other, static_cast<gid_t>(-1)) == 0);
  CHECK(victim.run("users list").code == 2);
}

TEST_CASE("an import whose answer is lost does not claim that nothing was imported", "[cli][remote][hostile]") {
  const HostileServer server([](const std::string& request, const HostileServer::Send& send) {
    if (request.starts_with("GET /v1/types")) send(with_head(Json{{"items", {{{"slug", "note"}}}}}.dump()));
    if (request.starts_with("POST "))  // a proxy that waited too long
      send(with_head("<html>", "504 Gateway Timeout"));
  });
  const Victim victim(server);
  const std::filesystem::path lines = victim.remote().project().path() / "lines.jsonl";
  std::ofstream(lines) << "{\"text\": \"a\"}\n{\"text\": \"b\"}\n{\"text\": \"c\"}\n";
  const Answer lost = victim.run(fmt::format("data import note --batch 2 < '{}'", lines.string()));
  INFO(lost.text);
  CHECK(lost.code == 7);
  CHECK(tells(lost, "lines 1 to 2 of the input"));
  CHECK(tells(lost, "All of them were imported, or none."));
  CHECK(tells(lost, "--batch 2 --from 3 if they are there, otherwise with --batch 2 --from 1"));
  CHECK_FALSE(tells(lost, "nothing was imported"));
  std::ofstream(lines) << R"({"$entity": "note", "id": "0192f0c0-0000-7000-8000-000000000000", "data": {}})"
                       << "\n";
  CHECK(tells(victim.run(fmt::format("data import < '{}'", lines.string())), "what is there already is a conflict"));
  CHECK(tells(victim.run("data create note '{}'"), "it is not known whether a change was made"));
}
