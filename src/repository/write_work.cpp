#include "repository/write_work.hpp"

#include <fmt/format.h>

#include "struere/core/error.hpp"

namespace struere {

void WriteWork::spend_steps(std::uint64_t steps) {
  steps_of_deciding += steps;
  if (steps_of_deciding > most_steps_of_deciding && !holds_writers)
    throw Error(ErrorCode::invalid_data,
                fmt::format("deciding by the rules, references and triggers of this scope takes more than {} steps for "
                            "one write or transaction, while all writers wait; write fewer rows at a time, make the "
                            "rules simpler, or let fewer triggers fire",
                            most_steps_of_deciding));
}

std::optional<std::string> MeteredRelations::own_entity(const OwnEntity& own, const std::string& user_id) {
  work_.spend_steps(1);
  return RelationMemory::own_entity(own, user_id);
}

std::vector<std::string> MeteredRelations::related_ids(const std::string& id, const Hop& hop) {
  return lookups_->related_ids(id, hop);  // what is walked back from each row is not the same for many of them
}

std::shared_ptr<const Json> MeteredRelations::related_list(const std::string& id, const Hop& hop) {
  work_.spend_steps(1);
  return RelationMemory::related_list(id, hop);
}

std::shared_ptr<const RelationReader::Reached> MeteredRelations::reached(const std::string& start,
                                                                         std::span<const Hop> hops,
                                                                         const Reached& before, std::size_t most) {
  work_.spend_steps(1);
  return RelationMemory::reached(start, hops, before, most);
}

std::optional<std::string> MeteredLookups::own_entity(const OwnEntity& own, const std::string& user_id) {
  work_.spend_steps(steps_of_lookup);
  return relations_.own_entity(own, user_id);
}

std::vector<std::string> MeteredLookups::related_ids(const std::string& id, const Hop& hop) {
  auto ids = relations_.related_ids(id, hop);
  work_.spend_steps(steps_of_lookup + steps_of_relation * ids.size());
  return ids;
}

}  // namespace struere
