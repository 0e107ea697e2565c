// `struere completion`: prints the script with which a shell calls `struere complete` for the possible next words.
#include <fmt/format.h>
#include <unistd.h>

#include <map>

#include "cli/commands.hpp"
#include "cli/completion.hpp"
#include "cli/screen.hpp"

namespace struere::cli {
namespace {

// No script executes or expands the output of the tool, because it may come from a database.
const std::map<std::string, const char*> scripts{
    {"bash", R"(# struere completion for bash
_struere() {
  local line word
  local -a lines
  COMPREPLY=()
  mapfile -t lines < <(struere complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case ${lines[0]-} in
    $'\tfiles') compopt -o default; return ;;
    $'\tfolders') compopt -o dirnames; return ;;
  esac
  for line in "${lines[@]}"; do
    printf -v word %q "${line%%$'\t'*}"
    COMPREPLY+=("$word")
  done
}
complete -F _struere struere
)"},
    {"zsh", R"(#compdef struere
# struere completion for zsh
_struere() {
  local -a lines values shown
  local line
  lines=("${(@f)$(struere complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case ${lines[1]-} in
    $'\tfiles') _files; return ;;
    $'\tfolders') _files -/; return ;;
  esac
  for line in "${lines[@]}"; do
    [[ -n $line ]] || continue
    values+=("${line%%$'\t'*}")
    shown+=("${line/$'\t'/  }")
  done
  compadd -d shown -a values
}
if [[ ${funcstack[1]-} = _struere ]]; then _struere "$@"; else compdef _struere struere; fi
)"},
    {"fish", R"(# struere completion for fish
function __struere_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l lines (struere complete $words "$current" 2>/dev/null)
    switch "$lines[1]"
        case \tfiles
            __fish_complete_path "$current"
        case \tfolders
            __fish_complete_directories "$current"
        case '*'
            printf '%s\n' $lines
    end
end
complete -c struere -f -a '(__struere_complete)'
)"},
};

}  // namespace

void print_completions(const CLI::App& program, const std::vector<std::string>& words) {
  constexpr unsigned most_seconds = 3;  // a server that does not answer must not hold the shell
  alarm(most_seconds);
  const Completions found = complete(program, words);
  if (found.kind == Completions::Kind::files) return say_part(Painted("\tfiles\n"));
  if (found.kind == Completions::Kind::folders) return say_part(Painted("\tfolders\n"));
  for (const auto& [text, description] : found.words)
    if (!text.empty() && printable(text) == text)
      say_part(Painted(fmt::format("{}\t{}\n", text, printable(description))));
}

void add_completion(CLI::App& program, Options&) {
  static std::string shell;
  auto* const command = program.add_subcommand("completion", "The script that completes words in a shell");
  command->add_option("shell", shell)->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Load it where the shell starts:\n"
      "  bash   echo 'eval \"$(struere completion bash)\"' >> ~/.bashrc\n"
      "  zsh    echo 'source <(struere completion zsh)' >> ~/.zshrc    (after compinit)\n"
      "  fish   struere completion fish > ~/.config/fish/completions/struere.fish");
  command->callback([] { say_part(lines(scripts.at(shell))); });
}

}  // namespace struere::cli
