// `struere add`: writes a new definition as a starting point.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "core/folder_writer.hpp"
#include "core/text.hpp"
#include "struere/access/policy.hpp"
#include "struere/definitions/definition_set.hpp"
#include "yaml/definition_file.hpp"
#include "yaml/document.hpp"

namespace struere::cli {
namespace {

struct Template {
  DefinitionKind kind;
  const char* folder;
  const char* text;  // the first {} is the name; the second, of a trigger, the entity type
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
      "slug: {}\n\"on\": {{entityType: {}, action: created}}\nactions:\n  - {{tool: event.emit, args: {{type: "
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
  // The types that a trigger is about are in other files.
  if (chosen.kind == DefinitionKind::trigger) {
    if (!is_slug(name)) refuse("a slug is 1 to 64 lower-case letters, digits, _ and -");
    return;
  }
  DefinitionSet set;
  set.add(chosen.kind, Document(text).value());
  if (const auto faults = set.faults(); !faults.empty()) refuse(faults.front().message);
}

// The slugs of the entity types in the files, in order. A file that cannot be read is left to the next sync.
std::vector<std::string> types_in(const std::filesystem::path& project) {
  std::set<std::string> out;
  std::error_code missing;
  for (auto entry = std::filesystem::directory_iterator(project / "entity-types", missing);
       !missing && entry != std::filesystem::directory_iterator(); entry.increment(missing)) {
    if (!is_definition_file(entry->path())) continue;
    const auto text = text_of_file(entry->path());
    if (!text) continue;
    try {
      const Json definition = Document(*text).value();
      if (definition.is_object() && definition.contains("slug") && definition.at("slug").is_string())
        out.insert(definition.at("slug").get<std::string>());
    } catch (const std::exception&) {
    }
  }
  return {out.begin(), out.end()};
}

// The type of a new trigger: the one that is asked for, else the first.
std::string type_of_trigger(const Options& options, const std::string& asked) {
  const auto types = types_in(options.project);
  if (types.empty())
    throw UsageError("a trigger needs an entity type, and this project has none; first: struere add entity-type NAME");
  if (asked.empty()) return types.front();
  if (std::ranges::find(types, asked) == types.end())
    throw Error(ErrorCode::not_found,
                fmt::format("this project has no entity type `{}`; it has {}", asked, fmt::join(types, ", ")));
  return asked;
}

}  // namespace

void add_add(CLI::App& program, Options& options) {
  static std::string kind, name, type;
  auto* const command =
      program.add_subcommand("add", "A definition to begin from: entity-type, role, agent, trigger or tool");
  command->add_option("kind", kind)
      ->required()
      ->check(CLI::IsMember({"entity-type", "role", "agent", "trigger", "tool"}));
  command->add_option("name", name, "Lower-case letters, digits, - and _")->required();
  command->add_option("--type", type, "The entity type of a trigger; the first one unless given")->type_name("TYPE");
  command->footer("Examples:\n  struere add role reviewer\n  struere add trigger remind --type session");
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
    const bool is_trigger = chosen.kind == DefinitionKind::trigger;
    if (!is_trigger && !type.empty()) throw UsageError("--type is only for a trigger");
    if (is_trigger) type = type_of_trigger(options, type);
    const auto below = std::filesystem::path(chosen.folder) / (name + ".yaml");
    const auto file = options.project / below;
    const std::string text = fmt::format(fmt::runtime(chosen.text), in_yaml(name), type.empty() ? "" : in_yaml(type));
    require_usable_name(chosen, name, text);
    if (!FolderWriter(options.project).make(below, text))
      throw Error(ErrorCode::conflict,
                  fmt::format("{} is there already; edit it, or choose another name", file.string()));
    if (options.json) return say_json({{"file", file.string()}});
    say("+ {}", file.string());
    if (is_trigger) say("It fires when a `{}` is created; change `entityType` and `action` if it should not.", type);
    say("Edit it. Next: struere sync");
  });
}

}  // namespace struere::cli
