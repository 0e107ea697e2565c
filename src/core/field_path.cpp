#include "struere/core/field_path.hpp"

#include <algorithm>

namespace struere {
namespace {

constexpr std::size_t max_segments = 8, max_segment_size = 64;

}  // namespace

bool FieldPath::is_segment(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_segment_size && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::optional<FieldPath> FieldPath::parse(std::string_view text) {
  if (text == "id") return FieldPath(Root::id, {});
  if (text == "status") return FieldPath(Root::status, {});
  if (text == "createdAt") return FieldPath(Root::created_at, {});
  if (text == "updatedAt") return FieldPath(Root::updated_at, {});
  if (!text.starts_with("data.")) return std::nullopt;
  std::vector<std::string> segments;
  for (std::string_view rest = text.substr(5);;) {
    const auto dot = rest.find('.');
    const std::string_view segment = rest.substr(0, dot);
    if (!is_segment(segment) || segments.size() == max_segments) return std::nullopt;
    segments.emplace_back(segment);
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  return FieldPath(Root::data, std::move(segments));
}

std::string FieldPath::str() const {
  switch (root_) {
    case Root::id: return "id";
    case Root::status: return "status";
    case Root::created_at: return "createdAt";
    case Root::updated_at: return "updatedAt";
    case Root::data: break;
  }
  std::string out = "data";
  for (const std::string& segment : segments_) out.append(".").append(segment);
  return out;
}

bool FieldPath::is_prefix_of(const FieldPath& other) const noexcept {
  return root_ == other.root_ && segments_.size() <= other.segments_.size() &&
         std::equal(segments_.begin(), segments_.end(), other.segments_.begin());
}

}  // namespace struere
