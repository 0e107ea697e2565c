// `struere add`: writes a new definition as a starting point.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "core/folder_writer.hpp"
#include "core/text.hpp"
#include "struere/access/policy.hpp"
#include "struere/definitions/definition_set.hpp"
#include "yaml/document.hpp"

namespace struere::cli {
namespace {

struct Template {
  DefinitionKind kind;
  const char* folder;
  const char* text;  // {} is the name
};

const std::map<std::string, Template> templates{
    {"entity-type",
     {DefinitionKind::entity_type, "entity-types",
      "slug: {}\nschema:\n  type: object\n  properties:\n    name: {{type: string}}\n"}},
    {"role", {DefinitionKind::role, "roles", "name: {}\n# Only what is listed here is allowed.\npolicies: []\n"}},
    {"agent",
     {DefinitionKind::agent, "agents",
      "slug: {}\nmodel: choose-one\nsystemPrompt: |\n  What this agent is to do.\ntools: []\nroles: []\n"}},
    {"trigger",
     {DefinitionKind::trigger, "triggers",
      "slug: {}\n\"on\": {{entityType: choose-one, action: created}}\nactions:\n  - {{tool: event.emit, args: {{type: "
      "something.happened}}}}\n"}},
    {"tool",
     {DefinitionKind::tool, "tools",
      "name: {}\n# For each agent: as whom the tool acts, and what it may not do.\nagents: {{}}\n"}},
};

// Quoted if YAML would not read it as a text: 12, true, null.
std::string in_yaml(const std::string& word) {
  const bool is_letter = word.front() >= 'a' && word.front() <= 'z';
  constexpr std::array words{"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  return is_letter && std::ranges::find(words, word) == words.end() ? word : Json(word).dump();
}

// Refuses a name that the next sync would refuse, such as a reserved word.
void require_usable_name(const Template& chosen, const std::string& name, const std::string& text) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::invalid_definition,
                fmt::format("`{}` cannot be the name of a new {}: {}", name, to_string(chosen.kind), why));
  };
  // A new trigger is not complete yet.
  if (chosen.kind == DefinitionKind::trigger) {
    if (!is_slug(name)) refuse("a slug is 1 to 64 lower-case letters, digits, _ and -");
    return;
  }
  DefinitionSet set;
  set.add(chosen.kind, Document(text).value());
  if (const auto faults = set.faults(); !faults.empty()) refuse(faults.front().message);
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
          "the name of a new file consists of lower-case letters, digits, ., - and _; the definition in it may have "
          "another");
    if (kind == "entity-type" && is_reserved_slug(name))
      throw UsageError(fmt::format("`{}` is a reserved word (docs/definitions.md); choose another slug", name));
    const Template& chosen = templates.at(kind);
    const auto below = std::filesystem::path(chosen.folder) / (name + ".yaml");
    const auto file = options.project / below;
    const std::string text = fmt::format(fmt::runtime(chosen.text), in_yaml(name));
    require_usable_name(chosen, name, text);
    if (!FolderWriter(options.project).make(below, text))
      throw Error(ErrorCode::conflict,
                  fmt::format("{} is there already; edit it, or choose another name", file.string()));
    if (options.json) return say_json({{"file", file.string()}});
    say("+ {}", file.string());
    say("Edit it. Next: struere sync");
  });
}

}  // namespace struere::cli
