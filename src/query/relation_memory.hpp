// What predicates ask of other rows, asked of the storage once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "struere/query/interpreter.hpp"

namespace struere {

class RelationMemory : public RelationReader {
 public:
  explicit RelationMemory(RelationReader& relations) : relations_(relations) {}

  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override {
    for (const auto& [known, user, id] : own_)
      if (user == user_id && known == own) return id;
    return std::get<2>(own_.emplace_back(own, user_id, relations_.own_entity(own, user_id)));
  }
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override {
    const Place place(id, hop);
    if (const auto known = related_.find(place); known != related_.end()) return known->second;
    // Bounded: a query may come to ever so many rows.
    constexpr std::size_t most_kept = 10'000;
    if (related_.size() >= most_kept) return relations_.related_ids(id, hop);
    return related_.emplace(place, relations_.related_ids(id, hop)).first->second;
  }
  std::shared_ptr<const Json> related_list(const std::string& id, const Hop& hop) override {
    auto& known = lists_[{id, hop}];
    if (!known) known = relations_.related_list(id, hop);
    return known;
  }
  std::shared_ptr<const Reached> reached(const std::string& start, std::span<const Hop> hops, const Reached& before,
                                         std::size_t most) override {
    auto& known = reached_[{start, {hops.begin(), hops.end()}}];
    if (!known) known = relations_.reached(start, hops, before, most);
    return known;
  }
  // After a write that may change the answers.
  void forget() noexcept {
    own_.clear();
    related_.clear();
    lists_.clear();
    reached_.clear();
  }

 private:
  using Place = std::pair<std::string, Hop>;

  RelationReader& relations_;
  std::vector<std::tuple<OwnEntity, std::string, std::optional<std::string>>> own_;
  std::map<Place, std::vector<std::string>> related_;
  // Of the ends of rules, and so few.
  std::map<Place, std::shared_ptr<const Json>> lists_;
  std::map<std::pair<std::string, std::vector<Hop>>, std::shared_ptr<const Reached>> reached_;
};

}  // namespace struere
