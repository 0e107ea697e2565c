#include "postgres/citus.hpp"

#include "postgres/raw_connection.hpp"
#include "struere/storage/postgres_setup.hpp"

namespace struere::conformance {
namespace {

// The answer of the last one. Each is a message of its own: Citus hands on all of a message that has a SET LOCAL.
RawConnection::Rows run_at(const std::string& url, const std::vector<std::string>& statements) {
  RawConnection connection(url);
  RawConnection::Rows out;
  for (const std::string& sql : statements) out = connection.run(sql);
  return out;
}

}  // namespace

CitusCluster::CitusCluster(const std::string& server) {
  if (run_at(server, {"SELECT 1 FROM pg_extension WHERE extname = 'citus'"}).empty()) return;
  for (const auto& node : run_at(server, {"SELECT nodename, nodeport, groupid = 0 FROM pg_dist_node ORDER BY groupid"}))
    nodes_.push_back({node[0], node[1], node[2] == "t"});
}

std::string CitusCluster::url_of(const std::string& database, const Node& node) {
  return "postgresql://postgres@" + node.host + ":" + node.port + "/" + database;
}

void CitusCluster::add_database(const std::string& name) const {
  for (const Node& node : nodes_) {
    run_at(url_of("postgres", node), {"CREATE DATABASE " + name + " ENCODING 'UTF8' TEMPLATE template0"});
    run_at(url_of(name, node), {"CREATE EXTENSION citus"});
  }
  for (const Node& node : nodes_)
    run_at(url_of(name, nodes_.front()),
           {std::string("SELECT ") + (node.is_coordinator ? "citus_set_coordinator_host" : "citus_add_node") + "('" +
            node.host + "', " + node.port + ")"});
}

void CitusCluster::distribute(const std::string& name) const {
  if (is_there()) distribute_postgres(url_of(name, nodes_.front()));
}

void CitusCluster::run(const std::string& name, const std::vector<std::string>& statements) const {
  std::vector<std::string> all{"BEGIN", "SET LOCAL citus.multi_shard_modify_mode = 'sequential'"};
  all.insert(all.end(), statements.begin(), statements.end());
  all.emplace_back("COMMIT");
  run_at(url_of(name, nodes_.front()), all);
}

void CitusCluster::drop_from_workers(const std::string& name) const noexcept {
  for (const Node& node : nodes_) try {
      if (!node.is_coordinator) run_at(url_of("postgres", node), {"DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"});
    } catch (const std::exception&) {  // the node is gone, and the database with it
    }
}

}  // namespace struere::conformance
