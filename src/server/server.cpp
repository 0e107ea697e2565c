#include "struere/server/server.hpp"

#include "server/core.hpp"
#include "server/listener.hpp"

namespace struere::server {

class Server::State {
 public:
  explicit State(Services services) : core(std::move(services)), listener(core) {}

  Core core;
  Listener listener;
};

Server::Server(Database database, ServerOptions options)
    : state_(std::make_unique<State>(Services{std::move(database), std::move(options)})) {}

Server::~Server() { stop(); }

void Server::start() { state_->listener.start(); }

void Server::stop() {
  state_->listener.stop();
  state_->core.stop_queues();
}

std::uint16_t Server::port() const noexcept { return state_->listener.port(); }

std::string Server::url() const {
  const ServerOptions& options = state_->core.application().services().options;
  const bool is_v6 = options.address.find(':') != std::string::npos;
  return std::string(options.tls ? "https://" : "http://") + (is_v6 ? "[" + options.address + "]" : options.address) +
         ":" + std::to_string(port());
}

}  // namespace struere::server
