// The sockets of a server. All that uses Asio and Beast is in listener.cpp, because their templates are slow to
// compile.
#pragma once

#include <cstdint>
#include <memory>

#include "server/core.hpp"

namespace struere::server {

class Listener {
 public:
  // Binds the address. Throws Error as Server does.
  explicit Listener(Core& core);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void start();  // its threads
  void stop();   // as Server::stop
  std::uint16_t port() const noexcept;

 private:
  class Sockets;
  std::unique_ptr<Sockets> sockets_;
};

}  // namespace struere::server
