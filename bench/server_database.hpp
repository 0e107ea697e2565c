// The database that is served: a file of its own, which is removed at the end.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "struere/server/server.hpp"
#include "struere/struere.hpp"

namespace struere::bench {

class ServerDatabase {
 public:
  // In a file of its own unless `url` names a PostgreSQL database with struere's tables.
  explicit ServerDatabase(const std::string& url = {})
      : database_(Database::open(url.empty() ? (folder_.path / "bench.db").string() : url,
                                 {.sqlite = {.durability = Durability::normal}})) {
    database_.trusted_host().create_organization("acme", acme());
  }

  static OrganizationId acme() { return OrganizationId("acme"); }
  const Database& database() const noexcept { return database_; }
  Session system() const { return database_.trusted_host().system_session(acme(), Environment::development); }

  // The secret with which a member asks, as an operator.
  std::string secret_of(const std::string& user) const {
    const OperatorSessions sessions = database_.trusted_host().operator_sessions();
    return sessions.redeem(sessions.invite(acme(), UserId(user)).secret).secret;
  }

 private:
  struct Folder {
    Folder() { std::filesystem::create_directory(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / fmt::format("struere-server-bench-{}", ::getpid());
  };

  Folder folder_;
  Database database_;
};

}  // namespace struere::bench
