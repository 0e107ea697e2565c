// `struere add`: a definition to begin from.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "cli/commands.hpp"
#include "cli/new_file.hpp"
#include "cli/screen.hpp"
#include "struere/access/policy.hpp"

namespace struere::cli {
namespace {

struct Template {
  const char* folder;
  const char* text;  // {} is the name
};

const std::map<std::string, Template> templates{
    {"entity-type", {"entity-types", "slug: {}\nschema:\n  type: object\n  properties:\n    name: {{type: string}}\n"}},
    {"role", {"roles", "name: {}\n# Nothing is allowed but what stands here.\npolicies: []\n"}},
    {"agent",
     {"agents", "slug: {}\nmodel: choose-one\nsystemPrompt: |\n  What this agent is to do.\ntools: []\nroles: []\n"}},
    {"trigger",
     {"triggers",
      "slug: {}\n\"on\": {{entityType: choose-one, action: created}}\nactions:\n  - {{tool: event.emit, args: {{type: "
      "something.happened}}}}\n"}},
    {"tool", {"tools", "name: {}\n# By agent: as whom it acts, and what is taken away.\nagents: {{}}\n"}},
};

// As a text, whatever YAML might take it for: 12, true, null.
std::string in_yaml(const std::string& word) {
  const bool is_letter = word.front() >= 'a' && word.front() <= 'z';
  constexpr std::array words{"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  return is_letter && std::ranges::find(words, word) == words.end() ? word : Json(word).dump();
}

}  // namespace

void add_add(CLI::App& program, Options& options) {
  static std::string kind, name;
  auto* const command =
      program.add_subcommand("add", "A definition to begin from: entity-type, role, agent, trigger or tool");
  command->add_option("kind", kind)
      ->required()
      ->check(CLI::IsMember({"entity-type", "role", "agent", "trigger", "tool"}));
  command->add_option("name", name, "Lower-case letters, digits, - and _")->required();
  command->footer("Example:\n  struere add role reviewer");
  command->callback([&options] {
    const bool is_plain = std::ranges::all_of(name, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    });
    if (name.empty() || !is_plain || name.front() == '.')
      throw UsageError(
          "the name of a new file is of lower-case letters, digits, ., - and _; the definition in it may have another");
    if (kind == "entity-type" && is_reserved_slug(name))
      throw UsageError(fmt::format("`{}` is a reserved word (docs/definitions.md); choose another slug", name));
    const Template& chosen = templates.at(kind);
    const auto file = options.project / chosen.folder / (name + ".yaml");
    if (!write_new_file(file, fmt::format(fmt::runtime(chosen.text), in_yaml(name))))
      throw Error(ErrorCode::conflict,
                  fmt::format("{} is there already; edit it, or choose another name", file.string()));
    fmt::print("{}\n", options.json ? Json{{"file", file.string()}}.dump()
                                    : fmt::format("+ {}\nEdit it. Next: struere sync", printable(file.string())));
  });
}

}  // namespace struere::cli
