// The actors and environments of each command. An option that a command would ignore is refused.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "cli/workspace.hpp"

namespace struere::cli {

// The options that choose the actor, as given.
struct ActorOptions {
  std::optional<std::string> user;      // --as
  std::optional<std::string> key;       // --key: a secret, or - for the first line of stdin
  std::optional<std::string> key_file;  // --key-file
  std::optional<std::string> environment;
};

// Copies them, and STRUERE_KEY, to `options` before the command runs. Throws UsageError for an empty option, and for
// one that the command does not take.
void settle(const CLI::App& program, const ActorOptions& given, Options& options);

// Adds to the help of each command the common options that it takes.
void describe_common_options(CLI::App& program);

}  // namespace struere::cli
