#include "storage/search_words.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "struere/query/interpreter.hpp"

namespace struere {
namespace {

// Only the beginning of a longer word is in the index. A word can be a whole text in scripts without spaces.
constexpr std::size_t longest_word = 64;
// Every longer word keeps at least this length when it is cut between two characters.
constexpr std::size_t longest_term = longest_word - 3;
// Each term costs as much as the index has entries for it. A few terms narrow the result as well as many, and short
// terms add little to a longer one.
constexpr std::size_t most_terms = 4;
constexpr std::size_t shortest_beside_longer = 3;

std::string beginning_of(std::string word, std::size_t longest) {
  if (word.size() <= longest) return word;
  const auto inside_character = [&](std::size_t at) { return (static_cast<unsigned char>(word[at]) & 0xc0) == 0x80; };
  std::size_t end = longest;
  while (end > longest - 3 && inside_character(end)) --end;
  word.resize(end);
  return word;
}

void sort_out(std::vector<std::string>& words) {
  std::ranges::sort(words);
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

}  // namespace

std::vector<std::string> indexed_words(std::span<const FieldPath> fields, std::string_view data) {
  RowFields row;
  row.data = parse_canonical_json(data);
  std::vector<std::string> words = words_at(fields, row);
  for (std::string& word : words) word = beginning_of(std::move(word), longest_word);
  sort_out(words);
  return words;
}

std::vector<std::string> terms_to_ask(const Search& search) {
  std::vector<std::string> terms;
  for (const std::string& term : search.terms) terms.push_back(beginning_of(term, longest_term));
  sort_out(terms);
  std::ranges::stable_sort(terms, std::ranges::greater(), &std::string::size);
  if (terms.size() > most_terms) terms.resize(most_terms);
  if (!terms.empty() && terms.front().size() >= shortest_beside_longer)
    std::erase_if(terms, [](const std::string& term) { return term.size() < shortest_beside_longer; });
  return terms;
}

}  // namespace struere
