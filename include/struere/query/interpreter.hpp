// The meaning of a Selection, row by row: small enough to be read aloud. The memory storage runs on it, and every other
// storage must agree with it.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/query/aggregate.hpp"
#include "struere/query/predicate.hpp"
#include "struere/query/row_fields.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_API struere {

RowFields fields_of(const StoredEntity& row);
RowFields fields_of(const StoredEntity& row, Json data);  // whose data was parsed before

// To tell whether a relation path reaches a row, and to find the ids of `actor.relatedIds`, at most this many relations
// are looked at; a rule that needs more fails with Error{storage}, so that no graph stalls a writer.
inline constexpr std::size_t most_relations_visited = 200'000;

// What predicates need to know of other rows, as stored before a write. Relations with a deleted end count nowhere.
class RelationReader {
 public:
  virtual ~RelationReader() = default;

  virtual std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) = 0;
  // The ids at the far end, by created_at, then id; if there are more than most_relations_visited, any that many + 1.
  virtual std::vector<std::string> related_ids(const std::string& id, const Hop& hop) = 0;
  // The same as a JSON list. A reader that is asked for the same again may keep it.
  virtual std::shared_ptr<const Json> related_list(const std::string& id, const Hop& hop);
  struct Reached {
    std::set<std::string> ids;
    std::size_t visited = 0;  // relations that were looked at on all of the way
  };
  // What `hops` lead to from `start`, where all but the last led to `before`. A reader that is asked for the same again
  // may keep it. Fails if that takes more than `most` relations on all of the way.
  virtual std::shared_ptr<const Reached> reached(const std::string& start, std::span<const Hop> hops,
                                                 const Reached& before, std::size_t most);
  // Told before each comparison how many values it looks at; what this throws ends the decision.
  virtual void comparing(std::size_t /*values*/) {}
};

bool holds(const Predicate& predicate, const RowFields& row, const ActorValues& actor, RelationReader& relations);

// The masks of the grants that admit a row; none, where no grant does.
std::vector<const Mask*> admitting(const Grants& grants, const RowFields& row, const ActorValues& actor,
                                   RelationReader& relations);

// The first grant under which a write is allowed, null if there is none: it admits the row before, unless `before` is
// null, and after, and masks no field that is written (SPEC 6). `written` is the data of a create or the patch of an
// update.
const Grant* find_writing_grant(const Grants& grants, const RowFields* before, const RowFields& after,
                                const Json& written, bool status_asked, const ActorValues& actor,
                                RelationReader& relations);

// The row as it looks under these masks.
RowFields masked_fields(std::span<const Mask* const> masks, const RowFields& row, MaskPurpose purpose);

// Puts status, createdAt or updatedAt into the row that is shown, as the masks left it.
void show_attribute(EntityRow& row, FieldPath::Root root, Json value);

// As it is shown.
EntityRow masked_row(std::span<const Mask* const> masks, const StoredEntity& row);

// The words of the strings at these fields, those in arrays included.
std::vector<std::string> words_at(std::span<const FieldPath> fields, const RowFields& row);

// Whether every term is a prefix of some word in some string at one of the fields; false without terms.
bool matches(const Search& search, const RowFields& view);

// What an aggregate of these rows answers, each as a query sees it (MaskPurpose::query). Throws Error{invalid_query} if
// the answer, or what has to be remembered for it, is too large.
Aggregates aggregated(const Aggregation& aggregation, std::span<const RowFields> rows);

}  // namespace struere
