// The world of one scenario in the organization of a server.
#pragma once

#include <map>
#include <set>
#include <string>

#include "cli/http_client.hpp"
#include "conformance/http_operations.hpp"
#include "conformance/references.hpp"
#include "conformance/scenario.hpp"
#include "struere/core/clock.hpp"

namespace struere::conformance {

// What HTTP cannot say.
struct NotOverHttp {
  std::string reason;
};

class RemoteWorld final : public HttpAsker {
 public:
  // `admin` is the client of an org admin. Entities get ids that no other world has.
  RemoteWorld(const cli::HttpClient& admin, cli::ServerAddress address);

  // Throws Error where the world is refused.
  void build(const OrderedJson& organization, const std::vector<Json>& steps);
  // Purges what was made. Leaves what cannot be removed.
  void tear_down() noexcept;

  // Throws NotOverHttp for an actor that the server cannot have.
  Json ask(const Json& actor, const HttpRequest& request) override;
  References& references() override { return references_; }
  Json make(const std::string& ref, const std::string& type, const std::function<Json()>& post) override;
  Json in_unit(const std::function<Json()>& post) override { return post(); }

 private:
  void build_environment(const std::string& environment, const OrderedJson& parts);
  const cli::HttpClient& client_of(const Json& actor);
  void attempt(const std::string& method, const std::string& target) noexcept;

  const cli::HttpClient& admin_;
  cli::ServerAddress address_;
  References references_;
  Timestamp begun_ = 0;  // events before it are of other worlds
  Timestamp next_time_ = 1'700'000'000'000;
  std::map<Json, cli::HttpClient> clients_;   // of actors, as steps name them
  std::map<std::string, std::string> types_;  // of the entities that were made, by id
  std::set<std::string> members_;
  std::set<std::pair<std::string, std::string>> roles_, entity_types_, keys_;  // environment and name
};

}  // namespace struere::conformance
