#include "struere/repository/database.hpp"

#include "actor/authentication.hpp"
#include "core/authority.hpp"
#include "repository/engine.hpp"
#include "repository/unit_of_work.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"
#include "struere/spi/backend.hpp"
#include "struere/storage/memory.hpp"

namespace struere {

Database Database::with_storage(std::unique_ptr<Storage> storage, const DatabaseOptions& options) {
  if (!storage) throw Error(ErrorCode::storage, "there is no storage: the pointer to it is null");
  return Database(std::make_shared<Engine>(std::move(storage), options.clock ? *options.clock : system_clock(),
                                           options.ids ? *options.ids : uuid_source(), options.record_denials));
}

Database Database::open(const std::string& path, const DatabaseOptions& options) {
  DatabaseOptions accepted = options;
  if (options.sqlite.read_only) accepted.record_denials = DenialRecording::off;
  if (!scheme_of(path).empty())
    return with_storage(
        open_backend(path, {options.sqlite.busy_timeout, options.sqlite.must_exist, options.sqlite.read_only}),
        accepted);
  return with_storage(open_sqlite_storage(path, options.sqlite), accepted);
}

Database Database::in_memory(const DatabaseOptions& options) { return with_storage(open_memory_storage(), options); }

Session Database::authenticate(std::string_view api_key) const {
  require_no_unit(*engine_);
  const Authentication authentication(*engine_->storage, *engine_->clock, &engine_->authenticated);
  return Session(Caller(authority(), engine_, retried([&] { return authentication.authenticate(api_key); })));
}

TrustedHost Database::trusted_host() const { return {authority(), engine_}; }

const std::shared_ptr<Engine>& Database::shared_engine(const Authority& authority) const {
  require_authority(authority);
  return engine_;
}

}  // namespace struere
