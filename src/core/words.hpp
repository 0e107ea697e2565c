// Splits a text into the words that a search compares (SPEC 6, "search").
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace struere {

// Returns the maximal runs of letters, marks and numbers (Unicode categories L, M and N) of `text`, which must be
// valid UTF-8. Each is folded: ASCII letters become lower case; other letters are case-folded and lose their
// combining accents (U+0300 to U+036F), so that `Côte` and `cote` are one word. All storages get the same result.
std::vector<std::string> words_of(std::string_view text);

}  // namespace struere
