// What the operations of one write or unit of work do while other writers wait. Each kind of work has a bound, so that
// whoever may write at all cannot keep all others from writing (docs/limits.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/json_schema.hpp"
#include "query/relation_memory.hpp"

namespace struere {

// The payloads of the events of one write: they hold each row that it writes, before and after.
inline constexpr std::size_t most_event_bytes = std::size_t{128} << 20;

struct WriteWork {
  std::uint64_t steps_left = JsonSchema::most_steps;  // of checks against schemas
  std::uint64_t steps_of_compiling = 0;               // of schemas that were not kept
  std::uint64_t steps_of_deciding = 0;                // see MeteredRelations
  std::int64_t entries = 0;                           // rows, relations and events that were gone through
  std::size_t event_bytes = 0;
  std::size_t run_bytes = 0;   // of trigger runs
  bool holds_writers = false;  // the host has said that writers may wait

  // Throws Error{invalid_data} if deciding takes more steps than one write or unit of work may take.
  void spend_steps(std::uint64_t steps);
};

// What the rules, references and triggers of a scope look at to decide about the rows of one write or unit of work, in
// steps of about 20 ns: one for each value that is compared.
inline constexpr std::uint64_t most_steps_of_deciding = 50'000'000;
inline constexpr std::uint64_t steps_of_lookup = 200;  // of a row, or of what is related to one
inline constexpr std::uint64_t steps_of_relation = 50;
inline constexpr std::uint64_t steps_of_trigger_run = 400;

// The relations of the transaction of one operation of a write. Each lookup counts towards the bound of the write.
class MeteredLookups final : public RelationReader {
 public:
  MeteredLookups(RelationReader& relations, WriteWork& work) : relations_(relations), work_(work) {}

  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override;
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override;

 private:
  RelationReader& relations_;
  WriteWork& work_;
};

// What leads from the actor is remembered, as all rows of a write ask for the same.
class MeteredRelations final : public RelationMemory {
 public:
  MeteredRelations(RelationReader& relations, WriteWork& work)
      : MeteredRelations(std::make_unique<MeteredLookups>(relations, work), work) {}

  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override;
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override;
  std::shared_ptr<const Json> related_list(const std::string& id, const Hop& hop) override;
  std::shared_ptr<const Reached> reached(const std::string& start, std::span<const Hop> hops, const Reached& before,
                                         std::size_t most) override;
  void comparing(std::size_t values) override { work_.spend_steps(values); }

 private:
  MeteredRelations(std::unique_ptr<MeteredLookups> lookups, WriteWork& work)
      : RelationMemory(*lookups), work_(work), lookups_(std::move(lookups)) {}

  WriteWork& work_;
  std::unique_ptr<MeteredLookups> lookups_;
};

}  // namespace struere
