// Declares what struere/struere.hpp defines, for headers that only name it. tests/core/fwd_test.cpp keeps it true.
#pragma once

#include <cstdint>

namespace struere {

// core
enum class Environment;
enum class ErrorCode;
class Error;
class Clock;
class IdSource;
class Scope;
template <class Tag>
class Id;
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
using Timestamp = std::int64_t;

// model
enum class Action;
enum class ActorType;
class ActorContext;
class Entity;
class Event;
struct AgentConfig;
struct ApiKey;
struct EntityType;
struct Execution;
struct Message;
struct OperatorSession;
struct Organization;
struct RoleRecord;
struct Thread;
struct Trigger;
struct TriggerRun;
struct User;
struct Written;

// query
class Condition;
struct Aggregates;
struct GetOptions;
struct Measure;
struct Query;
struct RowFields;

// access
class Decision;
class Explanation;
class FieldMaskEvaluator;
class PolicyEvaluator;
class ScopeRuleEvaluator;
struct Policy;
struct Subject;

// repository
class AgentRepository;
class ApiKeyRepository;
class AuditLogger;
class Caller;
class Database;
class EntityPage;
class EntityRange;
class EntityRepository;
class EntityTypeRepository;
class EventRepository;
class EventSubscription;
class ExecutionRepository;
class OperatorSessions;
class PackRepository;
class RelationRepository;
class RoleRepository;
class Session;
class ThreadRepository;
class TriggerRepository;
class TrustedHost;
struct CreateOptions;
struct DatabaseOptions;
struct EventPage;
struct EventQuery;
struct UpdateOptions;

// what happens over time
class TriggerWorker;

}  // namespace struere
