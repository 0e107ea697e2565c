// The audit log: a page, an event of the host's own, a stream, and the check of the chain.
#include "server/body_object.hpp"
#include "server/records_json.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "server/who_asks.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

EventQuery event_query(const Call& call) {
  EventQuery query;
  if (const auto entity = call.text("entity")) query.entity = EntityId(*entity);
  query.type = call.text("type");
  query.type_prefix = call.text("prefix");
  query.actor = call.text("actor");
  query.timeout = call.services().options.limits.query_time;
  return query;
}

Response list_events(const Call& call) {
  EventQuery query = event_query(call);
  query.since = call.integer("since");
  query.until = call.integer("until");
  query.limit = call.integer("limit").value_or(query.limit);
  query.after = call.text("cursor");
  const std::string order = call.text("order").value_or("newest");
  if (order != "newest" && order != "oldest")
    throw Refusal(400, "malformed_request", "`order` is newest (first, the default) or oldest");
  query.newest_first = order == "newest";
  const EventPage page = call.session().events().list(query);
  Json out = page_json(page.events, page.next);
  if (page.searched_to) out["searchedTo"] = *page.searched_to;
  return json_response(out);
}

Response append_event(const Call& call) {
  const BodyObject body(call.request().body, {"type", "entityId", "payload"});
  std::optional<EntityId> about;
  if (body.text("entityId").value_or("null") != "null") about = EntityId(*body.string("entityId"));
  const EventId id =
      call.session().audit().append(body.required_string("type"), body.json("payload").value_or(Json::object()), about);
  return json_response({{"id", id.str()}}, 201);
}

Response verify_log(const Call& call) {
  const Verification found = call.session().events().verify();
  Json out{{"ok", found.ok}, {"problem", found.problem}};
  if (found.verified) out["verified"] = *found.verified;
  if (found.purged) out["purged"] = *found.purged;
  if (found.head) out["head"] = *found.head;
  if (found.event) out["event"] = found.event->str();
  return json_response(out);
}

bool is_same(const ActorContext& a, const ActorContext& b) {
  return a.scope() == b.scope() && a.type() == b.type() && a.id() == b.id() && a.roles() == b.roles() &&
         a.is_org_admin() == b.is_org_admin();
}

// Server-sent events. Who asks is looked at again before events are handed out, so that a key that is revoked gets
// none.
class EventStream : public BodyStream {
 public:
  EventStream(const Call& call, Session session, EventQuery query, std::unique_ptr<StreamCounts::Ticket> ticket)
      : services_(call.services()),
        request_(call.request()),
        session_(std::move(session)),
        query_(std::move(query)),
        subscription_(session_.events().subscribe(query_)),
        ticket_(std::move(ticket)) {}

  Chunk next() override {
    constexpr std::chrono::milliseconds pause(250);
    Chunk out;
    if (is_first_) {
      is_first_ = false;
      out.bytes = "retry: 1000\n";
      if (query_.after) out.bytes += "id: " + *query_.after + "\n";
      out.bytes += "\n";
      return out;
    }
    const auto events = subscription_.next(std::chrono::milliseconds(0));
    const auto now = std::chrono::steady_clock::now();
    if ((!events.empty() || now - checked_ > std::chrono::seconds(2)) && !may_go_on()) {
      out.is_last = true;
      return out;
    }
    // The rules of another set of roles decide about these events: ask again with them.
    if (is_changed_) {
      is_changed_ = false;
      subscription_ = session_.events().subscribe(query_);
      return out;
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (i + 1 == events.size()) {  // the last event carries the cursor after all of them
        query_.after = subscription_.cursor();
        out.bytes += "id: " + query_.after.value_or("") + "\n";
      }
      // Without `event:`, so that a client takes all types by one listener; the type is in the data.
      out.bytes += "data: " + json_of(events[i]).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n\n";
    }
    if (!events.empty()) {
      said_ = now;
    } else if (now - said_ > std::chrono::seconds(15)) {
      // Shows the server whether the client is still there, which goes on behind what it was not to see.
      query_.after = subscription_.position();
      out.bytes = query_.after ? "id: " + *query_.after + "\n\n" : ":\n\n";
      said_ = now;
    }
    if (events.empty()) out.wait = pause;
    return out;
  }

 private:
  // False if the key or the session is no longer valid.
  bool may_go_on() {
    try {
      const Asker asker = who_asks(request_, services_, true);
      if (!is_same(asker.session.actor(), session_.actor())) {
        session_ = asker.session;
        is_changed_ = true;
      }
      checked_ = std::chrono::steady_clock::now();
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  const Services& services_;  // outlive each connection
  const Request request_;     // a copy
  Session session_;
  EventQuery query_;  // after what was handed out
  EventSubscription subscription_;
  std::unique_ptr<StreamCounts::Ticket> ticket_;
  bool is_first_ = true, is_changed_ = false;
  std::chrono::steady_clock::time_point checked_ = std::chrono::steady_clock::now(), said_ = checked_;
};

Response stream_events(const Call& call) {
  EventQuery query = event_query(call);
  query.limit = 100;
  if (const auto id = call.request().header("last-event-id"); id && !id->empty())
    query.after = std::string(*id);
  else
    query.after = call.text("cursor");
  const ActorContext actor = call.session().actor();
  auto ticket = call.services().streams->take(actor.organization().str(), actor.id());
  if (!ticket)
    throw Refusal(429, "limit", "too many streams are open; close one, or try again later", {{"Retry-After", "5"}});
  if (query.after) {
    EventQuery first = query;
    first.limit = 1;
    call.session().events().list(first);  // a cursor of another query is a problem of its own
  } else {
    query.after = call.session().events().end(query);
  }
  Response out;
  out.content_type = "text/event-stream";
  out.stream = std::make_unique<EventStream>(call, call.session(), query, std::move(ticket));
  return out;
}

}  // namespace

void add_event_routes(std::vector<Route>& routes) {
  const std::vector<Parameter> filters{{"type", "Only events of this type"},
                                       {"prefix", "Only events whose type begins with this"},
                                       {"entity", "Only events about the entity with this id"},
                                       {"actor", "Only events of the actor with this id"}};
  std::vector<Parameter> page = filters, position = filters;
  page.push_back({"since", "Milliseconds since 1970", "integer"});
  page.push_back({"until", "Milliseconds since 1970, exclusive", "integer"});
  page.push_back({"order", "newest (first, the default) or oldest"});
  page.push_back({"limit", "1 to 1000", "integer"});
  page.push_back({"cursor", "Of the page before"});
  position.push_back({"cursor", "Where to go on; the end of the log unless given, or the header Last-Event-ID"});
  routes.push_back({.pattern = "/v1/events",
                    .summary = "The audit log, as far as the actor sees it",
                    .handler = list_events,
                    .parameters = page,
                    .answer = "EventPage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/events",
                    .summary = "Appends an event of your own",
                    .handler = append_event,
                    .lane = Lane::write,
                    .request = "NewEvent",
                    .answer = "Created",
                    .status = 201,
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.pattern = "/v1/events/stream",
                    .summary = "Server-sent events: what is committed, once, in order, as far as the actor sees it",
                    .handler = stream_events,
                    .parameters = position,
                    .answer = "Event",
                    .answer_type = "text/event-stream"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/events/verify",
                    .summary = "Recomputes the hash chain of the log",
                    .handler = verify_log,
                    .answer = "Verification"});
}

}  // namespace struere::server
