// `struere backup`: copies the database while it is in use.
#include <fmt/format.h>

#include <string_view>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "cli/stop_signals.hpp"
#include "struere/operations/backup.hpp"

namespace struere::cli {

void add_backup(CLI::App& program, Options& options) {
  static std::string file;
  static BackupOptions backup;
  auto* const command = program.add_subcommand("backup", "Copy the database while it is in use, and verify the copy");
  command->add_option("file", file, "The copy; it appears once it is complete")->required()->type_name("FILE");
  command->add_flag("--force", backup.replace, "Replace an existing file");
  command->footer(
      "The copy contains all organizations and both environments. To restore it, stop all programs that use the "
      "database, remove the database with its -wal and -shm, and put the copy in its place.\n\nExample:\n  struere "
      "backup \"backup-$(date +%F).db\"");
  command->callback([&options] {
    const Project project = read_local_project(options);
    if (!project.database.is_file())
      throw UsageError(
          "`struere backup` copies a database file, and this project is on PostgreSQL; use pg_dump as the role "
          "struere_backup (docs/scale.md), or `struere copy` into a file");
    if (!project.database.is_there())
      throw Error(ErrorCode::not_found,
                  fmt::format("there is no database {} yet; `struere sync` makes it", project.database.shown()));
    const StopSignals signals;
    std::optional<Progress> progress(std::in_place);
    backup.progress = [&](const BackupProgress& at) {
      if (signals.came()) throw Finished{interrupted};  // this also removes the unfinished file
      progress->show(at.step == BackupProgress::Step::copy ? "copying" : "verifying", at.done, at.total);
    };
    BackupReport report;
    try {
      report = back_up_database(project.database.text(), file, backup);
    } catch (const Error& error) {
      if (std::string_view(error.what()).find("is there already") == std::string_view::npos || backup.replace) throw;
      throw Error(error.code(), std::string(error.what()) + " (--force)");
    }
    progress.reset();
    if (options.json)
      return say_json({{"file", file},
                       {"bytes", report.bytes},
                       {"organizations", report.organizations},
                       {"events", report.events}});
    say("+ {}: {} bytes, {}, {} verified", file, report.bytes,
        counted(static_cast<std::size_t>(report.organizations), "organization"),
        counted(static_cast<std::size_t>(report.events), "event"));
  });
}

}  // namespace struere::cli
