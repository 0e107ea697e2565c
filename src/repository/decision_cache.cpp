#include "repository/decision_cache.hpp"

#include <functional>

namespace struere {
namespace {

constexpr std::size_t longest_resource = 64;  // the maximum length of a slug

}  // namespace

DecisionCache& DecisionCache::of_this_thread() {
  thread_local DecisionCache cache;
  return cache;
}

std::size_t DecisionCache::place_of(const Question& question) noexcept {
  const std::size_t hash = std::hash<std::string_view>()(question.resource);
  const std::size_t rest = question.actor * 31 + question.engine * 7 + static_cast<std::size_t>(question.action);
  return (hash + rest * 0x9e3779b97f4a7c15ULL) >> 56;  // 256 places
}

const Decision* DecisionCache::find(const Question& question, const CommitStamp& stamp) const {
  const auto& entry = entries_[place_of(question)];
  const bool found = entry && entry->actor == question.actor && entry->engine == question.engine &&
                     entry->action == question.action && entry->resource == question.resource && entry->stamp == stamp;
  return found ? &entry->decision : nullptr;
}

void DecisionCache::keep(const Question& question, const CommitStamp& stamp, Decision decision) {
  if (question.resource.size() > longest_resource) return;
  entries_[place_of(question)].emplace(Entry{question.engine, question.actor, question.action,
                                             std::string(question.resource), stamp, std::move(decision)});
}

}  // namespace struere
