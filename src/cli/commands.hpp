// Each function adds a command, with its options and its action, to the program.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/workspace.hpp"

namespace struere::cli {

void add_init(CLI::App& program, Options& options);
void add_add(CLI::App& program, Options& options);
void add_sync(CLI::App& program, Options& options);
void add_dev(CLI::App& program, Options& options);
void add_status(CLI::App& program, Options& options);  // and diff
void add_deploy(CLI::App& program, Options& options);  // and releases, rollback
void add_pull(CLI::App& program, Options& options);
void add_keys(CLI::App& program, Options& options);
void add_data(CLI::App& program, Options& options);
void add_events(CLI::App& program, Options& options);
void add_run(CLI::App& program, Options& options);     // a worker
void add_runs(CLI::App& program, Options& options);    // of triggers
void add_serve(CLI::App& program, Options& options);   // only with STRUERE_HAS_SERVER
void add_people(CLI::App& program, Options& options);  // users and roles
void add_operators(CLI::App& program, Options& options);
void add_login(CLI::App& program, Options& options);    // and logout; only with STRUERE_HAS_SERVER
void add_lists(CLI::App& program, Options& options);    // types, agents, threads, executions, relations
void add_role_list(CLI::App& roles, Options& options);  // in `roles`
void add_explain(CLI::App& program, Options& options);
void add_adopt(CLI::App& program, Options& options);
void add_packs(CLI::App& program, Options& options);
void add_verify(CLI::App& program, Options& options);
void add_prune(CLI::App& program, Options& options);
void add_doctor(CLI::App& program, Options& options);
void add_backup(CLI::App& program, Options& options);
void add_copy(CLI::App& program, Options& options);
void add_pg(CLI::App& program, Options& options);  // PostgreSQL
void add_completion(CLI::App& program, Options& options);

// For the shells: a line for each word that may come next, followed by a tab and its description.
void print_completions(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace struere::cli
