#include "fuzz/fuzz_target.hpp"

#include <algorithm>

namespace struere::fuzz {
namespace {

constexpr FuzzTarget targets[]{
    {"json_entry", json_entry},
    {"field_path", field_path},
    {"json_schema", json_schema},
    {"where_query", where_query},
    {"cursor", cursor_text},
    {"definition_file", definition_file},
    {"api_key", api_key},
    {"merge_patch", merge_patch},
    {"mask", mask},
    {"stored_row", stored_row},
    {"audit_log", audit_log},
#ifdef STRUERE_HAS_SERVER
    {"http_connection", http_connection},
#endif
};

}  // namespace

std::span<const FuzzTarget> fuzz_targets() { return targets; }

const FuzzTarget& fuzz_target(std::string_view name) {
  const auto* const found = std::ranges::find(targets, name, &FuzzTarget::name);
  if (found == std::end(targets)) throw std::invalid_argument("no fuzz target " + std::string(name));
  return *found;
}

}  // namespace struere::fuzz
