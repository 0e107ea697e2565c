// The way to a field of a row: `data.a.b`, or `id`, `status`, `createdAt`, `updatedAt` (SPEC 4).
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

class FieldPath {
 public:
  enum class Root { data, id, status, created_at, updated_at };

  // Segments are [A-Za-z0-9_-]{1,64}, one to eight of them after `data`. nullopt for any other text.
  static std::optional<FieldPath> parse(std::string_view text);

  // Whether `text` can be a segment. Relation types are written like segments.
  static bool is_segment(std::string_view text) noexcept;

  Root root() const noexcept { return root_; }
  bool is_data() const noexcept { return root_ == Root::data; }
  const std::vector<std::string>& segments() const noexcept { return segments_; }  // after `data`
  std::string str() const;

  // Whether this path equals `other` or is a prefix of it.
  bool is_prefix_of(const FieldPath& other) const noexcept;

  friend bool operator==(const FieldPath&, const FieldPath&) = default;
  friend auto operator<=>(const FieldPath&, const FieldPath&) = default;

 private:
  FieldPath(Root root, std::vector<std::string> segments) : root_(root), segments_(std::move(segments)) {}

  Root root_ = Root::data;
  std::vector<std::string> segments_;
};

}  // namespace struere
