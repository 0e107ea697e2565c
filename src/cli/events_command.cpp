// `struere events`: the audit log of an environment.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/screen.hpp"

namespace struere::cli {
namespace {

void show(const Options& options, const Event& event) {
  if (options.json)
    fmt::print("{}\n", Json{{"id", event.id().str()},
                            {"type", event.type()},
                            {"entityId", event.entity() ? Json(event.entity()->str()) : Json(nullptr)},
                            {"actorType", event.actor_type()},
                            {"actorId", event.actor_id()},
                            {"createdAt", event.created_at()},
                            {"payload", event.payload()}}
                           .dump());
  else
    fmt::print("{}\n", fit(fmt::format("{}  {:<24} {:<12} {}", time_text(event.created_at()), event.type(),
                                       event.actor_id(), event.json())));
  std::fflush(stdout);
}

}  // namespace

void add_events(CLI::App& program, Options& options) {
  static EventQuery query;
  static std::string entity;
  static bool follows = false;
  auto* const command = program.add_subcommand("events", "The audit log, oldest first");
  command->add_option("--type", query.type, "Exactly this");
  command->add_option("--prefix", query.type_prefix, "As in session.");
  command->add_option("--actor", query.actor, "Its id");
  command->add_option("--entity", entity, "The id of what they are about")->type_name("ID");
  command->add_option("--limit", query.limit, "1 to 1000");
  command->add_flag("--follow,-f", follows, "Wait for more, until Ctrl-C");
  command->footer("Example:\n  struere events -e production --prefix note. --follow");
  command->callback([&options] {
    const Session session(options);
    if (!entity.empty()) query.entity = EntityId(entity);
    const EventRepository events = session.actor(options).events();
    if (!follows) {
      for (const Event& event : events.list(query).events) show(options, event);
      return;
    }
    for (EventSubscription subscription = events.subscribe(query);;)
      for (const Event& event : subscription.next(std::chrono::seconds(1))) show(options, event);
  });
}

}  // namespace struere::cli
