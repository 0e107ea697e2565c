#include "cli/completion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

#include "cli/followed_words.hpp"
#include "cli/place.hpp"

namespace struere::cli {
namespace {

using Word = Completions::Word;

std::vector<Word> plain(std::initializer_list<const char*> texts) {
  std::vector<Word> out;
  for (const char* const text : texts) out.push_back({text, {}});
  return out;
}

std::vector<Word> entity_types(const Place& place) {
  std::vector<Word> out;
  for (const auto& [slug, name] : place.entity_types()) out.push_back({slug, name == slug ? "" : name});
  return out;
}

// Maps the placeholder of a value in the help (such as `TYPE`) to the values.
std::vector<Word> stored_values(const std::string& name, const Options& options) {
  if (options.user || options.key || std::getenv("STRUERE_KEY")) return {};  // other actors may not see these names
  static const std::set<std::string_view> known{"TYPE", "RESOURCE", "ROLE", "USER", "KEY", "RUN", "RELEASE"};
  if (!known.contains(name)) return {};
  const auto place = open_place(options);
  std::vector<Word> out;
  if (name == "TYPE") return entity_types(*place);
  if (name == "RESOURCE") {
    out = entity_types(*place);
    std::ranges::move(plain({"users", "agents", "threads", "events", "executions", "packs", "api_keys"}),
                      std::back_inserter(out));
  } else if (name == "ROLE") {
    for (const std::string& role : place->roles()) out.push_back({role, {}});
  } else if (name == "USER") {
    for (const Member& member : place->members())
      out.push_back({member.user.str(), std::string(to_string(member.membership))});
  } else if (name == "KEY") {
    for (const ApiKey& key : place->keys())
      if (!key.revoked_at) out.push_back({key.id.str(), key.name});
  } else if (name == "RUN") {
    for (const TriggerRunStatus status : {TriggerRunStatus::dead, TriggerRunStatus::pending})
      for (const TriggerRun& run : place->runs({.status = status}).runs)
        out.push_back({run.id.str(), fmt::format("{}, {}", run.trigger, to_string(run.status))});
  } else if (name == "RELEASE") {
    for (const Release& release : place->definitions(Environment::production)->releases())
      out.push_back({std::to_string(release.number), release.note});
  }
  return out;
}

// The words of an IsMember, which CLI11 puts into the name of the type: TEXT:{development,production}.
std::vector<Word> members(const std::string& type) {
  std::vector<Word> out;
  const std::size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return out;
  for (std::size_t at = begin + 1; at < end;) {
    const std::size_t comma = std::min(type.find(',', at), end);
    out.push_back({type.substr(at, comma - at), {}});
    at = comma + 1;
  }
  return out;
}

// Follows the given words, as the parser would.
class CommandLine {
 public:
  explicit CommandLine(const CLI::App& program) : words_(program) {}

  void take(const std::string& word) {
    if (words_.option() && word == "=") return;  // bash splits --color=always into three words
    const auto [option, value] = words_.take(word);
    if (option) set(*option, value);
  }

  Completions complete(const std::string& current) const {
    if (words_.option()) return values(*words_.option(), current == "=" ? "" : current, "");
    const std::size_t equals = current.starts_with("--") ? current.find('=') : std::string::npos;
    if (!words_.is_literal() && equals != std::string::npos) {
      const CLI::Option* const option = words_.find_option(current.substr(0, equals));
      return option ? values(*option, current.substr(equals + 1), current.substr(0, equals + 1)) : Completions();
    }
    if (!words_.is_literal() && current.starts_with('-')) return options(current);
    Completions out;
    if (words_.positional() == 0)
      for (const CLI::App* const next : words_.command().get_subcommands([](const CLI::App*) { return true; }))
        if (!next->get_group().empty() && next->get_name().starts_with(current))
          out.words.push_back({next->get_name(), next->get_description()});
    if (const CLI::Option* const positional = find_positional()) {
      const Completions found = values(*positional, current, "");
      out.kind = found.kind;
      out.words.insert(out.words.end(), found.words.begin(), found.words.end());
    }
    return out;
  }

 private:
  const CLI::Option* find_positional() const {
    const auto all = words_.command().get_options([](const CLI::Option* option) { return option->get_positional(); });
    return words_.positional() < all.size() ? all[words_.positional()] : nullptr;
  }

  void set(const CLI::Option& option, const std::string& value) {
    const std::string name = option.get_name();
    const char* const home = std::getenv("HOME");
    if (name == "--project")
      options_.project = home && value.starts_with("~/") ? home + value.substr(1) : value;  // no shell has expanded it
    else if (name == "--environment" && parse_environment(value))
      options_.environment = value;
    else if (name == "--as")
      options_.user = value;
    else if (name == "--key" || name == "--key-file")
      options_.key = value;
  }

  Completions options(const std::string& current) const {
    Completions out;
    for (const CLI::App* command = &words_.command(); command; command = command->get_parent())
      for (const CLI::Option* const option : command->get_options([](const CLI::Option*) { return true; })) {
        if (option->get_group().empty()) continue;
        for (const std::string& name : option->get_lnames()) {
          const std::string text = "--" + name;
          if (text.starts_with(current) && std::ranges::find(out.words, text, &Word::text) == out.words.end())
            out.words.push_back({text, option->get_description()});
        }
      }
    return out;
  }

  Completions values(const CLI::Option& option, const std::string& current, const std::string& before) const {
    const std::string type = option.get_type_name();
    if (type == "FILE") return {Completions::Kind::files, {}};
    if (type == "FOLDER") return {Completions::Kind::folders, {}};
    Completions out;
    std::vector<Word> all = members(type);
    try {
      if (all.empty()) all = stored_values(type, options_);
    } catch (const std::exception&) {  // no project or no database: no suggestions
    }
    for (Word& word : all)
      if (word.text.starts_with(current)) out.words.push_back({before + word.text, std::move(word.description)});
    return out;
  }

  FollowedWords words_;
  Options options_;
};

}  // namespace

Completions complete(const CLI::App& program, const std::vector<std::string>& words) {
  CommandLine line(program);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) line.take(words[i]);
  return line.complete(words.empty() ? "" : words.back());
}

}  // namespace struere::cli
