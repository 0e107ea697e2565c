#include "storage/search_words.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "struere/query/interpreter.hpp"

namespace struere {
namespace {

// Of a longer word, which may be a whole text where no spaces are written, only its beginning is in the index.
constexpr std::size_t longest_word = 64;
// What is left of any longer word that is cut between two characters.
constexpr std::size_t longest_term = longest_word - 3;
// Each term that is asked for costs what there is of it: a few of them narrow as well as many, and beside a longer one
// the shortest do not narrow.
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
