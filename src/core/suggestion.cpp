#include "core/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace struere {
namespace {

constexpr std::size_t longest_mistyped_word = 100;  // the time to compute the distance grows with both lengths

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  if (word.size() > longest_mistyped_word) return {};
  const auto distance = [&](const std::string& other) { return edit_distance(word, other); };
  const auto nearest = std::ranges::min_element(known, {}, distance);
  if (nearest == known.end() || distance(*nearest) > (word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 3)))
    return {};
  return fmt::format(" Did you mean `{}`?", *nearest);
}

}  // namespace struere
