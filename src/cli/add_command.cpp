// `struere add`: a definition to begin from.
#include <fmt/format.h>

#include <fstream>
#include <map>

#include "cli/commands.hpp"

namespace struere::cli {
namespace {

struct Template {
  const char* folder;
  const char* text;  // {} is the name
};

const std::map<std::string, Template> templates{
    {"entity-type", {"entity-types", "slug: {}\nschema:\n  type: object\n  properties:\n    name: {{type: string}}\n"}},
    {"role", {"roles", "name: {}\n# Nothing is allowed but what stands here.\npolicies: []\n"}},
    {"agent", {"agents", "slug: {}\nmodel: choose-one\nsystemPrompt: |\n  What this agent is to do.\ntools: []\nroles: []\n"}},
    {"trigger",
     {"triggers",
      "slug: {}\n\"on\": {{entityType: choose-one, action: created}}\nactions:\n  - {{tool: event.emit, args: {{type: something.happened}}}}\n"}},
    {"tool", {"tools", "name: {}\n# By agent: as whom it acts, and what is taken away.\nagents: {{}}\n"}},
};

}  // namespace

void add_add(CLI::App& program, Options& options) {
  static std::string kind, name;
  auto* const command = program.add_subcommand("add", "A definition to begin from: entity-type, role, agent, trigger or tool");
  command->add_option("kind", kind)->required()->check(CLI::IsMember({"entity-type", "role", "agent", "trigger", "tool"}));
  command->add_option("name", name, "Lower-case letters, digits, - and _")->required();
  command->callback([&options] {
    const bool is_plain = std::ranges::all_of(
        name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; });
    if (name.empty() || !is_plain || name.front() == '.')
      throw UsageError("the name of a new file is of lower-case letters, digits, ., - and _; the definition in it may have another");
    const Template& chosen = templates.at(kind);
    const auto file = options.project / chosen.folder / (name + ".yaml");
    if (std::filesystem::exists(file)) throw Error(ErrorCode::conflict, fmt::format("{} is there already", file.string()));
    std::filesystem::create_directories(file.parent_path());
    std::ofstream stream(file);
    stream << fmt::format(fmt::runtime(chosen.text), name);
    stream.close();
    if (!stream) throw Error(ErrorCode::storage, fmt::format("{} cannot be written", file.string()));
    fmt::print("{}\n", options.json ? Json{{"file", file.string()}}.dump() : fmt::format("+ {}", file.string()));
  });
}

}  // namespace struere::cli
