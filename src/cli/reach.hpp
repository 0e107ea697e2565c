// As whom each command acts, and which environment it is about. An option that a command would ignore is refused.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "cli/session.hpp"

namespace struere::cli {

// The options that say who acts, as they were given.
struct ActorOptions {
  std::optional<std::string> user;      // --as
  std::optional<std::string> key;       // --key: a secret, or - for the first line of stdin
  std::optional<std::string> key_file;  // --key-file
  std::optional<std::string> environment;
};

// Brings them, and STRUERE_KEY, into `options`, before the command that was read by `program` runs. Throws UsageError
// for an option that is empty, and for one that the command does not follow.
void settle(const CLI::App& program, const ActorOptions& given, Options& options);

// Adds to the help of each command those of the options above and of all commands that it follows.
void describe_common_options(CLI::App& program);

}  // namespace struere::cli
