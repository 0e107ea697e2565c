// Where a host begins: opens the data, authenticates callers, and hands out sessions.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "struere/core/authority.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/shared.hpp"
#include "struere/repository/denial_recording.hpp"
#include "struere/repository/session.hpp"
#include "struere/repository/trusted_host.hpp"
#include "struere/storage/sqlite.hpp"

namespace STRUERE_API struere {

struct DatabaseOptions {
  SqliteOptions sqlite = {};
  DenialRecording record_denials = DenialRecording::summed;
  // Both must outlive the database.
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
};

// One for each process and file. A handle: copies share the database. Safe to use from many threads.
class Database {
 public:
  // `path` is a file, which is created if it is missing, or a URL: `postgresql://…` needs struere::postgres, and of
  // SqliteOptions takes busy_timeout, must_exist and read_only. Throws Error{storage}.
  static Database open(const std::string& path, const DatabaseOptions& options = {});
  static Database in_memory(const DatabaseOptions& options = {});
  static Database with_storage(std::unique_ptr<Storage> storage, const DatabaseOptions& options = {});

  // The session of an API key; its scope is fixed from here on (SPEC 2). Throws Error{unauthenticated}, whatever is
  // wrong with the key.
  Session authenticate(std::string_view api_key) const;

  // What the host may do in its own name: system sessions, users that it has authenticated itself, organizations.
  TrustedHost trusted_host() const;

  // For the library itself.
  const std::shared_ptr<Engine>& shared_engine(const Authority& authority) const;

 private:
  explicit Database(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

  Shared<Engine> engine_;
};

}  // namespace struere
