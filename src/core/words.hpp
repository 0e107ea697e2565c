// How a text is split into the words that a search compares (SPEC 6, "search").
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace struere {

// The maximal runs of letters, marks and numbers (Unicode categories L, M and N) of `text`, which is valid UTF-8, each
// folded: ASCII letters become lower case; other letters are case-folded and lose the accents that combine with them
// (U+0300 to U+036F), so that `Côte` and `cote` are one word. The answer is the same in every storage.
std::vector<std::string> words_of(std::string_view text);

}  // namespace struere
