// A database of a test's own on the server that scripts/postgres_server runs, dropped with it.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "storage/postgres/connection.hpp"

namespace struere::test {

class OwnDatabase {
 public:
  OwnDatabase() {
    const char* const url = std::getenv("STRUERE_POSTGRESQL_URL");
    if (!url) throw std::runtime_error("STRUERE_POSTGRESQL_URL is not set; run this test by scripts/postgres_server");
    server_ = url;
    static std::atomic<int> made = 0;
    name_ = "struere_fault_" + std::to_string(getpid()) + "_" + std::to_string(++made);
    connect(server_).run("CREATE DATABASE " + name_ + " TEMPLATE template0 ENCODING 'UTF8'");
  }
  ~OwnDatabase() {
    try {
      connect(server_).run("DROP DATABASE " + name_ + " WITH (FORCE)");
    } catch (const std::exception&) {  // the server is gone
    }
  }
  OwnDatabase(const OwnDatabase&) = delete;
  OwnDatabase& operator=(const OwnDatabase&) = delete;

  std::string url() const {
    const std::size_t authority = server_.find("://") + 3, question = std::min(server_.find('?'), server_.size());
    const std::size_t path = std::min(server_.find('/', authority), question);
    return server_.substr(0, path) + "/" + name_ + server_.substr(question);
  }
  // As a superuser, beside the library.
  void run(const std::string& sql) const { connect(url()).run(sql); }
  std::int64_t number(const std::string& sql) const { return connect(url()).run(sql).integer(0, 0); }

 private:
  static postgres::Connection connect(const std::string& url) {
    return postgres::Connection(postgres::Target::parse(url));
  }

  std::string server_, name_;
};

}  // namespace struere::test
