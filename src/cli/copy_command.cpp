// `struere copy`: an organization, or all of them, moves to another database.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/stop_signals.hpp"
#include "cli/whole_number.hpp"
#include "struere/operations/copy.hpp"

namespace struere::cli {
namespace {

Json as_json(const CopyReport& report) {
  return {{"organizations", report.organizations},
          {"users", report.users},
          {"records", report.records},
          {"entities", report.entities},
          {"relations", report.relations},
          {"events", report.events},
          {"resumed", report.resumed}};
}

}  // namespace

void add_copy(CLI::App& program, Options& options) {
  static std::string from, to, organization;
  static CopyOptions copy;
  auto* const command =
      program.add_subcommand("copy", "Move an organization, or all, to another database, and verify the copy");
  command->add_option("source", from, "A database: a file, or the URL of a PostgreSQL database")
      ->required()
      ->type_name("SOURCE");
  command->add_option("target", to, "The database that gets the copy; a missing file is made")
      ->required()
      ->type_name("TARGET");
  command->add_option("--organization", organization, "Only this organization; default: all")->type_name("ID");
  add_number(command, "--batch", copy.batch_rows, "Rows in each transaction")->capture_default_str()->type_name("N");
  command->add_flag("--join-users", copy.join_users,
                    "Users of the target with the same id are the same person, although their names differ");
  command->add_flag("--restart", copy.restart, "Begin an unfinished copy anew, after the source has changed");
  command->footer(
      "Stop the programs that write to the organization first. Nobody sees the copy before it is complete and every "
      "row and log is verified; an interrupted copy goes on when the command runs again.\n\nExample:\n  struere copy "
      "acme.db postgresql:///struere --organization acme");
  command->callback([&options] {
    const StopSignals signals;
    if (!organization.empty()) copy.organization = OrganizationId(organization);
    if (!DatabaseLocation({}, from).is_there())
      throw Error(ErrorCode::not_found, fmt::format("there is no file {} to copy from", from));
    DatabaseLocation({}, from).refuse_empty_file();
    const Database source =
        Database::open(from, {.sqlite = {.must_exist = true, .read_only = DatabaseLocation({}, from).is_read_only()}});
    // Before the target is opened, which makes its file.
    const auto known = source.trusted_host().organizations();
    if (copy.organization && std::ranges::find(known, *copy.organization, &Organization::id) == known.end())
      throw Error(ErrorCode::not_found, fmt::format("the source has no organization `{}`; check its id", organization));
    DatabaseLocation({}, to).refuse_empty_file();
    const Database target = Database::open(to);
    std::optional<Progress> progress(std::in_place);
    copy.progress = [&](const CopyProgress& at) {
      if (signals.came()) throw Finished{interrupted};  // the next copy continues
      progress->show(fmt::format("{} {}: {} of {}", at.step == CopyProgress::Step::copy ? "copying" : "verifying",
                                 at.organization.str(), at.table, to_string(at.environment)),
                     at.done, at.total);
    };
    const CopyReport report = copy_database(source, target, copy);
    progress.reset();
    if (options.json) return say_json(as_json(report));
    say("+ {}{}: {}, {}, {}, {}, {} verified", DatabaseLocation({}, to).shown(), report.resumed ? " (resumed)" : "",
        counted(static_cast<std::size_t>(report.organizations), "organization"),
        fmt::format("{} entities", report.entities), counted(static_cast<std::size_t>(report.relations), "relation"),
        counted(static_cast<std::size_t>(report.records), "record"),
        counted(static_cast<std::size_t>(report.events), "event"));
    if (!DatabaseLocation({}, to).is_file())
      say("Next: psql -c ANALYZE, as the owner of the tables or a superuser; until then the server plans blindly");
  });
}

}  // namespace struere::cli
