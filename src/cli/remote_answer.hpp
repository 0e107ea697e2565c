// What a server answers is not trusted: it may be another server than the one that was meant, or not one of ours.
#pragma once

#include <cstddef>
#include <string>

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"

namespace struere::cli {

inline constexpr std::size_t most_answer_bytes = std::size_t{64} << 20;
inline constexpr std::size_t most_list_bytes = std::size_t{256} << 20;  // of the pages of a list together

// The JSON of an answer of at most most_answer_bytes. Throws Error{storage} if it is not JSON, nests more than 100 deep
// or has more than 8 million values. `from` names the server.
Json read_answer(const std::string& text, const std::string& from);

// What an answer that is no success says: the problem in its body, or that it is no answer of a server of struere.
Error error_of_answer(unsigned status, const std::string& body);
// Throws UsageError if the problem is that -e is not the environment of the key, as it is for a key on a file.
void require_agreed_environment(const std::string& body);

}  // namespace struere::cli
