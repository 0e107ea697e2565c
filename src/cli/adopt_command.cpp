// `struere adopt`: gives the rows of an existing database, which has no environments, an environment.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#include "struere/adoption/adoption.hpp"

namespace struere::cli {

namespace {

[[noreturn]] void already_adopted(const std::string& file) {
  throw Error(ErrorCode::conflict, fmt::format("{} is a database of struere already; nothing was done", file));
}

}  // namespace

void add_adopt(CLI::App& program, Options& options) {
  static std::string file;
  auto* const command =
      program.add_subcommand("adopt", "Give all rows of an existing database an environment (docs/adopting.md)");
  command->alias("migrate");  // older scripts use this name
  command->add_option("file", file, "The existing database; keep a copy of it")->required()->type_name("FILE");
  command->footer(
      "If it is interrupted, run it again: it continues.\n\nExample:\n  cp acme.db copy.db && struere adopt "
      "acme.db -e production");
  command->callback([&options] {
    if (!options.environment_is_given)
      throw UsageError(
          "name the environment that all rows of the file get: -e development or -e production; it cannot be "
          "changed afterwards");
    AdoptionOptions adoption;
    std::optional<Progress> progress(std::in_place);
    adoption.progress = [&](const AdoptionProgress& at) { progress->show(at.table, at.done, at.total); };
    const AdoptionReport report = adopt_database(file, *parse_environment(options.environment), adoption);
    progress.reset();
    if (report.was_adopted) already_adopted(file);
    if (options.json) {
      Json tables = Json::array();
      for (const AdoptedTable& table : report.tables)
        tables.push_back({{"name", table.name}, {"before", table.before}, {"after", table.after}});
      return say_json({{"wasAdopted", false}, {"tables", std::move(tables)}});
    }
    std::vector<std::vector<std::string>> rows;
    for (const AdoptedTable& table : report.tables)
      rows.push_back({table.name, std::to_string(table.before), std::to_string(table.after)});
    Screen(options).show_table({"table", "rows before", "rows after"}, rows);
  });
}

}  // namespace struere::cli
