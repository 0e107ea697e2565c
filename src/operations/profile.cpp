#include <algorithm>
#include <chrono>

#include "repository/entity_reader.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/repository/session.hpp"

namespace struere {

QueryProfile Session::profile(const Session& about, const std::string& type, const Query& query) const {
  constexpr int most_runs = 20;
  constexpr std::chrono::milliseconds long_enough(200);
  QueryProfile out;
  out.explanation = explain(about, Action::list, type);
  if (!out.explanation.decision) return out;
  out.steps = guarded(about.caller_, Access::read, {"list", type},
                      [&](GuardedOperation& operation) { return plan_of_list(operation, type, query); });
  const EntityRepository repository = about.entities(type);
  const auto begun = std::chrono::steady_clock::now();
  for (auto now = begun; out.runs == 0 || (out.runs < most_runs && now - begun < long_enough); ++out.runs) {
    out.rows = static_cast<std::int64_t>(repository.list(query).size());
    const auto end = std::chrono::steady_clock::now();
    if (out.runs == 0) out.first = end - now;
    out.best = out.runs == 0 ? out.first : std::min(out.best, std::chrono::nanoseconds(end - now));
    now = end;
  }
  return out;
}

}  // namespace struere
