// Computes the possible next words of a command line from the program's own commands, so that they are always up to
// date.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "cli/workspace.hpp"

namespace struere::cli {

struct Completions {
  enum class Kind { words, files, folders };

  struct Word {
    std::string text;
    std::string description;
  };

  Kind kind = Kind::words;
  std::vector<Word> words;  // for the kind `words`
};

// `words` follow the name of the program; the last one is being typed and may be empty. Names in the project's database
// (entity types, roles, users, keys, releases) are looked up when needed, and left out if that fails.
Completions complete(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace struere::cli
