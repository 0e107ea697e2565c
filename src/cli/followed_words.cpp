#include "cli/followed_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/workspace.hpp"

namespace struere::cli {
namespace {

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

bool is_long(const std::string& word) { return word.starts_with("--") && word.size() > 2; }

}  // namespace

FollowedWords::Given FollowedWords::take(const std::string& word) {
  if (option_) {
    Given out{option_, word};
    option_ = nullptr;
    return out;
  }
  if (!is_literal_ && word == "--") {
    is_literal_ = true;
  } else if (!is_literal_ && word.size() > 1 && word.front() == '-') {
    const std::size_t equals = is_long(word) ? word.find('=') : std::string::npos;
    const CLI::Option* const option = find_option(word.substr(0, equals));
    if (!option || !takes_value(*option)) return {};
    if (equals != std::string::npos) return {option, word.substr(equals + 1)};
    option_ = option;
  } else {
    const auto next = command_->get_subcommands([&](const CLI::App* known) { return known->check_name(word); });
    if (!is_literal_ && positional_ == 0 && !next.empty())
      command_ = next.front();
    else
      ++positional_;
  }
  return {};
}

const CLI::Option* FollowedWords::find_option(const std::string& name) const {
  const std::string bare = name.substr(name.starts_with("--") ? 2 : 1);
  for (const CLI::App* command = command_; command; command = command->get_parent())
    for (const CLI::Option* const option : command->get_options([](const CLI::Option*) { return true; })) {
      const auto& names = name.starts_with("--") ? option->get_lnames() : option->get_snames();
      if (std::ranges::find(names, bare) != names.end()) return option;
    }
  return nullptr;
}

std::vector<std::string> checked_words(const CLI::App& program, const std::vector<std::string>& words) {
  FollowedWords followed(program);
  std::vector<std::string> out;
  for (const std::string& word : words) {
    const CLI::Option* const waiting = followed.option();
    if (waiting && word.size() > 1 && (word.starts_with("--") || (word.front() == '-' && followed.find_option(word))))
      throw UsageError(fmt::format("{0} has no value, because `{1}` follows it; if `{1}` is the value, write {0}={1}",
                                   waiting->get_name(), word));
    out.push_back(word);
    if (!waiting && !followed.is_literal() && is_long(word) && word.find('=') == word.size() - 1) {
      out.back().pop_back();
      if (out.back() != "--search")
        throw UsageError(fmt::format("{} is empty; name something after =, or leave it out", out.back()));
      out.emplace_back();
    }
    followed.take(word);
  }
  std::ranges::reverse(out);
  return out;
}

}  // namespace struere::cli
