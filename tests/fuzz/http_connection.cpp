// Bytes over a connection to a real server: whatever they are, its answers are whole, they are not more than there were
// requests, none says that the server failed, and none shows what the actor may not see.
#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "fuzz/fuzz_target.hpp"
#include "server/test_server.hpp"
#include "support/http_client.hpp"

namespace struere::fuzz {
namespace {

using test::HttpClient;
using test::ServedWorld;

// In what is sent, these stand for API keys: of the role that reads the notes of the north without their secret, and of
// one that may do everything.
constexpr std::string_view reader_key = "READER_KEY", writer_key = "WRITER_KEY";
// An org admin, whom the host of the test believes (named_operator).
constexpr std::string_view admin = "user=boss";

constexpr std::array<std::string_view, 6> templates{
    "GET /v1/entities/note/export HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer READER_KEY\r\n\r\n",
    "POST /v1/entities/note/query HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer READER_KEY\r\nContent-Type: "
    "application/json\r\nContent-Length: 74\r\n\r\n"
    R"({"where":{"field":"data.number","operator":"gte","value":1},"limit":2}    )",
    "POST /v1/entities/note HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer WRITER_KEY\r\nContent-Type: "
    "application/json\r\nTransfer-Encoding: chunked\r\n\r\n19\r\n{\"data\":{\"team\":\"north\"}}\r\n0\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
    "READER_KEY\r\nConnection: close\r\n\r\n",
    "PUT /v1/types/visit?environment=development HTTP/1.1\r\nHost: localhost\r\nCookie: user=boss; "
    "organization=acme\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\nContent-Length: "
    "37\r\n\r\n{\"schema\":{\"properties\":{\"a\":{}}}}   ",
    "POST /v1/transaction HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer WRITER_KEY\r\nContent-Type: "
    "application/json\r\nIdempotency-Key: a\r\nContent-Length: 68\r\n\r\n"
    R"({"operations":[{"op":"create","type":"note","data":{"number":1}}]}  )"};

std::string with_keys(std::string text, const ServedWorld& world) {
  for (const auto& [word, key] : {std::pair(reader_key, world.reader), std::pair(writer_key, world.writer)})
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += key.size())
      text.replace(at, word.size(), key);
  return text;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t out = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; at += part.size()) ++out;
  return out;
}

std::string exchange(const ServedWorld& world, std::string_view first, std::string_view second) {
  HttpClient client(world.server->port());
  client.send(first);
  client.send(second);
  client.end_sending();
  return client.read_to_end(std::chrono::seconds(15));
}

// The size of a chunked body at the begin of the text.
std::size_t size_of_chunks(std::string_view text) {
  for (std::size_t at = 0;;) {
    const std::size_t line = text.find("\r\n", at);
    require(line != std::string_view::npos, "a chunk without a size");
    const std::size_t size = std::stoul(std::string(text.substr(at, line - at)), nullptr, 16);
    at = line + 2 + size + 2;
    require(at <= text.size() && text.substr(at - 2, 2) == "\r\n", "a chunk that is cut off");
    if (size == 0) return at;
  }
}

// The status of each answer. Requires that each is whole, and that nothing follows one that closes the connection.
std::vector<int> statuses_of(std::string_view text) {
  std::vector<int> out;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n\r\n");
    require(end != std::string_view::npos && text.starts_with("HTTP/1.1 "), "an answer without a head");
    const std::string head(text.substr(0, end + 2));
    out.push_back(std::stoi(head.substr(9, 3)));
    text.remove_prefix(end + 4);
    if (out.back() == 100) continue;
    if (const std::size_t length = head.find("Content-Length: "); length != std::string::npos) {
      const std::size_t size = std::stoul(head.substr(length + 16));
      require(size <= text.size(), "a body that is cut off");
      text.remove_prefix(size);
    } else if (head.find("Transfer-Encoding: chunked") != std::string::npos) {
      text.remove_prefix(size_of_chunks(text));
    }
    if (head.find("Connection: close") != std::string::npos) require(text.empty(), "an answer after the last one");
  }
  return out;
}

}  // namespace

// The first byte says where the bytes are cut in two parts, the second which template the rest changes; 0: the rest is
// sent as it is.
void http_connection(std::string_view bytes) {
  static std::unique_ptr<ServedWorld> world;
  static std::size_t inputs = 0;
  if (inputs++ % 1000 == 0) {  // what was written is forgotten now and then
    server::ServerOptions options;
    options.limits.streams = 0;  // which would not end
    world = std::make_unique<ServedWorld>(options);
    world->create("note", {{"text", "n"}, {"team", "north"}, {"secret", secret}, {"number", 1}});
    world->create("note", {{"text", "s"}, {"team", "south"}, {"secret", secret}});
    world->user("boss", {}, Environment::development, "acme", MembershipRole::admin);
  }
  if (bytes.size() < 2) return;
  const std::size_t which = static_cast<unsigned char>(bytes[1]) % (templates.size() + 1);
  const std::string_view rest = bytes.substr(2);
  const std::string text = which == 0 ? std::string(rest) : edited(std::string(templates.at(which - 1)), rest);
  const bool writes = text.find(writer_key) != std::string::npos || text.find(admin) != std::string::npos;
  const std::string sent = with_keys(text, *world);
  const std::string got = exchange(*world, sent, {});
  for (const int status : {500, 502})
    require(got.find("HTTP/1.1 " + std::to_string(status)) == std::string::npos, "the server failed: " + got);
  require(writes || got.find(secret) == std::string::npos, "a secret is in the answer: " + got);
  if (text.find("HEAD") != std::string::npos) return;  // whose answer tells of a body that it does not have
  const std::vector<int> statuses = statuses_of(got);
  const auto answers = static_cast<std::size_t>(std::ranges::count_if(statuses, [](int each) { return each != 100; }));
  require(answers <= count_of(sent, "\r\n\r\n") + 1, "more answers than requests: " + got);
  if (!writes) {
    const std::size_t cut = static_cast<unsigned char>(bytes[0]) * sent.size() / 256;
    const std::string again =
        exchange(*world, std::string_view(sent).substr(0, cut), std::string_view(sent).substr(cut));
    require(statuses_of(again) == statuses, "in two parts it is answered otherwise: " + got + "\n" + again);
  }
  if (inputs % 64 == 0)
    require(HttpClient(world->server->port()).ask("GET", "/healthz").status == 200, "the server is gone");
}

}  // namespace struere::fuzz
