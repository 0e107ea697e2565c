// The operations of scenario files (tests/conformance/README.md): calls the library with the JSON of a step, and
// turns the answer back into JSON.
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

// How much of an answer is written: only what the format names, or everything that a caller gets (the times of rows
// and events, and the reasons of decisions) except cursors, which differ from file to file.
enum class Detail { format, all };

class Operations {
 public:
  explicit Operations(World& world, Detail detail = Detail::format) : world_(world), detail_(detail) {}

  // Performs the next step of the scenario. Throws what the library throws.
  Json perform(const Json& step, std::size_t index);

 private:
  Json perform_as(const Session& actor, const Json& step, std::size_t index, const std::optional<std::string>& cursor);
  // A unit of work that fails is an answer, not an exception. Its error says at which of its steps it failed.
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

  // The part of the query that `list` and `count` share.
  Query filter_of(const Json& step);
  // The `fields` and `expand` of a `get` or `list`.
  static Query shown_of(const Json& step);
  EntityId id_in(const Json& step, const char* key);
  Json shown_row(const Entity& entity) const;
  Json shown_rows(const std::vector<Entity>& entities) const;
  Json shown_values(const std::vector<std::optional<Json>>& values) const;
  Json shown_written(const Written& written) const;

  World& world_;
  Detail detail_;
  Json actor_;                         // the actor of the last step that named one
  std::optional<std::string> cursor_;  // of the last `list`, if it had more rows
};

}  // namespace struere::conformance
