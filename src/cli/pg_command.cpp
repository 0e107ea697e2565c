// `struere pg`: what an administrator of a PostgreSQL database does.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/screen.hpp"
#ifdef STRUERE_HAS_POSTGRES
#include "struere/storage/postgres_setup.hpp"
#endif

namespace struere::cli {
namespace {

std::string pg_url;
bool is_pg_dry_run = false;

#ifdef STRUERE_HAS_POSTGRES

void say_statements(const Options& options, const std::vector<std::string>& statements) {
  if (options.json) return say_json({{"statements", statements}, {"applied", !is_pg_dry_run}});
  for (const std::string& sql : statements) say("{};", sql);
}

// A URL that cannot be one is a mistake of the command line, and not of the server.
template <class Body>
decltype(auto) with_url_of_command_line(Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (!std::string_view(error.what()).starts_with("the URL of the PostgreSQL database ")) throw;
    throw UsageError(error.what());
  }
}

void add_pg_init(CLI::App& pg, Options& options) {
  static PostgresSetup setup;
  auto* const command = pg.add_subcommand("init", "Make or update roles, tables, row security and grants");
  command->add_option("url", pg_url, "postgresql://…, as a superuser, or later as the owner")
      ->required()
      ->type_name("URL");
  command->add_option("--owner", setup.roles.owner, "The role that owns the tables")
      ->capture_default_str()
      ->type_name("ROLE");
  command->add_option("--application", setup.roles.application, "The role that hosts connect as")
      ->capture_default_str()
      ->type_name("ROLE");
  command->add_option("--backup", setup.roles.backup, "The role that reads everything, for pg_dump")
      ->capture_default_str()
      ->type_name("ROLE");
  command->add_flag("--dry-run", is_pg_dry_run, "Only print the statements; nothing is changed");
  command->footer(
      "All in one transaction; can be run again. Roles get no password: set one with psql's \\password, or use "
      "certificates or peer authentication.\n\nExample:\n  struere pg init postgresql://postgres@/acme");
  command->callback([&options] {
    setup.dry_run = is_pg_dry_run;
    say_statements(options, with_url_of_command_line([] { return set_up_postgres(pg_url, setup); }));
  });
}

void add_pg_distribute(CLI::App& pg, Options& options) {
  static bool citus = false;
  static PostgresRoles roles;
  auto* const command = pg.add_subcommand("distribute", "Spread the tables over the nodes of a cluster, by scope");
  command->add_option("url", pg_url, "postgresql://…, as a superuser; not needed with --dry-run")->type_name("URL");
  command->add_flag("--citus", citus, "Of Citus, the only kind there is so far")->required();
  command->add_option("--application", roles.application, "The role that hosts connect as")
      ->capture_default_str()
      ->type_name("ROLE");
  command->add_flag("--dry-run", is_pg_dry_run, "Only print the statements");
  command->footer("Example:\n  struere pg distribute --citus --dry-run");
  command->callback([&options] {
    if (!is_pg_dry_run) {
      if (pg_url.empty()) throw UsageError("`struere pg distribute` needs the URL of the database, or --dry-run");
      with_url_of_command_line([] { distribute_postgres(pg_url, roles); });
    }
    say_statements(options, distribution_statements(roles));
  });
}

#else

void refuse_without_postgres(CLI::App& pg, const char* name, const char* description) {
  auto* const command = pg.add_subcommand(name, description)->allow_extras();
  command->callback(
      [] { throw UsageError("this `struere` was built without PostgreSQL; build it with STRUERE_BUILD_POSTGRES=ON"); });
}

void add_pg_init(CLI::App& pg, Options&) { refuse_without_postgres(pg, "init", "Needs a build with PostgreSQL"); }
void add_pg_distribute(CLI::App& pg, Options&) {
  refuse_without_postgres(pg, "distribute", "Needs a build with PostgreSQL");
}

#endif

}  // namespace

void add_pg(CLI::App& program, Options& options) {
  auto* const pg = program.add_subcommand("pg", "Prepare a PostgreSQL database");
  pg->require_subcommand(1);
  add_pg_init(*pg, options);
  add_pg_distribute(*pg, options);
}

}  // namespace struere::cli
