// The words by which a storage may look for the rows that may match a search; whether one does, in what the actor sees
// of it, is decided row by row (query/interpreter.hpp, `matches`).
//
// INVARIANT: each word of a row begins in its indexed words as it begins in the row, so that a row that matches has,
// for each term to ask, an indexed word that begins with it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/companion.hpp"
#include "struere/core/field_path.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_COMPANION_API struere {

// The words at these fields of `data`, canonical JSON: sorted, each once, each cut to 64 bytes.
std::vector<std::string> indexed_words(std::span<const FieldPath> fields, std::string_view data);

// What to ask an index of them for, most narrowing first: a few of the terms, each cut. Empty if the index cannot tell.
std::vector<std::string> terms_to_ask(const Search& search);

}  // namespace struere
