// The operations of scenario files (tests/conformance/README.md): from the JSON of a
// step to a call of the library, and from its answer back to JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/entity.hpp"
#include "struere/query/query.hpp"
#include "world.hpp"

namespace struere::conformance {

// How much of an answer is written down: what the format names, or all that a caller is told (when rows and events were
// written, and the reasons of decisions) but for cursors, which differ from file to file.
enum class Detail { format, all };

class Operations {
 public:
  explicit Operations(World& world, Detail detail = Detail::format) : world_(world), detail_(detail) {}

  // Takes the next step of the scenario; throws what the library throws.
  Json perform(const Json& step, std::size_t index);

 private:
  Json perform_as(const Session& actor, const Json& step, std::size_t index, const std::optional<std::string>& cursor);
  // The error of a unit says at which of its steps; that it failed is an answer.
  Json transaction(const Session& actor, const Json& step);
  Json can(const Session& actor, const Json& step);
  Json get(const Session& actor, const Json& step);
  Json list(const Session& actor, const Json& step, const std::optional<std::string>& cursor);
  Json count(const Session& actor, const Json& step);
  Json get_many(const Session& actor, const Json& step);
  Json aggregate(const Session& actor, const Json& step);
  Json create(const Session& actor, const Json& step, std::size_t index);
  Json update(const Session& actor, const Json& step);
  Json remove(const Session& actor, const Json& step);
  Json upsert(const Session& actor, const Json& step, std::size_t index);
  Json restore(const Session& actor, const Json& step);
  Json purge(const Session& actor, const Json& step);
  Json link(const Session& actor, const Json& step);
  Json unlink(const Session& actor, const Json& step);
  Json related(const Session& actor, const Json& step);
  Json events(const Session& actor, const Json& step);
  Json verify(const Session& actor);
  Json define_type(const Session& actor, const Json& step);
  Json define_role(const Session& actor, const Json& step);
  Json remove_definition(const Session& actor, const Json& step);
  Json assign(const Session& actor, const Json& step);
  Json unassign(const Session& actor, const Json& step);
  Json member(const Session& actor, const Json& step);

  // What `list` and `count` have in common.
  Query filter_of(const Json& step);
  // `fields` and `expand` of a `get` or `list`.
  static Query shown_of(const Json& step);
  EntityId id_in(const Json& step, const char* key);
  Json shown_row(const Entity& entity) const;
  Json shown_rows(const std::vector<Entity>& entities) const;
  Json shown_values(const std::vector<std::optional<Json>>& values) const;
  Json shown_written(const Written& written) const;

  World& world_;
  Detail detail_;
  Json actor_;                         // as the last step that had one named it
  std::optional<std::string> cursor_;  // of the last `list`, where there was more
};

}  // namespace struere::conformance
