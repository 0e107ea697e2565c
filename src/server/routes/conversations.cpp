// Threads and their messages.
#include "server/body_object.hpp"
#include "server/records_json.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"

namespace struere::server {
namespace {

ThreadRepository threads(const Call& call) { return call.session().threads(); }

NewThread new_thread(const Call& call) {
  const BodyObject body(call.request().body, {"externalId", "agent", "title", "metadata"});
  NewThread out;
  out.external_id = body.string("externalId");
  out.agent = body.string("agent");
  out.title = body.string("title").value_or("");
  out.metadata = body.json("metadata").value_or(Json::object());
  return out;
}

Response list_threads(const Call& call) {
  ThreadQuery query;
  query.agent = call.text("agent");
  query.limit = call.integer("limit").value_or(query.limit);
  query.after = call.text("cursor");
  const ThreadPage page = threads(call).list(query);
  return json_response(page_json(page.threads, page.next));
}

Response create_thread(const Call& call) { return json_response(json_of(threads(call).create(new_thread(call))), 201); }
Response open_thread(const Call& call) { return json_response(json_of(threads(call).open(new_thread(call)))); }
Response get_thread(const Call& call) { return json_response(json_of(threads(call).get(ThreadId(call.path("id"))))); }

Response list_messages(const Call& call) {
  const MessagePage page =
      threads(call).messages(ThreadId(call.path("id")), call.integer("limit").value_or(50), call.text("cursor"));
  return json_response(page_json(page.messages, page.next));
}

Response append_message(const Call& call) {
  const BodyObject body(call.request().body, {"role", "content", "toolCalls", "toolCallId", "attachments"});
  NewMessage message;
  const std::string word = body.string("role").value_or("user");
  bool is_known = false;
  for (const MessageRole role : {MessageRole::user, MessageRole::assistant, MessageRole::system, MessageRole::tool})
    if (to_string(role) == word) message.role = role, is_known = true;
  if (!is_known) throw Refusal(400, "malformed_request", "`role` is user, assistant, system or tool");
  message.content = body.string("content").value_or("");
  message.tool_calls = body.json("toolCalls").value_or(Json::array());
  message.tool_call_id = body.string("toolCallId");
  message.attachments = body.json("attachments").value_or(Json::array());
  return json_response(json_of(threads(call).append(ThreadId(call.path("id")), message)), 201);
}

}  // namespace

void add_conversation_routes(std::vector<Route>& routes) {
  const std::vector<Parameter> page{{"limit", "1 to 1000", "integer"}, {"cursor", "Of the page before"}};
  std::vector<Parameter> thread_page = page;
  thread_page.push_back({"agent", "Only of the agent with this slug"});
  routes.push_back({.pattern = "/v1/threads",
                    .summary = "Threads, newest first",
                    .handler = list_threads,
                    .parameters = thread_page,
                    .answer = "ThreadPage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/threads",
                    .summary = "Creates a thread",
                    .handler = create_thread,
                    .lane = Lane::write,
                    .request = "NewThread",
                    .answer = "Thread",
                    .status = 201,
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/threads/open",
                    .summary = "The thread with this external id, which is created if it does not exist",
                    .handler = open_thread,
                    .lane = Lane::write,
                    .request = "NewThread",
                    .answer = "Thread",
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.pattern = "/v1/threads/{id}", .summary = "One thread", .handler = get_thread, .answer = "Thread"});
  routes.push_back({.pattern = "/v1/threads/{id}/messages",
                    .summary = "Messages of a thread, newest first",
                    .handler = list_messages,
                    .parameters = page,
                    .answer = "MessagePage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/threads/{id}/messages",
                    .summary = "Appends a message",
                    .handler = append_message,
                    .lane = Lane::write,
                    .request = "NewMessage",
                    .answer = "Message",
                    .status = 201,
                    .idempotency = Idempotency::in_commit});
}

}  // namespace struere::server
