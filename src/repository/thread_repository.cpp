#include "struere/repository/thread_repository.hpp"

#include "repository/record_page.hpp"
#include "repository/thread_visibility.hpp"

namespace struere {
namespace {

// Throws not_found both for a thread that does not exist and for one that the actor does not see.
Thread require_thread(GuardedOperation& operation, const ThreadId& id) {
  auto thread = find<Thread>(operation.transaction(), "id", id.str());
  if (!thread || !sees_thread(operation, *thread)) throw_not_found();
  return *std::move(thread);
}

std::vector<RecordCondition> begun_by(const ActorContext& actor) {
  return {{"started_by_type", {}, std::string(to_string(actor.type()))}, {"started_by", {}, actor.id()}};
}

// The thread of that external id that the actor itself began, or otherwise the first one that it sees. `nullopt` if
// only threads that the actor does not see have the id.
std::optional<Thread> find_by_external_id(GuardedOperation& operation, const std::string& external_id) {
  const auto first = [&](std::vector<RecordCondition> where) {
    where.push_back({"external_id", {}, external_id});
    auto found = select<Thread>(operation.transaction(), {{}, std::move(where), {"created_at", "id"}, false, {}, 1});
    return found.empty() || !sees_thread(operation, found.front()) ? std::nullopt : std::optional(found.front());
  };
  if (auto own = first(begun_by(operation.actor()))) return own;
  return is_allowed_on_threads(operation, Action::read) ? first({}) : std::nullopt;
}

std::optional<AgentId> agent_of(GuardedOperation& operation, const std::optional<std::string>& slug) {
  if (!slug) return std::nullopt;
  const auto agent = find<Agent>(operation.transaction(), "slug", *slug);
  if (!agent)
    throw Error(ErrorCode::invalid_reference, "`agent` is the slug of an agent of the organization; define it first");
  return agent->id;
}

Thread make(GuardedOperation& operation, const NewThread& asked) {
  operation.require_resource(Action::create, "threads");
  if (asked.external_id) require_name(*asked.external_id, "`external_id`");
  require_text(asked.title, "`title`");
  const ActorContext& actor = operation.actor();
  Thread thread{ThreadId(operation.new_id()),
                asked.external_id,
                agent_of(operation, asked.agent),
                asked.title,
                require_json(asked.metadata, Json::value_t::object, "`metadata`"),
                std::string(to_string(actor.type())),
                actor.id(),
                0,
                operation.now(),
                operation.now()};
  const bool is_known = asked.external_id && find_by_external_id(operation, *asked.external_id);
  if (is_known || !insert(operation.transaction(), thread))
    throw Error(ErrorCode::conflict, "there is a thread with this external id; `open` finds or creates it");
  operation.commit();
  return thread;
}

}  // namespace

Thread ThreadRepository::create(const NewThread& asked) const {
  return guarded(caller_, Access::write, {"create", "threads"},
                 [&](GuardedOperation& operation) { return make(operation, asked); });
}

Thread ThreadRepository::open(const NewThread& asked) const {
  return guarded(caller_, Access::write, {"create", "threads"}, [&](GuardedOperation& operation) {
    if (!asked.external_id) throw Error(ErrorCode::invalid_data, "a thread is opened by its `external_id`");
    auto known = find_by_external_id(operation, *asked.external_id);
    return known ? *std::move(known) : make(operation, asked);
  });
}

Thread ThreadRepository::get(const ThreadId& id) const {
  return guarded(caller_, Access::read, {"read", "threads", id.str()},
                 [&](GuardedOperation& operation) { return require_thread(operation, id); });
}

std::optional<Thread> ThreadRepository::find(const std::string& external_id) const {
  return guarded(caller_, Access::read, {"read", "threads"},
                 [&](GuardedOperation& operation) { return find_by_external_id(operation, external_id); });
}

ThreadPage ThreadRepository::list(const ThreadQuery& query) const {
  return guarded(caller_, Access::read, {"list", "threads"}, [&](GuardedOperation& operation) {
    RecordSelection selection{RecordTable::threads, {}, {"created_at", "id"}, true};
    std::string question = "threads/";
    if (!is_allowed_on_threads(operation, Action::list)) {
      const ActorContext& actor = caller_.actor();
      selection.where = begun_by(actor);
      if (actor.restriction() && !actor.restriction()->permits(Action::list)) return ThreadPage{};
    }
    if (query.agent) {
      const auto agent = ::struere::find<Agent>(operation.transaction(), "slug", *query.agent);
      if (!agent) return ThreadPage{};
      selection.where.push_back({"agent_id", {}, agent->id.str()});
      question += agent->id.str();
    }
    auto page = select_page<Thread>(operation, std::move(selection), question, query.limit, query.after);
    return ThreadPage{std::move(page.rows), std::move(page.next)};
  });
}

Message ThreadRepository::append(const ThreadId& id, const NewMessage& asked) const {
  return guarded(caller_, Access::brief_write, {"update", "threads", id.str()}, [&](GuardedOperation& operation) {
    const Thread thread = require_thread(operation, id);
    operation.require_resource(Action::update, "threads");
    require_text(asked.content, "`content`");
    if (asked.tool_call_id) require_name(*asked.tool_call_id, "`tool_call_id`");
    Message message{MessageId(operation.new_id()),
                    id,
                    thread.message_count + 1,
                    asked.role,
                    asked.content,
                    require_json(asked.tool_calls, Json::value_t::array, "`tool_calls`"),
                    asked.tool_call_id,
                    require_json(asked.attachments, Json::value_t::array, "`attachments`"),
                    operation.now()};
    insert(operation.transaction(), message);
    operation.transaction().update_records(RecordTable::threads, {{"id", {}, id.str()}},
                                           {{"message_count", message.sequence}, {"updated_at", message.created_at}});
    operation.commit();
    return message;
  });
}

MessagePage ThreadRepository::messages(const ThreadId& id, std::int64_t limit,
                                       const std::optional<std::string>& after) const {
  return guarded(caller_, Access::read, {"read", "threads", id.str()}, [&](GuardedOperation& operation) {
    require_thread(operation, id);
    auto page =
        select_page<Message>(operation, {RecordTable::messages, {{"thread_id", {}, id.str()}}, {"sequence"}, true},
                             "messages/" + id.str(), limit, after);
    return MessagePage{std::move(page.rows), std::move(page.next)};
  });
}

}  // namespace struere
