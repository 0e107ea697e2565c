// Relations between entities, as one actor may see and change them (SPEC 6).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "struere/model/entity.hpp"
#include "struere/repository/caller.hpp"
#include "struere/repository/entity_repository.hpp"

namespace STRUERE_API struere {

enum class RelationDirection { out, in };

struct RelatedQuery {
  std::int64_t limit = 1000;              // 1 to 1000
  std::optional<std::string> after = {};  // the cursor of the page before
  // As in Query (query.hpp).
  std::optional<std::chrono::milliseconds> timeout = {};
  std::stop_token stop = {};
};

// Cheap, immutable, safe to share between threads.
class RelationRepository {
 public:
  explicit RelationRepository(Caller caller) : caller_(std::move(caller)) {}

  // An end that is not in the actor's `read` view is not_found; a `from` that no `update` grant admits,
  // permission_denied. Linking twice makes one relation; unlinking what is not linked does nothing. A relation type is
  // [A-Za-z0-9_-]{1,64}.
  void link(const EntityId& from, const std::string& relation, const EntityId& to) const;
  void unlink(const EntityId& from, const std::string& relation, const EntityId& to) const;

  // The rows at the far end that are in the actor's `list` view of their type, in the order in which they were created.
  // A page ends early after 8 MiB of data.
  EntityPage related(const EntityId& id, const std::string& relation,
                     RelationDirection direction = RelationDirection::out, const RelatedQuery& query = {}) const;

 private:
  Caller caller_;
};

}  // namespace struere
