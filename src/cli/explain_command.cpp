// `struere explain`: why an actor may or may not do something.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/screen.hpp"

namespace struere::cli {

void add_explain(CLI::App& program, Options& options) {
  static std::string action, resource, id;
  auto* const command = program.add_subcommand("explain", "Why the actor of --as or --key may or may not do something");
  command->add_option("action", action)->required()->check(CLI::IsMember({"create", "read", "update", "delete", "list"}));
  command->add_option("resource", resource, "An entity type or a system resource")->required();
  command->add_option("id", id, "Of an entity: the rules and masks of this row as well");
  command->callback([&options] {
    const Session session(options);
    const ActorContext about = session.actor(options);
    const Explanation found = session.database().explain(session.system(about.environment()), about, *parse_action(action),
                                                         resource, id.empty() ? std::nullopt : std::optional(EntityId(id)));
    fmt::print("{}\n", options.json ? found.to_json().dump() : printable(found.text(), true));
  });
}

}  // namespace struere::cli
