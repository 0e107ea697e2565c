// What hostile bytes are given to. Each target asserts what must be true of any input, rather than that nothing
// crashes.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "struere/core/error.hpp"

namespace struere::fuzz {

struct FuzzTarget {
  std::string_view name;                // and that of its folder in corpus/
  void (*run)(std::string_view bytes);  // throws whatever it finds
};

std::span<const FuzzTarget> fuzz_targets();
const FuzzTarget& fuzz_target(std::string_view name);

void json_entry(std::string_view bytes);
void field_path(std::string_view bytes);
void json_schema(std::string_view bytes);
void where_query(std::string_view bytes);
void cursor_text(std::string_view bytes);
void definition_file(std::string_view bytes);
void api_key(std::string_view bytes);
void merge_patch(std::string_view bytes);
void mask(std::string_view bytes);
void stored_row(std::string_view bytes);
void audit_log(std::string_view bytes);
void http_connection(std::string_view bytes);  // where there is a server

// --- for the targets

inline const std::string secret = "TOPSECRET";  // what an actor may not see

inline void require(bool holds, const std::string& otherwise) {
  if (!holds) throw std::logic_error("found: " + otherwise);
}

// What something answers, or its error as "code: message". Anything else that it throws is a finding.
template <class Body>
std::string answer_of(Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    return std::string(to_string(error.code())) + ": " + error.what();
  }
}

// The parts of an input are lines.
inline std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

// `original`, changed as the bytes say: three to a change, its kind, its place and a byte. For what random bytes would
// never resemble.
inline std::string edited(std::string original, std::string_view edits) {
  for (std::size_t i = 0; i + 2 < edits.size() && i < 30; i += 3) {
    if (original.empty()) return original;
    const std::size_t at = static_cast<unsigned char>(edits[i + 1]) * original.size() / 256;
    switch (edits[i] & 3) {
      case 0: original[at] = edits[i + 2]; break;
      case 1: original.insert(at, 1, edits[i + 2]); break;
      case 2: original.erase(at, 1); break;
      default: original.resize(at); break;
    }
  }
  return original;
}

}  // namespace struere::fuzz
