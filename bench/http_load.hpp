// Requests over loopback, many at once, and how long their answers take.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace struere::bench {

struct Figures {
  double rate = 0;          // a second
  double p50 = 0, p99 = 0;  // milliseconds
};

// One socket with one request under way.
class Line {
 public:
  explicit Line(std::uint16_t port);
  ~Line();
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  int socket() const noexcept { return socket_; }
  void send(const std::string& message);
  bool receive();  // whether the answer is whole now; throws std::runtime_error unless it is a success
  std::string ask(const std::string& message);  // the body of the answer
  std::chrono::nanoseconds latency() const { return std::chrono::steady_clock::now() - begun_; }

 private:
  int socket_;
  std::string received_;
  std::chrono::steady_clock::time_point begun_;
};

struct Load {
  int at_once = 64;  // connections that are kept, each with one request under way
  int threads = 2;   // of the clients
};

// Sends the messages in turn for this time.
Figures measure_for(std::uint16_t port, const std::vector<std::string>& messages, std::chrono::milliseconds time,
                    const Load& load = {});
// Sends that many messages.
Figures measure_count(std::uint16_t port, const std::vector<std::string>& messages, std::size_t count,
                      const Load& load = {});

std::string request(const std::string& key, const std::string& start, const std::string& body = {});

}  // namespace struere::bench
