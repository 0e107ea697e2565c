// `struere doctor`: lists problems, and for each the command to run next.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "server/public_words.hpp"
#include "struere/yaml/definition_folder.hpp"

namespace struere::cli {
namespace {

constexpr const char* files_invalid = "files_invalid";

struct Line {
  Severity severity;
  std::string check, organization, environment, subject, message, next;
};

// Quotes a text for a shell: stored text may contain what a shell would execute.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string next_command(const Finding& finding, const Project& project) {
  using Check = Finding::Check;
  const std::string environment(finding.environment ? to_string(*finding.environment) : "");
  const bool is_production = finding.environment == Environment::production;
  switch (finding.check) {
    case Check::storage:  // the message of a warning says what to type
      return finding.severity == Severity::error && project.database.is_file()
                 ? fmt::format("sqlite3 {} 'PRAGMA integrity_check'", quoted(project.database.text()))
                 : "";
    case Check::chain: return fmt::format("struere verify -e {}", environment);
    case Check::key_expired:
    case Check::key_unused:
    case Check::key_grants_nothing:
    case Check::key_ended: return fmt::format("struere keys revoke -e {} {}", environment, quoted(finding.subject));
    case Check::key_expires_soon: return fmt::format("struere keys create -e {} NAME --role ROLE", environment);
    case Check::role_broken: return is_production ? "struere deploy" : "struere sync";
    case Check::role_grants_nothing:
    case Check::masked_field_shown:
    case Check::unknown_type:
    case Check::unknown_role:
    case Check::schema_refused:
    case Check::reserved_slug:
    case Check::rule_without_index:
    case Check::unique_key_masked:
      return is_production ? "correct the file, then: struere sync && struere deploy"
                           : "correct the file, then: struere sync";
    case Check::row_invalid: return fmt::format("struere data list {} -e {}", quoted(finding.subject), environment);
    case Check::time_ahead:
    case Check::row_damaged: return "";  // the message says what to do
    case Check::index_missing: return "struere doctor --json";
    case Check::run_overdue:
    case Check::run_abandoned: return "struere run, or a TriggerWorker in your program (docs/guide.md)";
    case Check::run_waiting: return "a TriggerWorker in your program (docs/guide.md)";
    case Check::run_dead: return fmt::format("struere runs list --status dead -e {}", environment);
  }
  return {};
}

void add_findings(const Place& place, const Project& project, const Examined& what, std::vector<Line>& lines) {
  for (const Finding& finding : place.examine(what)) {
    const bool is_ours = !finding.organization || *finding.organization == project.organization;
    lines.push_back({finding.severity, std::string(to_string(finding.check)),
                     finding.organization ? finding.organization->str() : "",
                     finding.environment ? std::string(to_string(*finding.environment)) : "", finding.subject,
                     in_public_words(finding.message), is_ours ? next_command(finding, project) : ""});
  }
}

// Differences between files and development, and between development and production.
void add_differences(const Place& place, const Project& project, std::vector<Line>& lines) {
  const auto tell = [&](Severity severity, const char* check, Environment environment, std::string message,
                        const char* next) {
    lines.push_back({severity,
                     check,
                     project.organization.str(),
                     std::string(to_string(environment)),
                     {},
                     std::move(message),
                     next});
  };
  try {
    const auto development = place.definitions(Environment::development);
    const ChangePlan to_sync =
        development->plan(read_definitions(place.folder(), place.held_fields()), {.held = place.held_fields()});
    if (!to_sync.empty())
      tell(Severity::note, "files_differ", Environment::development,
           fmt::format("development is not as the files say: {}", counted(to_sync.changes.size(), "change")),
           "struere diff");
    const auto production = place.definitions(Environment::production);
    const ChangePlan to_deploy = production->plan(development->current());
    if (!to_deploy.empty() && !production->releases().empty())
      tell(Severity::note, "undeployed", Environment::production,
           fmt::format("production is not as development is: {}", counted(to_deploy.changes.size(), "change")),
           "struere diff");
  } catch (const Error& error) {
    tell(Severity::error, files_invalid, Environment::development, error.what(), "struere sync");
  }
}

void show(const Options& options, const std::vector<Line>& all) {
  const Screen screen(options);
  for (const Line& line : all) {
    const std::string where = line.environment.empty() ? "" : line.environment + ": ";
    const char* const mark = line.severity == Severity::error ? "!" : line.severity == Severity::warning ? "~" : "-";
    // Only this message has lines of its own; in others a line end is a part of a stored name.
    const Painted message = line.check == files_invalid ? lines(line.message) : text_of("{}", line.message);
    const Painted what = wrapped(text_of("{} {}{}", mark, where, message));
    say("{}", line.severity == Severity::error     ? screen.red(what)
              : line.severity == Severity::warning ? screen.yellow(what)
                                                   : what);
    if (!line.next.empty()) say("    {}", screen.faint(line.next));
  }
  const auto count = [&](Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(all, severity, &Line::severity));
  };
  if (all.empty()) return say("{}", screen.green("= all is well"));
  say("{}, {}, {}", counted(count(Severity::error), "error"), counted(count(Severity::warning), "warning"),
      counted(count(Severity::note), "note"));
}

void examine_all(const Options& options, const Examined& what) {
  std::vector<Line> lines;
  const Project project = read_project(options);
  try {
    const auto place = open_place(options);
    add_findings(*place, project, what, lines);
    add_differences(*place, project, lines);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::storage || project.server) throw;
    lines.push_back(
        {Severity::error, "storage", {}, {}, {}, in_public_words(error.what()), {}});  // the file cannot be opened
  }
  std::ranges::stable_sort(lines, std::ranges::greater(), &Line::severity);
  const bool is_healthy = std::ranges::find(lines, Severity::error, &Line::severity) == lines.end();
  if (options.json) {
    Json findings = Json::array();
    for (const Line& line : lines)
      findings.push_back({{"severity", to_string(line.severity)},
                          {"check", line.check},
                          {"organization", line.organization},
                          {"environment", line.environment},
                          {"subject", line.subject},
                          {"message", line.message},
                          {"next", line.next}});
    say_json({{"healthy", is_healthy}, {"findings", std::move(findings)}});
  } else {
    show(options, lines);
  }
  if (!is_healthy) throw Finished{failed};
}

}  // namespace

void add_doctor(CLI::App& program, Options& options) {
  static Examined what;
  auto* const command = program.add_subcommand("doctor", "Look for what is wrong, or will be soon; nothing is changed");
  command->add_flag("--all", what.all_organizations, "In all organizations of the file, not only that of struere.yaml");
  command->add_flag("--rows", what.rows, "Also compare each row with the schema of its type");
  command->footer(
      "Exit code 1 where an error (!) is found; warnings (~) and notes (-) leave it 0.\n\nExample:\n  struere doctor "
      "--json");
  command->callback([&options] { examine_all(options, what); });
}

}  // namespace struere::cli
