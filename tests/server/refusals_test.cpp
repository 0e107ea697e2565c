// The answer to a refused request reaches the client, whatever the client still sends.
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <random>
#include <thread>

#include "server/test_server.hpp"
#include "support/certificates.hpp"
#include "support/folder.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const std::string unknown_host = "POST /v1/entities/note HTTP/1.1\r\nHost: evil.example\r\n";

// A client that sends all of its request before it reads, over TLS.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(SSL_new(context_.get()), SSL_free) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        SSL_set_fd(ssl_.get(), socket_) != 1 || SSL_connect(ssl_.get()) != 1)
      throw std::runtime_error("cannot connect");
  }
  ~TlsClient() { ::close(socket_); }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool send(std::string_view bytes) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
  }
  std::string read() {
    std::string out(4096, '\0');
    const int got = SSL_read(ssl_.get(), out.data(), static_cast<int>(out.size()));
    out.resize(static_cast<std::size_t>(std::max(got, 0)));
    return out;
  }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

// Sends a body of 64 MiB in chunks; false once the server does not take it any more.
template <class Client>
bool send_long_body(Client& client) {
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 1024; ++i)
    if (!client.send(chunk)) return false;
  return client.send("0\r\n\r\n");
}

}  // namespace

TEST_CASE("a refusal arrives, however the rest of the request is cut and delayed", "[server]") {
  ServedWorld world;
  const std::string json = "Host: localhost\r\nContent-Type: application/json\r\n";
  const std::vector<std::pair<std::string, int>> heads{
      {unknown_host + "Transfer-Encoding: chunked\r\n\r\n", 421},
      {"POST /v1/entities/note HTTP/1.1\r\n" + json + "Transfer-Encoding: chunked\r\n\r\n", 401},
      {"POST /v1/nothing HTTP/1.1\r\n" + json + "Transfer-Encoding: chunked\r\n\r\n", 404},
      {"POST /v1/entities/note HTTP/1.1\r\n" + json + "Authorization: Bearer " + world.writer +
           "\r\nContent-Length: 9999999\r\n\r\n",
       413},
      {"POST /v1/entities/note HTTP/1.1\r\n" + json + "Authorization: Bearer " + world.writer +
           "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       400}};
  std::mt19937 random(1);
  int lost = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto& [head, status] = heads[static_cast<std::size_t>(round) % heads.size()];
    const std::string bytes = head + std::string(random() % (round % 100 == 0 ? 500'000 : 3000), '1');
    HttpClient client(world.server->port());
    bool is_sent = true;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = random() % 4 == 0 ? 1 + random() % 100 : 1 + random() % bytes.size();
      is_sent = client.send(std::string_view(bytes).substr(at, size)) && is_sent;
      at += size;
      if (random() % 8 == 0) std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
    }
    if (random() % 2 == 0) client.end_sending();
    if (!is_sent || client.read().status != status) ++lost;
  }
  CHECK(lost == 0);
}

TEST_CASE("a client may send the whole body of a refused request before it reads the answer", "[server]") {
  ServedWorld world;
  HttpClient client(world.server->port());
  REQUIRE(client.send(unknown_host + "Transfer-Encoding: chunked\r\n\r\n"));
  CHECK(send_long_body(client));
  CHECK(client.read().status == 421);
}

TEST_CASE("so it may over TLS", "[server]") {
  const Certificate certificate("DNS:localhost");
  const Folder files;
  server::ServerOptions options;
  files.write("certificate.pem", certificate.pem());
  files.write("key.pem", certificate.key_pem());
  options.tls = server::TlsFiles{(files.path() / "certificate.pem").string(), (files.path() / "key.pem").string()};
  ServedWorld world(options);
  TlsClient client(world.server->port());
  REQUIRE(client.send(unknown_host + "Transfer-Encoding: chunked\r\n\r\n"));
  CHECK(send_long_body(client));
  CHECK(client.read().find(" 421 ") != std::string::npos);
}

TEST_CASE("a client may pause in the body of a refused request", "[server]") {
  ServedWorld world;
  HttpClient client(world.server->port());
  REQUIRE(client.send(unknown_host + "Content-Length: 200\r\n\r\n" + std::string(100, 'x')));
  for (int i = 0; i < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    CHECK(client.send(std::string(50, 'x')));
  }
  CHECK(client.read().status == 421);
}

TEST_CASE("a connection that is one too many is refused with 503, and few of these are held at once", "[server]") {
  server::ServerOptions options;
  options.limits.connections = 4;  // of which one address may have half
  ServedWorld world(options);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  HttpClient first(world.server->port()), second(world.server->port());
  for (HttpClient* const each : {&first, &second}) {
    each->send(request);
    CHECK(each->read().status == 200);
  }
  for (int i = 0; i < 200; ++i) {
    HttpClient late(world.server->port());
    late.send(request);
    const HttpAnswer answer = late.read();
    REQUIRE(answer.status == 503);
    CHECK(answer.code() == "busy");
    CHECK(answer.headers.at("retry-after") == "1");
    CHECK(answer.headers.at("connection") == "close");
    // The slot of a connection whose client has ended is free soon after.
    late.end_sending();
    CHECK(late.is_closed_by_server(std::chrono::seconds(30)));
  }
  std::vector<std::unique_ptr<HttpClient>> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<HttpClient>(world.server->port()));
  HttpClient late(world.server->port());
  late.send(request);
  CHECK(late.read().status == 0);
  CHECK(world.server->core().connections() <= 2 + 64);
  for (auto& each : silent) CHECK(each->is_closed_by_server(std::chrono::seconds(30)));
  first.send(request);
  CHECK(first.read().status == 200);
}

TEST_CASE("the client of the tests misses no answer because a signal comes", "[server]") {
  struct sigaction before {};
  struct sigaction ignoring {};
  ignoring.sa_handler = [](int) {};
  sigaction(SIGUSR1, &ignoring, &before);
  {
    server::ServerOptions options;
    options.limits.idle_time = std::chrono::milliseconds(300);
    ServedWorld world(options);
    std::atomic<bool> is_done = false;
    const pthread_t self = pthread_self();
    std::thread signals([&] {
      while (!is_done) {
        pthread_kill(self, SIGUSR1);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    });
    for (int i = 0; i < 300; ++i) {
      HttpClient each(world.server->port());
      REQUIRE(each.ask("GET", "/healthz").status == 200);
    }
    HttpClient client(world.server->port());
    CHECK(client.ask("GET", "/healthz").status == 200);
    const auto begun = std::chrono::steady_clock::now();
    CHECK_NOTHROW(client.read_to_end(std::chrono::seconds(30)));  // until the server ends it
    CHECK(std::chrono::steady_clock::now() - begun > std::chrono::milliseconds(100));
    is_done = true;
    signals.join();
  }
  sigaction(SIGUSR1, &before, nullptr);
}
