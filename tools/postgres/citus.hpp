// Databases on all nodes of a Citus cluster, where the server is the coordinator of one
// (`scripts/postgres_server --citus`). On any other server, nothing of this does anything.
#pragma once

#include <string>
#include <vector>

namespace struere::conformance {

class CitusCluster {
 public:
  // The URL of a superuser, in a database that knows the nodes.
  explicit CitusCluster(const std::string& server);

  bool is_there() const noexcept { return !nodes_.empty(); }
  // Makes the database on all of them, and these its nodes.
  void add_database(const std::string& name) const;
  // Spreads its tables, after set_up_postgres().
  void distribute(const std::string& name) const;
  // Carries out statements of the superuser in one transaction of it.
  void run(const std::string& name, const std::vector<std::string>& statements) const;
  void drop_from_workers(const std::string& name) const noexcept;

 private:
  struct Node {
    std::string host, port;
    bool is_coordinator;
  };
  static std::string url_of(const std::string& database, const Node& node);

  std::vector<Node> nodes_;
};

}  // namespace struere::conformance
