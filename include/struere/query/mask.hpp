// Masks: which leaves of a row are removed or replaced (SPEC 5).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

// What replaces a value.
struct Redaction {
  Json replacement = "[redacted]";
  std::optional<int> keep_last;  // for a string: `*` for each code point except the last ones, 1 to 32

  Json apply(const Json& value) const;

  friend bool operator==(const Redaction&, const Redaction&) = default;
};

// All that one role masks of one type. An empty mask shows everything.
struct Mask {
  std::optional<std::vector<FieldPath>> visible;  // visibleFields: only these parts of `data` are shown
  std::vector<FieldPath> hidden;
  std::vector<std::pair<FieldPath, Redaction>> redacted;

  bool empty() const noexcept { return !visible && hidden.empty() && redacted.empty(); }

  friend bool operator==(const Mask&, const Mask&) = default;
};

// Why a row is masked: to be shown, or for a filter, an order or a search. For queries a redacted field is absent, as
// if each `redact` were a `hide` (SPEC 5, "view rule").
enum class MaskPurpose { show, query };

// What a mask does to a field for queries, as far as it is known without a row.
enum class Visibility { clear, gone, mixed };
Visibility visibility(const Mask& mask, const FieldPath& field);

// Defines what an actor sees of `data` under several masks, one for each grant that admits the row: each leaf gets the
// most generous treatment that one of them gives. `masks` are ordered by the names of their roles. Without any mask,
// nothing is shown.
Json apply_masks(std::span<const Mask* const> masks, const Json& data, MaskPurpose purpose);

// The same for `status`, `createdAt` and `updatedAt`; nullopt if the value is hidden.
std::optional<Json> apply_masks(std::span<const Mask* const> masks, FieldPath::Root attribute, const Json& value,
                                MaskPurpose purpose);

// How much of a leaf of `data`, or of status, createdAt or updatedAt, a mask shows; a larger number shows more. 0: it
// is hidden. 1: a replacement is shown. 1 + n: the last n characters of a string. `fully_shown`: everything.
inline constexpr int fully_shown = 100;
int exposure(const Mask& mask, std::span<const std::string> leaf, bool is_array);
int exposure(const Mask& mask, FieldPath::Root attribute);

// The part of a mask that covers a leaf of `data`, in words: "hide data.card", "not in visibleFields".
std::vector<std::string> covering(const Mask& mask, std::span<const std::string> leaf, bool is_array);

// Whether the mask forbids a write at the leaf `segments` of `data`: it is at, under or above a masked path, or outside
// the visible fields. Only paths decide (SPEC 6, "masks no written field").
bool masks_written_leaf(const Mask& mask, std::span<const std::string> segments);
bool masks_written_status(const Mask& mask);

// All paths of a write that the mask forbids: `written` is the data of a create or the patch of an update.
std::vector<std::string> masked_in_write(const Mask& mask, const Json& written, bool status_asked);

}  // namespace struere
