// Identifiers that cannot be taken for one another: an OrganizationId is not a UserId.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

// A text. Entities, roles and keys get UUIDv7; organizations and users may have ids of the host, such as those of an
// identity provider. No id is a counter, which would tell about rows outside the scope (SPEC 1).
template <class Tag>
class Id {
 public:
  Id() = default;
  explicit Id(std::string text) : text_(std::move(text)) {}

  const std::string& str() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

  friend bool operator==(const Id&, const Id&) = default;
  friend std::strong_ordering operator<=>(const Id& a, const Id& b) noexcept { return a.text_.compare(b.text_) <=> 0; }

 private:
  std::string text_;
};

using OrganizationId = Id<struct OrganizationTag>;
using UserId = Id<struct UserTag>;
using EntityId = Id<struct EntityTag>;
using RoleId = Id<struct RoleTag>;
using ApiKeyId = Id<struct ApiKeyTag>;
using EventId = Id<struct EventTag>;
using AgentId = Id<struct AgentTag>;
using ThreadId = Id<struct ThreadTag>;
using MessageId = Id<struct MessageTag>;
using ExecutionId = Id<struct ExecutionTag>;
using TriggerRunId = Id<struct TriggerRunTag>;
using OperatorSessionId = Id<struct OperatorSessionTag>;

// The source of new ids. A host may inject its own, for reproducible tests. Called from many threads.
class IdSource {
 public:
  virtual ~IdSource() = default;

  // A new id that was never returned before: valid UTF-8 of 1 to 200 bytes without U+0000. With another text, the
  // operation throws Error{storage} and writes nothing. `now` is in milliseconds since the Unix epoch.
  virtual std::string next(long long now) = 0;
};

// UUIDv7 (RFC 9562): 48 bits of time, then 74 random bits and no counter.
IdSource& uuid_source();

}  // namespace struere

template <class Tag>
struct std::hash<struere::Id<Tag>> {
  std::size_t operator()(const struere::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.str()); }
};
