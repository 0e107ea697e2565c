#include "server/storage_reports.hpp"

#include "server/refusal.hpp"
#include "struere/repository/trusted_host.hpp"

namespace struere::server {

std::shared_ptr<const StorageReport> StorageReports::current(const Database& database) {
  constexpr std::chrono::minutes fresh(10);
  {
    const std::lock_guard lock(mutex_);
    if (report_ && (is_checking_ || std::chrono::steady_clock::now() - made_ < fresh)) return report_;
    if (is_checking_)
      throw Refusal(429, "limit", "the database is being checked; try again in a minute", {{"Retry-After", "60"}});
    is_checking_ = true;
  }
  std::shared_ptr<const StorageReport> made;
  try {
    made = std::make_shared<const StorageReport>(database.trusted_host().check_storage());
  } catch (...) {
    const std::lock_guard lock(mutex_);
    is_checking_ = false;
    throw;
  }
  const std::lock_guard lock(mutex_);
  is_checking_ = false;
  made_ = std::chrono::steady_clock::now();
  report_ = made;
  return made;
}

}  // namespace struere::server
