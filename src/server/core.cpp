#include "server/core.hpp"

#include <vector>

#include "server/backup_turns.hpp"
#include "server/idempotency.hpp"
#include "server/rate_limits.hpp"
#include "server/storage_reports.hpp"

namespace struere::server {

namespace {

constexpr std::size_t most_refused = 64;  // connections at once that are told that they are too many

Services with_counts(Services services) {
  const ServerLimits& limits = services.options.limits;
  services.streams = std::make_shared<StreamCounts>(limits.streams, limits.streams_per_actor);
  services.idempotent_answers = std::make_shared<IdempotentAnswers>();
  services.storage_reports = std::make_shared<StorageReports>();
  services.backup_turns = std::make_shared<BackupTurns>();
  services.rate_limits =
      std::make_shared<RateLimits>(limits.requests_per_second, limits.requests_per_second_of_organization);
  return services;
}

}  // namespace

Core::Core(Services services)
    : application_(with_counts(std::move(services))),
      bodies_(limits().bodies_bytes),
      answers_(limits().answers_bytes),
      slots_(limits().connections),
      refusal_slots_(most_refused),
      reads_(application_.services().options.read_threads, limits().waiting_requests,
             limits().waiting_requests_per_organization),
      writes_(application_.services().options.write_threads, limits().waiting_requests,
              limits().waiting_requests_per_organization) {
  if (application_.services().database.trusted_host().has_remote_storage())
    admissions_.emplace(application_.services().options.read_threads, limits().waiting_requests,
                        limits().waiting_requests);
}

std::size_t Core::add_connection(const std::string& client, Place place, Close close) {
  const std::lock_guard lock(mutex_);
  Shares& slots = place == Place::served ? slots_ : refusal_slots_;
  if (is_stopping_ || !slots.take(client, 1)) return 0;
  connections_.try_emplace(++last_number_, slots, client, std::move(close));
  ++application_.metrics().connections;
  return last_number_;
}

void Core::remove_connection(std::size_t number) {
  const std::lock_guard lock(mutex_);
  if (connections_.erase(number) > 0) --application_.metrics().connections;
}

std::size_t Core::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void Core::close_connections(bool force) {
  std::vector<Close> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, listed] : connections_) all.push_back(listed.close);
  }
  for (const Close& close : all) close(force);
}

}  // namespace struere::server
