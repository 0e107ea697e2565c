#include "core/semantic_version.hpp"

#include <algorithm>
#include <charconv>

namespace struere {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A number without leading zeros, so that there is one way to write it.
bool is_plain_number(std::string_view text) { return is_number(text) && (text.size() == 1 || text.front() != '0'); }

// The non-empty parts between dots; `nullopt` if the text is not of this form.
std::optional<std::vector<std::string>> identifiers(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const bool is_word = std::ranges::all_of(part, [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (part.empty() || !is_word) return std::nullopt;
    out.emplace_back(part);
    if (end == text.size()) return out;
    begin = end + 1;
  }
}

std::weak_ordering compare(const std::string& a, const std::string& b) {
  const bool numbers[] = {is_number(a), is_number(b)};
  if (numbers[0] != numbers[1]) return numbers[0] ? std::weak_ordering::less : std::weak_ordering::greater;
  if (numbers[0] && a.size() != b.size()) return a.size() <=> b.size();
  return a.compare(b) <=> 0;
}

}  // namespace

std::optional<SemanticVersion> SemanticVersion::parse(std::string_view text) {
  SemanticVersion out;
  if (text.size() > 100) return std::nullopt;
  if (const auto build = text.find('+'); build != std::string_view::npos) {
    if (!identifiers(text.substr(build + 1))) return std::nullopt;
    text = text.substr(0, build);
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    auto parts = identifiers(text.substr(dash + 1));
    if (!parts) return std::nullopt;
    for (const std::string& part : *parts)
      if (is_number(part) && !is_plain_number(part)) return std::nullopt;
    out.prerelease_ = *std::move(parts);
    text = text.substr(0, dash);
  }
  const auto parts = identifiers(text);
  if (!parts || parts->size() != out.numbers_.size()) return std::nullopt;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const std::string& part = (*parts)[i];
    if (!is_plain_number(part) ||
        std::from_chars(part.data(), part.data() + part.size(), out.numbers_[i]).ec != std::errc())
      return std::nullopt;
  }
  return out;
}

std::weak_ordering operator<=>(const SemanticVersion& a, const SemanticVersion& b) {
  if (const auto numbers = a.numbers_ <=> b.numbers_; numbers != 0) return numbers;
  // A release comes after its pre-releases.
  if (a.prerelease_.empty() || b.prerelease_.empty()) return a.prerelease_.empty() <=> b.prerelease_.empty();
  for (std::size_t i = 0; i < std::min(a.prerelease_.size(), b.prerelease_.size()); ++i)
    if (const auto order = compare(a.prerelease_[i], b.prerelease_[i]); order != 0) return order;
  return a.prerelease_.size() <=> b.prerelease_.size();
}

}  // namespace struere
