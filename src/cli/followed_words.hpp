// Follows the words of a command line as the parser reads them.
#pragma once

#include <CLI/CLI.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace struere::cli {

class FollowedWords {
 public:
  explicit FollowedWords(const CLI::App& program) : command_(&program) {}

  // An option that takes a value, and the value. `option` is nullptr if the word did not end such a pair.
  struct Given {
    const CLI::Option* option = nullptr;
    std::string value;
  };
  Given take(const std::string& word);

  const CLI::App& command() const noexcept { return *command_; }
  const CLI::Option* option() const noexcept { return option_; }   // the option whose value comes next, or nullptr
  std::size_t positional() const noexcept { return positional_; }  // how many positional arguments there were
  bool is_literal() const noexcept { return is_literal_; }         // after --

  // Of the command or of those above it; `name` begins with - or --. Returns nullptr if there is no such option.
  const CLI::Option* find_option(const std::string& name) const;

 private:
  const CLI::App* command_;
  const CLI::Option* option_ = nullptr;
  std::size_t positional_ = 0;
  bool is_literal_ = false;
};

// Returns the words in the order that CLI::App::parse() takes, the last one first. Throws UsageError for what CLI11
// takes as an option without a value and fills with the next word: `--name=`, and an option that another option
// follows. `--search=` is an empty text.
std::vector<std::string> checked_words(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace struere::cli
