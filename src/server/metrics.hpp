// Counts of what the server does, for Prometheus. Without a name, key or id of the data.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/model/database_activity.hpp"

namespace struere::server {

struct Route;

// The counts of the database, in the same format. `due`: environments with a trigger run that is due; nullopt if that
// cannot be read now.
std::string text_of(const DatabaseActivity& activity, std::optional<std::size_t> due);

class Metrics {
 public:
  // `routes` outlive the metrics.
  explicit Metrics(const std::vector<Route>& routes);

  // `route` is null if the request was refused before it was found.
  void count(const Route* route, std::string_view code, std::chrono::nanoseconds duration) noexcept;

  std::atomic<std::int64_t> connections = 0;
  std::atomic<std::int64_t> streams = 0;

  std::string text() const;  // the exposition format, version 0.0.4

 private:
  static constexpr std::array<std::string_view, 26> codes{"ok",
                                                          "unauthenticated",
                                                          "permission_denied",
                                                          "not_found",
                                                          "invalid_data",
                                                          "invalid_reference",
                                                          "invalid_definition",
                                                          "invalid_query",
                                                          "invalid_cursor",
                                                          "conflict",
                                                          "storage",
                                                          "malformed_request",
                                                          "too_large",
                                                          "timeout",
                                                          "limit",
                                                          "busy",
                                                          "unknown_host",
                                                          "method_not_allowed",
                                                          "unsupported_media_type",
                                                          "missing_environment",
                                                          "contradictory_environment",
                                                          "cross_site",
                                                          "idempotency_key_reused",
                                                          "internal",
                                                          "other",
                                                          "cut_off"};
  static constexpr std::array<double, 12> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};

  struct Counts {
    std::array<std::atomic<std::uint64_t>, codes.size()> by_code{};
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> by_duration{};
    std::atomic<std::uint64_t> nanoseconds = 0;
  };

  const std::vector<Route>& routes_;
  std::vector<std::unique_ptr<Counts>> counts_;  // one for each route, and a last one for requests without one
};

}  // namespace struere::server
