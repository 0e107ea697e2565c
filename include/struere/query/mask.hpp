// Which leaves of a row are taken away or replaced (SPEC 5).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"

namespace struere {

// What stands where a value was.
struct Redaction {
  Json replacement = "[redacted]";
  std::optional<int> keep_last;  // of a string: `*` for each code point but the last so many (1 to 32)

  Json apply(const Json& value) const;

  friend bool operator==(const Redaction&, const Redaction&) = default;
};

// All that one role masks of one type. An empty mask shows everything.
struct Mask {
  std::optional<std::vector<FieldPath>> visible;  // visibleFields: of `data`, nothing else is shown
  std::vector<FieldPath> hidden;
  std::vector<std::pair<FieldPath, Redaction>> redacted;

  bool empty() const noexcept { return !visible && hidden.empty() && redacted.empty(); }

  friend bool operator==(const Mask&, const Mask&) = default;
};

// Why a row is masked: to be shown, or to be looked at by a filter, an order or a search. To the latter a redacted
// field is absent, as if each `redact` were a `hide` (SPEC 5, "view rule").
enum class MaskPurpose { show, query };

// What can be said of a field under a mask, for a query, without looking at a row.
enum class Visibility { clear, gone, mixed };
Visibility visibility(const Mask& mask, const FieldPath& field);

// The reference: `data` as it is seen by whoever several masks apply to at once, one for each grant that admits the
// row; each leaf gets the kindest treatment that one of them gives it. `masks` are in the order of their roles' names.
// No masks at all: nothing is shown.
Json apply_masks(std::span<const Mask* const> masks, const Json& data, MaskPurpose purpose);

// The same for `status`, `createdAt` and `updatedAt`; nothing where the value is hidden.
std::optional<Json> apply_masks(std::span<const Mask* const> masks, FieldPath::Root attribute, const Json& value,
                                MaskPurpose purpose);

// How much of a leaf of `data`, or of status, createdAt or updatedAt, a mask lets through: more for a larger number.
// 0: it is hidden. 1: a replacement stands there. 1 + n: the last n characters of a string. `fully_shown`: all of it.
inline constexpr int fully_shown = 100;
int exposure(const Mask& mask, std::span<const std::string> leaf, bool is_array);
int exposure(const Mask& mask, FieldPath::Root attribute);

// What of a mask covers a leaf of `data`, in words: "hide data.card", "not among the visible fields".
std::vector<std::string> covering(const Mask& mask, std::span<const std::string> leaf, bool is_array);

// Whether something that is written at the leaf `segments` of `data` meets the mask: it is at, under or above a masked
// path, or outside the visible fields. Paths alone decide (SPEC 6, "masks no field that is written").
bool masks_written_leaf(const Mask& mask, std::span<const std::string> segments);
bool masks_written_status(const Mask& mask);

// All paths of a write that the mask forbids: `written` is the data of a create or the patch of an update.
std::vector<std::string> masked_in_write(const Mask& mask, const Json& written, bool status_asked);

}  // namespace struere
