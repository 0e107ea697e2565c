// The distinct masks of a selection, and a splicer for each set of them that applies to some row.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "storage/mask_splicer.hpp"
#include "struere/query/mask.hpp"

namespace struere {

// The `kind` of the pointers that are bound to statements.
inline constexpr const char* view_masks_kind = "struere-view-masks";
inline constexpr const char* search_kind = "struere-search";

// A set of masks is written as a text of '0' and '1', one character for each mask, in order.
class ViewMasks {
 public:
  ViewMasks(std::vector<const Mask*> masks, MaskPurpose purpose) : masks_(std::move(masks)), purpose_(purpose) {}

  std::vector<const Mask*> chosen(std::string_view bits) const {
    std::vector<const Mask*> out;
    for (std::size_t i = 0; i < masks_.size() && i < bits.size(); ++i)
      if (bits[i] == '1') out.push_back(masks_[i]);
    return out;
  }

  // Makes the splicer at first use. One thread at a time may call it, as with a statement.
  MaskSplicer& splicer(std::string_view bits) const {
    const auto found = splicers_.find(bits);
    if (found != splicers_.end()) return found->second;
    const auto masks = chosen(bits);
    return splicers_.emplace(std::string(bits), MaskSplicer(masks, purpose_)).first->second;
  }

 private:
  std::vector<const Mask*> masks_;
  MaskPurpose purpose_;
  mutable std::map<std::string, MaskSplicer, std::less<>> splicers_;
};

}  // namespace struere
