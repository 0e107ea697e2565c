#include "support/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace struere::test {
namespace {

constexpr std::chrono::seconds patience(60);  // of a busy machine

// A signal, such as the timer of libFuzzer, ends none of these calls.
template <class Call>
auto uninterrupted(const Call& call) {
  for (;;)
    if (const auto done = call(); done >= 0 || errno != EINTR) return done;
}

// Waits until there is something to read, or the end of it. False if `time` is over before.
bool is_readable(int socket, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  return uninterrupted([&] {
           const auto left =
               std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
           pollfd waiting{socket, POLLIN, 0};
           return ::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
         }) > 0;
}

// A connection goes on being made after a signal, and cannot be begun again.
bool connect_to(int socket, const sockaddr_in& address) {
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
  if (errno != EINTR) return false;
  pollfd waiting{socket, POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  return uninterrupted([&] { return ::poll(&waiting, 1, -1); }) > 0 &&
         ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

}  // namespace

HttpClient::HttpClient(std::uint16_t port, const char* from)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (from) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    if (::inet_pton(AF_INET, from, &own.sin_addr) != 1 ||
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
      throw std::runtime_error("cannot connect from this address");
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket_ < 0 || !connect_to(socket_, address)) {
    if (socket_ >= 0) ::close(socket_);
    throw std::runtime_error("cannot connect");
  }
}

HttpClient::~HttpClient() { ::close(socket_); }

bool HttpClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = uninterrupted([&] { return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool HttpClient::receive(std::chrono::milliseconds time) {
  if (!is_readable(socket_, time)) return false;
  std::string part(65536, '\0');
  const ssize_t got = uninterrupted([&] { return ::recv(socket_, part.data(), part.size(), 0); });
  if (got <= 0) return false;
  received_.append(part.data(), static_cast<std::size_t>(got));
  return true;
}

HttpAnswer HttpClient::read(bool has_body) {
  HttpAnswer out;
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos)
    if (!receive(patience)) return out;
  std::string head = received_.substr(0, end + 2);
  received_.erase(0, end + 4);
  out.status = std::stoi(head.substr(9, 3));
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const std::size_t line_end = head.find("\r\n", at), colon = head.find(": ", at);
    std::string name = head.substr(at, colon - at);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    out.headers[name] = head.substr(colon + 2, line_end - colon - 2);
    at = line_end + 2;
  }
  if (!has_body || out.status == 204 || out.status == 100) return out;
  if (out.headers.contains("content-length")) {
    const std::size_t size = std::stoul(out.headers.at("content-length"));
    while (received_.size() < size)
      if (!receive(patience)) throw std::runtime_error("the body ends early");
    out.body = received_.substr(0, size);
    received_.erase(0, size);
    return out;
  }
  for (;;) {  // chunks
    std::size_t line = 0;
    while ((line = received_.find("\r\n")) == std::string::npos)
      if (!receive(patience)) throw std::runtime_error("the stream is cut off");
    const std::size_t size = std::stoul(received_.substr(0, line), nullptr, 16);
    while (received_.size() < line + 2 + size + 2)
      if (!receive(patience)) throw std::runtime_error("the stream is cut off");
    out.body += received_.substr(line + 2, size);
    received_.erase(0, line + 2 + size + 2);
    if (size == 0) return out;
  }
}

std::string HttpClient::read_until(std::string_view text, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (received_.find(text) == std::string::npos && std::chrono::steady_clock::now() < end)
    receive(std::chrono::milliseconds(20));
  return std::exchange(received_, {});
}

void HttpClient::end_sending() { ::shutdown(socket_, SHUT_WR); }

std::string HttpClient::read_to_end(std::chrono::milliseconds time) {
  do {
    if (!is_readable(socket_, time)) throw std::runtime_error("the server keeps the connection open");
  } while (receive(time));
  return std::exchange(received_, {});
}

bool HttpClient::is_closed_by_server(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end)
    if (is_readable(socket_, std::chrono::milliseconds(20)) && !receive(std::chrono::milliseconds(0))) return true;
  return false;
}

HttpAnswer HttpClient::ask(const std::string& method, const std::string& target, const Headers& headers,
                           const std::optional<std::string>& body) {
  std::string request = method + " " + target + " HTTP/1.1\r\n";
  const auto has = [&](std::string_view name) {
    return std::ranges::any_of(headers, [&](const auto& header) { return header.first == name; });
  };
  if (!has("Host")) request += "Host: localhost\r\n";
  for (const auto& [name, value] : headers) request += name + ": " + value + "\r\n";
  if (body && !has("Content-Type")) request += "Content-Type: application/json\r\n";
  if (body) request += "Content-Length: " + std::to_string(body->size()) + "\r\n";
  send(request + "\r\n" + body.value_or(""));
  return read(method != "HEAD");
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char each : text) {
    const auto c = static_cast<unsigned char>(each);
    if (std::isalnum(c) || c == '-' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      constexpr std::string_view digits = "0123456789ABCDEF";
      out += '%';
      out += digits[c >> 4];
      out += digits[c & 15];
    }
  }
  return out;
}

}  // namespace struere::test
