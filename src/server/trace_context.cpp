#include "server/trace_context.hpp"

#include <algorithm>
#include <string_view>

namespace struere::server {
namespace {

// version "-" trace-id "-" parent-id "-" flags; a later version may have more.
constexpr std::size_t length = 55, trace_at = 3, parent_at = 36, flags_at = 53;

bool is_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) { return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos; }

}  // namespace

std::optional<std::string> trace_id_of(const Request& request) {
  const auto header = request.header("traceparent");
  if (!header || header->size() < length) return std::nullopt;
  const std::string_view version = header->substr(0, 2), trace = header->substr(trace_at, 32);
  const bool has_more = header->size() > length;
  if (!is_hex(version) || version == "ff" || (has_more && (version == "00" || (*header)[length] != '-')))
    return std::nullopt;
  for (const std::size_t dash : {trace_at - 1, parent_at - 1, flags_at - 1})
    if ((*header)[dash] != '-') return std::nullopt;
  if (!is_id(trace) || !is_id(header->substr(parent_at, 16)) || !is_hex(header->substr(flags_at, 2)))
    return std::nullopt;
  return std::string(trace);
}

}  // namespace struere::server
