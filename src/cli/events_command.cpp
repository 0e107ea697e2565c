// `struere events`: the audit log of an environment.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "cli/whole_number.hpp"
#include "core/instant.hpp"

namespace struere::cli {
namespace {

struct EventArguments {
  EventQuery query;
  std::optional<std::string> entity, since, after;
  std::size_t last = 50;
  bool follows = false;
};

void show(const Options& options, const Event& event) {
  if (options.json) {
    say_json(event.to_json());
  } else {
    say("{}", fit(fmt::format("{}  {:<20}  {:<36}  {:<12}  {}", time_text(event.created_at()), event.type(),
                              event.entity() ? event.entity()->str() : "", event.actor_id(), event.json())));
  }
}

// Reads a time, or a duration before now.
Timestamp time_of(const std::string& text) {
  if (const auto instant = parse_instant(text)) return *instant;
  if (const auto duration = parse_duration(text); duration && *duration >= 0) return system_clock().now() - *duration;
  throw UsageError(fmt::format(
      "--since `{}` is neither a time such as 2026-04-17T17:00:00Z nor a duration such as 30m, 24h or 7d", text));
}

void run(const Options& options, EventArguments asked) {
  if (asked.follows && asked.after) throw UsageError("--after goes back and --follow goes forward; give one of them");
  const auto place = open_place(options);
  if (asked.entity) asked.query.entity = EntityId(*asked.entity);
  if (asked.since) asked.query.since = time_of(*asked.since);
  asked.query.limit = 1000;
  const auto feed = place->events(asked.query);
  const std::vector<Event> events = feed->last(asked.last, asked.after);
  if (asked.follows) {
    for (const Event& event : events) show(options, event);
    flush_output();
    feed->follow([&](const Event& event) {
      show(options, event);
      flush_output();
    });
  }
  for (auto event = events.rbegin(); event != events.rend(); ++event) show(options, *event);
  if (!options.json && events.size() == asked.last)
    say("{}", Screen(options).faint("there may be more: --after " + events.front().id().str()));
}

}  // namespace

void add_events(CLI::App& program, Options& options) {
  static EventArguments arguments;
  auto* const command = program.add_subcommand("events", "The audit log, newest first");
  command->add_option("--type", arguments.query.type, "Only events of this type");
  command->add_option("--prefix", arguments.query.type_prefix,
                      "Only events whose type begins with this, such as session.");
  command->add_option("--actor", arguments.query.actor, "Only events of the actor with this id");
  command->add_option("--entity", arguments.entity, "Only events about the entity with this id")->type_name("ID");
  command->add_option("--since", arguments.since, "Only events since a time, or since 30m, 24h, 7d ago")
      ->type_name("TIME");
  add_number(command, "--last,--limit", arguments.last, "How many; default 50", {1, 100'000});
  command->add_option("--after", arguments.after, "Only events before this one, the last of the page before")
      ->type_name("ID");
  command->add_flag("--follow,-f", arguments.follows,
                    "Show the last ones, oldest first, and wait for more until Ctrl-C");
  command->footer("Example:\n  struere events -e production --prefix note. --since 24h\n  struere events --follow");
  command->callback([&options] { run(options, arguments); });
}

}  // namespace struere::cli
