// What predicates ask of other rows during one query, asked of the server once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "struere/query/interpreter.hpp"

namespace struere::postgres {

class RelationMemory final : public RelationReader {
 public:
  explicit RelationMemory(RelationReader& relations) : relations_(relations) {}

  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override {
    for (const auto& [known, user, id] : own_)
      if (user == user_id && known == own) return id;
    return std::get<2>(own_.emplace_back(own, user_id, relations_.own_entity(own, user_id)));
  }
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override {
    const auto place = std::tuple(id, hop.relation, hop.backwards);
    const auto known = related_.find(place);
    if (known != related_.end()) return known->second;
    // Bounded: a query may come to ever so many rows.
    constexpr std::size_t most_kept = 10'000;
    if (related_.size() >= most_kept) return relations_.related_ids(id, hop);
    return related_.emplace(place, relations_.related_ids(id, hop)).first->second;
  }

 private:
  RelationReader& relations_;
  std::vector<std::tuple<OwnEntity, std::string, std::optional<std::string>>> own_;
  std::map<std::tuple<std::string, std::string, bool>, std::vector<std::string>> related_;
};

// The predicate with the values of the actor and of stored relations filled in, wherever those are few enough: the same
// rows fulfil it. What is left as it was is decided row by row.
Predicate resolved(const Predicate& predicate, const ActorValues& actor, RelationReader& relations);
// Whether there is such a value in it.
bool is_to_resolve(const Predicate& predicate);

}  // namespace struere::postgres
