#include "server/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/route.hpp"

namespace struere::server {

std::string text_of(const DatabaseActivity& activity, std::optional<std::size_t> due) {
  std::string out;
  if (activity.commits)
    out += fmt::format(
        "# HELP struere_database_writes_total Transactions that were committed; several may share a commit.\n"
        "# TYPE struere_database_writes_total counter\n"
        "struere_database_writes_total {}\n"
        "# HELP struere_database_commits_total Commits that held them, each with one sync of the disk.\n"
        "# TYPE struere_database_commits_total counter\n"
        "struere_database_commits_total {}\n",
        activity.commits->writes, activity.commits->commits);
  out +=
      "# HELP struere_cache_lookups_total Rules of a scope and actors of API keys, found in memory or read.\n"
      "# TYPE struere_cache_lookups_total counter\n";
  for (const auto& [name, counts] : {std::pair("rules", activity.rules), std::pair("api_keys", activity.api_keys)})
    out += fmt::format(
        "struere_cache_lookups_total{{cache=\"{0}\",outcome=\"hit\"}} {1}\n"
        "struere_cache_lookups_total{{cache=\"{0}\",outcome=\"miss\"}} {2}\n",
        name, counts.hits, counts.misses);
  if (due)
    out += fmt::format(
        "# HELP struere_environments_with_due_runs Environments of organizations in which a trigger run is due.\n"
        "# TYPE struere_environments_with_due_runs gauge\n"
        "struere_environments_with_due_runs {}\n",
        *due);
  return out;
}

Metrics::Metrics(const std::vector<Route>& routes) : routes_(routes) {
  for (std::size_t i = 0; i <= routes.size(); ++i) counts_.push_back(std::make_unique<Counts>());
}

void Metrics::count(const Route* route, std::string_view code, std::chrono::nanoseconds duration) noexcept {
  const bool is_listed = route >= routes_.data() && route < routes_.data() + routes_.size();
  Counts& counts = *counts_[is_listed ? static_cast<std::size_t>(route - routes_.data()) : routes_.size()];
  auto found = std::ranges::find(codes, code);
  if (found == codes.end()) found = std::ranges::find(codes, "other");
  ++counts.by_code[static_cast<std::size_t>(found - codes.begin())];
  const double seconds = std::chrono::duration<double>(duration).count();
  ++counts.by_duration[static_cast<std::size_t>(std::ranges::lower_bound(bounds, seconds) - bounds.begin())];
  counts.nanoseconds += static_cast<std::uint64_t>(duration.count());
}

std::string Metrics::text() const {
  std::string out =
      "# HELP struere_http_requests_total Requests by route and outcome.\n"
      "# TYPE struere_http_requests_total counter\n";
  const auto labels = [&](std::size_t i) {
    return i == routes_.size()
               ? std::string("method=\"\",route=\"\"")
               : fmt::format("method=\"{}\",route=\"{}\"", to_string(routes_[i].method), routes_[i].pattern);
  };
  for (std::size_t i = 0; i < counts_.size(); ++i)
    for (std::size_t code = 0; code < codes.size(); ++code)
      if (const auto number = counts_[i]->by_code[code].load())
        out += fmt::format("struere_http_requests_total{{{},code=\"{}\"}} {}\n", labels(i), codes[code], number);
  out +=
      "# HELP struere_http_request_seconds Time from the end of the headers to the answer.\n"
      "# TYPE struere_http_request_seconds histogram\n";
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    std::uint64_t sum = 0;
    for (const auto& number : counts_[i]->by_duration) sum += number;
    if (sum == 0) continue;
    std::uint64_t up_to = 0;
    for (std::size_t bound = 0; bound < bounds.size(); ++bound) {
      up_to += counts_[i]->by_duration[bound];
      out += fmt::format("struere_http_request_seconds_bucket{{{},le=\"{}\"}} {}\n", labels(i), bounds[bound], up_to);
    }
    out += fmt::format("struere_http_request_seconds_bucket{{{},le=\"+Inf\"}} {}\n", labels(i), sum);
    out += fmt::format("struere_http_request_seconds_sum{{{}}} {}\n", labels(i),
                       static_cast<double>(counts_[i]->nanoseconds.load()) / 1e9);
    out += fmt::format("struere_http_request_seconds_count{{{}}} {}\n", labels(i), sum);
  }
  out += fmt::format(
      "# HELP struere_http_connections Open connections.\n# TYPE struere_http_connections gauge\n"
      "struere_http_connections {}\n"
      "# HELP struere_http_streams Open streams of events.\n# TYPE struere_http_streams gauge\n"
      "struere_http_streams {}\n",
      connections.load(), streams.load());
  return out;
}

}  // namespace struere::server
