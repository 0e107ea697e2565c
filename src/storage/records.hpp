// Maps records to C++ types. Only this file says which column belongs to which member.
//
// `members` of a type lists its members in the order of the columns of its table (storage/record.cpp).
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"
#include "struere/model/agent.hpp"
#include "struere/model/api_key.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/model/event.hpp"
#include "struere/model/execution.hpp"
#include "struere/model/former_name.hpp"
#include "struere/model/installed_pack.hpp"
#include "struere/model/operator_session.hpp"
#include "struere/model/organization.hpp"
#include "struere/model/release.hpp"
#include "struere/model/retention.hpp"
#include "struere/model/role.hpp"
#include "struere/model/thread.hpp"
#include "struere/model/trigger.hpp"
#include "struere/spi/record.hpp"
#include "struere/spi/transaction.hpp"

namespace struere {

// --- the table of each type, and its columns

// Rows that have no type of their own in model/: the parts of a role, the parts of an entity type, and a key with its
// hash.
struct StoredUniqueKey {
  EntityTypeKey type = 0;
  std::int64_t number = 0;
  std::int64_t position = 0;  // among the keys of the type as declared
  UniqueKey paths;
};
struct StoredPolicy {
  RoleId role;
  std::int64_t position = 0;  // among all parts of the role
  PolicyRecord policy;
};
struct StoredScopeRule {
  RoleId role;
  std::int64_t position = 0;
  TypedRecord rule;
};
enum class FieldMaskKind { mask, visible };
inline std::string_view to_string(FieldMaskKind kind) noexcept {
  return kind == FieldMaskKind::mask ? "mask" : "visible";
}
struct StoredFieldMask {
  RoleId role;
  std::int64_t position = 0;
  FieldMaskKind kind = FieldMaskKind::mask;
  TypedRecord mask;
};
struct StoredApiKey {
  Digest hash{};
  ApiKey key;
};
struct StoredOperatorSession {
  Digest hash{};
  OperatorSession session;
};
// The answer of Session::once.
struct StoredAnswer {
  std::int64_t number = 0;  // from 1 in each scope
  Digest key{};             // of the caller's key and of the actor
  Digest fingerprint{};
  Timestamp created_at = 0;
  std::int64_t bytes_so_far = 0;           // of the texts of all answers up to this one, those removed included
  std::optional<std::string> answer = {};  // canonical JSON; null if only that it was carried out is kept
};
// Of a log that began before the times of events never ran backwards (SPEC 7): from the event after `through` on they
// do not.
struct LogDisorder {
  std::int64_t through = 0;
};
struct StoredOrganization {
  Organization organization;
  std::optional<std::string> unfinished_copy =
      {};  // what it is copied from (operations/copy.cpp); null once it is open
};

template <class T>
struct RecordOf;

template <>
struct RecordOf<StoredOrganization> {
  static constexpr RecordTable table = RecordTable::organizations;
  static auto members(auto& o) {
    return std::tie(o.organization.id, o.organization.name, o.organization.created_at, o.unfinished_copy);
  }
};
template <>
struct RecordOf<User> {
  static constexpr RecordTable table = RecordTable::users;
  static auto members(auto& u) { return std::tie(u.id, u.name, u.created_at); }
};
template <>
struct RecordOf<Membership> {  // without the organization, which owns it
  static constexpr RecordTable table = RecordTable::memberships;
  static auto members(auto& m) { return std::tie(m.user, m.role, m.created_at); }
};
template <>
struct RecordOf<StoredOperatorSession> {  // without the organization, which owns it
  static constexpr RecordTable table = RecordTable::operator_sessions;
  static auto members(auto& s) {
    return std::tie(s.session.id, s.hash, s.session.kind, s.session.user, s.session.created_at, s.session.last_seen_at,
                    s.session.expires_at, s.session.idle, s.session.ended_at);
  }
};
template <>
struct RecordOf<EntityType> {  // without its unique keys
  static constexpr RecordTable table = RecordTable::entity_types;
  static auto members(auto& t) {
    return std::tie(t.key, t.slug, t.name, t.schema, t.search_fields, t.bound_to_role, t.user_id_field, t.created_at);
  }
};
template <>
struct RecordOf<StoredUniqueKey> {
  static constexpr RecordTable table = RecordTable::unique_keys;
  static auto members(auto& k) { return std::tie(k.type, k.number, k.position, k.paths); }
};
template <>
struct RecordOf<RoleRecord> {  // without its parts
  static constexpr RecordTable table = RecordTable::roles;
  static auto members(auto& r) { return std::tie(r.id, r.name, r.created_at); }
};
template <>
struct RecordOf<StoredPolicy> {
  static constexpr RecordTable table = RecordTable::policies;
  static auto members(auto& p) {
    return std::tie(p.role, p.position, p.policy.resource, p.policy.action, p.policy.effect);
  }
};
template <>
struct RecordOf<StoredScopeRule> {
  static constexpr RecordTable table = RecordTable::scope_rules;
  static auto members(auto& r) { return std::tie(r.role, r.position, r.rule.entity_type, r.rule.json); }
};
template <>
struct RecordOf<StoredFieldMask> {
  static constexpr RecordTable table = RecordTable::field_masks;
  static auto members(auto& m) { return std::tie(m.role, m.position, m.mask.entity_type, m.kind, m.mask.json); }
};
template <>
struct RecordOf<Assignment> {  // without the role's name
  static constexpr RecordTable table = RecordTable::role_assignments;
  static auto members(auto& a) { return std::tie(a.user, a.role, a.expires_at, a.granted_by, a.created_at); }
};
template <>
struct RecordOf<StoredApiKey> {  // without the scope, which owns it
  static constexpr RecordTable table = RecordTable::api_keys;
  static auto members(auto& s) {
    return std::tie(s.key.id, s.hash, s.key.name, s.key.display_prefix, s.key.roles, s.key.kind, s.key.created_at,
                    s.key.expires_at, s.key.revoked_at, s.key.last_used_at, s.key.created_by_type, s.key.created_by);
  }
};
template <>
struct RecordOf<Agent> {
  static constexpr RecordTable table = RecordTable::agents;
  static auto members(auto& a) { return std::tie(a.id, a.slug, a.name, a.description, a.created_at, a.updated_at); }
};
template <>
struct RecordOf<ToolPermission> {
  static constexpr RecordTable table = RecordTable::tool_permissions;
  static auto members(auto& p) {
    return std::tie(p.agent, p.tool, p.identity, p.role, p.allowed_actions, p.denied_fields, p.updated_at);
  }
};
template <>
struct RecordOf<AgentConfig> {
  static constexpr RecordTable table = RecordTable::agent_configs;
  static auto members(auto& c) {
    return std::tie(c.agent, c.version, c.system_prompt, c.model, c.tools, c.roles, c.status, c.created_by,
                    c.created_at);
  }
};
template <>
struct RecordOf<Thread> {
  static constexpr RecordTable table = RecordTable::threads;
  static auto members(auto& t) {
    return std::tie(t.id, t.external_id, t.agent, t.title, t.metadata, t.started_by_type, t.started_by, t.message_count,
                    t.created_at, t.updated_at);
  }
};
template <>
struct RecordOf<Message> {
  static constexpr RecordTable table = RecordTable::messages;
  static auto members(auto& m) {
    return std::tie(m.id, m.thread, m.sequence, m.role, m.content, m.tool_calls, m.tool_call_id, m.attachments,
                    m.created_at);
  }
};
template <>
struct RecordOf<Execution> {
  static constexpr RecordTable table = RecordTable::executions;
  static auto members(auto& e) {
    return std::tie(e.id, e.agent, e.config_version, e.thread, e.model, e.status, e.error, e.input_tokens,
                    e.output_tokens, e.duration, e.tool_calls, e.actor_type, e.actor_id, e.day, e.created_at);
  }
};
template <>
struct RecordOf<Trigger> {
  static constexpr RecordTable table = RecordTable::triggers;
  static auto members(auto& t) {
    return std::tie(t.id, t.slug, t.entity_type, t.definition, t.created_at, t.updated_at);
  }
};
template <>
struct RecordOf<TriggerRun> {
  static constexpr RecordTable table = RecordTable::trigger_runs;
  static auto members(auto& r) {
    return std::tie(r.id, r.trigger, r.definition, r.entity, r.input, r.status, r.due_at, r.attempts, r.steps, r.error,
                    r.depth, r.worker, r.created_at, r.finished_at);
  }
};
template <>
struct RecordOf<InstalledPack> {
  static constexpr RecordTable table = RecordTable::installed_packs;
  static auto members(auto& p) {
    return std::tie(p.pack_id, p.version, p.overrides, p.history, p.installed_by, p.installed_at, p.updated_at);
  }
};
template <>
struct RecordOf<PackDefinitions> {
  static constexpr RecordTable table = RecordTable::pack_definitions;
  static auto members(auto& p) { return std::tie(p.pack_id, p.definitions); }
};
template <>
struct RecordOf<Release> {
  static constexpr RecordTable table = RecordTable::releases;
  static auto members(auto& r) {
    return std::tie(r.number, r.definitions, r.changes, r.note, r.restores, r.created_by_type, r.created_by,
                    r.created_at);
  }
};
template <>
struct RecordOf<FormerName> {
  static constexpr RecordTable table = RecordTable::former_names;
  static auto members(auto& n) { return std::tie(n.entity_type, n.position, n.former, n.present, n.created_at); }
};

template <>
struct RecordOf<TriggerCascade> {
  static constexpr RecordTable table = RecordTable::trigger_cascades;
  static auto members(auto& c) { return std::tie(c.origin, c.runs, c.created_at); }
};

template <>
struct RecordOf<RetentionRule> {
  static constexpr RecordTable table = RecordTable::retention;
  static auto members(auto& r) { return std::tie(r.kind, r.days, r.updated_at); }
};

template <>
struct RecordOf<StoredAnswer> {
  static constexpr RecordTable table = RecordTable::kept_answers;
  static auto members(auto& a) {
    return std::tie(a.number, a.key, a.fingerprint, a.created_at, a.bytes_so_far, a.answer);
  }
};

template <>
struct RecordOf<LogDisorder> {
  static constexpr RecordTable table = RecordTable::log_disorder;
  static auto members(auto& d) { return std::tie(d.through); }
};

// --- enumerations that are stored as words

template <class Enum>
inline constexpr std::array<Enum, 0> values_of{};
template <>
inline constexpr std::array values_of<MembershipRole>{MembershipRole::member, MembershipRole::admin};
template <>
inline constexpr std::array values_of<OperatorSessionKind>{OperatorSessionKind::invitation,
                                                           OperatorSessionKind::session};
template <>
inline constexpr std::array values_of<ApiKeyKind>{ApiKeyKind::agent, ApiKeyKind::webhook};
template <>
inline constexpr std::array values_of<FieldMaskKind>{FieldMaskKind::mask, FieldMaskKind::visible};
template <>
inline constexpr std::array values_of<AgentStatus>{AgentStatus::active, AgentStatus::inactive};
template <>
inline constexpr std::array values_of<ToolIdentity>{ToolIdentity::inherit, ToolIdentity::system,
                                                    ToolIdentity::configured};
template <>
inline constexpr std::array values_of<MessageRole>{MessageRole::user, MessageRole::assistant, MessageRole::system,
                                                   MessageRole::tool};
template <>
inline constexpr std::array values_of<ExecutionStatus>{ExecutionStatus::completed, ExecutionStatus::failed,
                                                       ExecutionStatus::cancelled};
template <>
inline constexpr std::array values_of<TriggerRunStatus>{TriggerRunStatus::pending, TriggerRunStatus::running,
                                                        TriggerRunStatus::completed, TriggerRunStatus::dead,
                                                        TriggerRunStatus::cancelled};
template <>
inline constexpr std::array values_of<Action>{Action::create, Action::read, Action::update, Action::remove,
                                              Action::list};

template <>
inline constexpr std::array values_of<Gathered>{Gathered::trigger_runs, Gathered::executions, Gathered::messages,
                                                Gathered::threads, Gathered::events};

template <class Enum>
std::optional<Enum> parse_word(std::string_view text) {
  const auto found = std::ranges::find(values_of<Enum>, text, [](Enum value) { return to_string(value); });
  return found == values_of<Enum>.end() ? std::nullopt : std::optional(*found);
}

// --- values

[[noreturn]] inline void damaged_record() {
  throw Error(ErrorCode::storage, "a stored record is damaged: a column holds what it cannot; restore a backup");
}

inline RecordValue to_value(std::int64_t value) { return value; }
template <class Rep, class Period>
RecordValue to_value(std::chrono::duration<Rep, Period> value) {
  return static_cast<std::int64_t>(value.count());
}
inline RecordValue to_value(const std::string& value) { return value; }
inline RecordValue to_value(const Digest& value) {
  return RecordBytes{{reinterpret_cast<const char*>(value.data()), value.size()}};
}
template <class Tag>
RecordValue to_value(const Id<Tag>& value) {
  return value.str();
}
inline RecordValue to_value(const Json& value) { return canonical_json(value); }
template <class Enum>
requires std::is_enum_v<Enum> RecordValue to_value(Enum value) { return std::string(to_string(value)); }
template <class T>
RecordValue to_value(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(std::get<std::string>(to_value(value)));
  return canonical_json(list);
}
template <class T>
RecordValue to_value(const std::optional<T>& value) {
  return value ? to_value(*value) : RecordValue();
}

inline const std::string& text_of(const RecordValue& value) {
  const auto* const text = std::get_if<std::string>(&value);
  if (!text) damaged_record();
  return *text;
}
inline void from_value(const RecordValue& value, std::int64_t& out) {
  const auto* const number = std::get_if<std::int64_t>(&value);
  if (!number) damaged_record();
  out = *number;
}
template <class Rep, class Period>
void from_value(const RecordValue& value, std::chrono::duration<Rep, Period>& out) {
  std::int64_t number = 0;
  from_value(value, number);
  if (!std::in_range<Rep>(number)) damaged_record();
  out = std::chrono::duration<Rep, Period>(static_cast<Rep>(number));
}
inline void from_value(const RecordValue& value, std::string& out) { out = text_of(value); }
inline void from_value(const RecordValue& value, Digest& out) {
  const auto* const held = std::get_if<RecordBytes>(&value);
  if (!held || held->bytes.size() != out.size()) damaged_record();
  std::ranges::copy(held->bytes, out.begin());
}
template <class Tag>
void from_value(const RecordValue& value, Id<Tag>& out) {
  out = Id<Tag>(text_of(value));
}
inline void from_value(const RecordValue& value, Json& out) { out = parse_canonical_json(text_of(value)); }
template <class Enum>
requires std::is_enum_v<Enum>
void from_value(const RecordValue& value, Enum& out) {
  const auto word = parse_word<Enum>(text_of(value));
  if (!word) damaged_record();
  out = *word;
}
template <class T>
void from_value(const RecordValue& value, std::vector<T>& out) {
  const Json list = parse_canonical_json(text_of(value));
  if (!list.is_array()) damaged_record();
  for (const Json& element : list) {
    if (!element.is_string()) damaged_record();
    from_value(RecordValue(element.get<std::string>()), out.emplace_back());
  }
}
template <class T>
void from_value(const RecordValue& value, std::optional<T>& out) {
  if (value.index() != 0) from_value(value, out.emplace());
}

// --- records

template <class T>
Record to_record(const T& object) {
  return std::apply([](const auto&... member) { return Record{to_value(member)...}; }, RecordOf<T>::members(object));
}

template <class T>
T from_record(const Record& record) {
  T object;
  std::size_t column = 0;
  std::apply([&](auto&... member) { (from_value(record.at(column++), member), ...); }, RecordOf<T>::members(object));
  return object;
}

template <class T>
bool insert(RecordTransaction& transaction, const T& object) {
  return transaction.insert_record(RecordOf<T>::table, to_record(object));
}

template <class T>
std::vector<T> select(RecordTransaction& transaction, RecordSelection selection) {
  selection.table = RecordOf<T>::table;
  std::vector<T> out;
  for (const Record& record : transaction.select_records(selection)) out.push_back(from_record<T>(record));
  return out;
}

template <class T>
std::optional<T> find(RecordTransaction& transaction, std::string_view column, const std::string& value) {
  auto found = select<T>(transaction, {{}, {{column, {}, value}}, {}, false, {}, 1});
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

}  // namespace struere
