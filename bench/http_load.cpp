#include "http_load.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

namespace struere::bench {
namespace {

using Clock = std::chrono::steady_clock;
using Latencies = std::vector<std::chrono::nanoseconds>;

// Sends while `may_send`, and waits for the answers to what was sent.
Latencies run_client(std::uint16_t port, const std::vector<std::string>& messages, int lines_of_client,
                     const std::function<bool()>& may_send) {
  std::vector<std::unique_ptr<Line>> lines;
  std::vector<pollfd> waiting;
  Latencies latencies;
  std::size_t turn = 0;
  int under_way = 0;
  const auto send = [&](std::size_t i) {
    if (!may_send()) {
      waiting[i].fd = -1;
      return;
    }
    lines[i]->send(messages[turn++ % messages.size()]);
    ++under_way;
  };
  for (int i = 0; i < lines_of_client; ++i) {
    lines.push_back(std::make_unique<Line>(port));
    waiting.push_back({lines.back()->socket(), POLLIN, 0});
  }
  for (std::size_t i = 0; i < lines.size(); ++i) send(i);
  while (under_way > 0) {
    ::poll(waiting.data(), waiting.size(), 100);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (waiting[i].fd < 0 || (waiting[i].revents & POLLIN) == 0 || !lines[i]->receive()) continue;
      latencies.push_back(lines[i]->latency());
      --under_way;
      send(i);
    }
  }
  return latencies;
}

Figures measure(std::uint16_t port, const std::vector<std::string>& messages, const Load& load,
                const std::function<bool()>& may_send) {
  const int threads = std::clamp(load.threads, 1, load.at_once);
  const auto begin = Clock::now();
  std::vector<Latencies> found(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (Latencies& latencies : found)
    running.emplace_back([&] { latencies = run_client(port, messages, load.at_once / threads, may_send); });
  for (std::thread& thread : running) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  Latencies all;
  for (const Latencies& latencies : found) all.insert(all.end(), latencies.begin(), latencies.end());
  std::ranges::sort(all);
  const auto milliseconds = [&](std::size_t at) { return static_cast<double>(all.at(at).count()) / 1e6; };
  return {static_cast<double>(all.size()) / seconds, milliseconds(all.size() / 2), milliseconds(all.size() * 99 / 100)};
}

}  // namespace

Line::Line(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Line::~Line() { ::close(socket_); }

void Line::send(const std::string& message) {
  received_.clear();
  begun_ = Clock::now();
  if (::send(socket_, message.data(), message.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(message.size()))
    throw std::runtime_error("cannot send");
}

bool Line::receive() {
  char part[65536];
  const ssize_t got = ::recv(socket_, part, sizeof part, 0);
  if (got <= 0) throw std::runtime_error("the server closed the connection");
  received_.append(part, static_cast<std::size_t>(got));
  const std::size_t head = received_.find("\r\n\r\n");
  if (head == std::string::npos) return false;
  const std::size_t length = received_.find("Content-Length: ");
  if (received_.compare(0, 11, "HTTP/1.1 20") != 0 || length > head) throw std::runtime_error(received_);
  return received_.size() >= head + 4 + std::stoul(received_.substr(length + 16));
}

std::string Line::ask(const std::string& message) {
  send(message);
  while (!receive()) {
  }
  return received_.substr(received_.find("\r\n\r\n") + 4);
}

Figures measure_for(std::uint16_t port, const std::vector<std::string>& messages, std::chrono::milliseconds time,
                    const Load& load) {
  const auto end = Clock::now() + time;
  return measure(port, messages, load, [end] { return Clock::now() < end; });
}

Figures measure_count(std::uint16_t port, const std::vector<std::string>& messages, std::size_t count,
                      const Load& load) {
  std::atomic<std::size_t> sent = 0;
  return measure(port, messages, load, [&] { return sent++ < count; });
}

std::string request(const std::string& key, const std::string& start, const std::string& body) {
  std::string out = start + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + key + "\r\n";
  if (!body.empty()) out += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  return out + "\r\n" + body;
}

}  // namespace struere::bench
