#include "repository/write_work.hpp"

#include <fmt/format.h>

#include "struere/core/error.hpp"

namespace struere {

void WriteWork::spend_steps(std::uint64_t steps) {
  steps_of_deciding += steps;
  if (steps_of_deciding > most_steps_of_deciding && !holds_writers)
    throw Error(ErrorCode::invalid_data,
                fmt::format("what the rules, references and triggers of this scope look at for one write or "
                            "transaction takes more than {} steps while all writers wait; write fewer rows at a time, "
                            "or make the rules simpler",
                            most_steps_of_deciding));
}

std::optional<std::string> MeteredRelations::own_entity(const OwnEntity& own, const std::string& user_id) {
  work_.spend_steps(steps_of_lookup);
  return relations_.own_entity(own, user_id);
}

std::vector<std::string> MeteredRelations::related_ids(const std::string& id, const Hop& hop) {
  auto ids = relations_.related_ids(id, hop);
  work_.spend_steps(steps_of_lookup + steps_of_relation * ids.size());
  return ids;
}

}  // namespace struere
