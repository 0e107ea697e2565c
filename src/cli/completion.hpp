// What may come next on a command line, from the program's own tree of commands: it cannot go stale.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "cli/session.hpp"

namespace struere::cli {

struct Completions {
  enum class Kind { words, files, folders };

  struct Word {
    std::string text;
    std::string description;
  };

  Kind kind = Kind::words;
  std::vector<Word> words;  // of kind words
};

// `words` follow the program's name; the last is the one that is being typed, perhaps empty. What the project's
// database holds (entity types, roles, users, keys, releases) is looked up where it is wanted, and left out where that
// fails.
Completions complete(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace struere::cli
