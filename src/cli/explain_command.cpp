// `struere explain`: shows why an actor may or may not do something.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"

namespace struere::cli {
namespace {

bool is_in(const std::string& path, const std::string& field) { return path == field || path.starts_with(field + "."); }

// Keeps only the leaves of one field: the field itself, what is in it, or the array that contains it.
void narrow(Explanation& found, const std::string& field) {
  std::erase_if(found.fields,
                [&](const ExplainedField& leaf) { return !is_in(leaf.path, field) && !is_in(field, leaf.path); });
}

std::string clear_fields(const Explanation& found, const std::string& field) {
  if (!found.row_visible) return {};
  if (found.fields.empty()) return fmt::format("  the row has no {}\n", field);
  std::string out;
  for (const ExplainedField& leaf : found.fields)
    if (leaf.treatment == "clear") out += fmt::format("  {} is clear\n", leaf.path);
  return out;
}

// The exit code that the operation itself would have, as far as that is explained: by the policies alone without a row,
// otherwise by the row and what is written.
int answer_code(const Explanation& found) {
  if (!found.decision) return denied;
  if (found.row_given && !found.row_exists) return missing;
  if (found.row_given && !found.row_visible) return denied;
  return found.write_given && !found.write_allowed ? denied : ok;
}

}  // namespace

void add_explain(CLI::App& program, Options& options) {
  static std::string action, resource, id, field, data, status;
  auto* const command = program.add_subcommand("explain", "Why the actor of --as or --key may or may not do something");
  command->add_option("action", action)
      ->required()
      ->check(CLI::IsMember({"create", "read", "update", "delete", "list"}));
  command->add_option("resource", resource, "An entity type or a system resource")->required()->type_name("RESOURCE");
  command->add_option("id", id, "An entity; explains the rules and masks of this row too")->type_name("ID");
  command->add_option("--field", field, "Only this field of the row")->type_name("PATH");
  command->add_option("--data", data, "What a create or update would write: the data or the patch")->type_name("JSON");
  command->add_option("--status", status, "The status that it would set")->type_name("STATUS");
  command->footer(
      "Examples:\n  struere explain --as ada create note --data '{\"text\": \"t\"}'\n  struere explain --as ada list "
      "note\n  struere explain --as ada read note 0192… --field "
      "data.secret");
  command->callback([&options] {
    if (!field.empty() && id.empty()) throw UsageError("--field needs a row; give its id");
    const auto place = open_place(options);
    std::optional<ProposedWrite> write;
    if (!data.empty() || !status.empty()) {
      JsonFault fault;
      const auto parsed = parse_json(data.empty() ? "{}" : data, fault);
      if (!parsed) throw Error(ErrorCode::invalid_data, "--data is not acceptable JSON: " + fault.message);
      write = ProposedWrite{*parsed, status.empty() ? std::nullopt : std::optional(status)};
    }
    Explanation found = place->explain(
        {*parse_action(action), resource, id.empty() ? std::nullopt : std::optional(EntityId(id)), write});
    if (!field.empty()) narrow(found, field);
    std::string text = found.text() + (field.empty() ? "" : clear_fields(found, field));
    text.pop_back();  // say() ends the line
    if (options.json)
      say_json(found.to_json());
    else
      say("{}", lines(text));
    if (const int code = answer_code(found); code != ok) throw Finished{code};
  });
}

}  // namespace struere::cli
