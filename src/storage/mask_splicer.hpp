// Masks cut into the bytes of canonical JSON, without a parse: what apply_masks() means, at the speed of a copy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "struere/query/mask.hpp"

namespace struere {

class JsonScan;

// For one set of masks that apply together, in the order of their roles' names. Immutable; the masks must outlive it.
class MaskSplicer {
 public:
  MaskSplicer(std::span<const Mask* const> masks, MaskPurpose purpose);

  // Whether nothing is ever taken away or replaced.
  bool passes_everything() const noexcept { return passes_everything_; }

  // `data` is a canonical object.
  void splice(std::string_view data, std::string& out) const;

 private:
  // The paths of one mask, as a tree of their segments.
  struct Child;
  struct Node {
    std::vector<Child> children;  // few: looked through
    std::uint64_t lengths = 0;    // of their keys, modulo 64: a bit for each
    const Node* find(std::string_view key) const noexcept;
    Node& make(const std::string& key);
    bool listed = false;
    bool hidden = false;
    const Redaction* redaction = nullptr;
    // What lies somewhere below, for arrays, which are masked whole.
    bool hidden_below = false;
    const Redaction* redaction_below = nullptr;  // of the longest path
    int redaction_depth = 0;
  };
  struct Child {
    std::string key;
    Node node;
  };
  // Where one mask stands at one place of the row.
  struct Stand {
    const Node* node;  // null where no path of the mask goes on
    bool listed;       // at or under a listed path, or nothing needs to be listed
    bool hidden;
    const Redaction* redaction;
  };
  struct Treatment;

  static void insert(Node& root, const FieldPath& path, MaskPurpose purpose, bool listed, bool hidden,
                     const Redaction* redaction);
  static bool step(const Stand& stand, std::string_view key, Stand& next);
  static Treatment treat(const Stand& stand, bool is_array);
  Treatment kindest(const Stand* stands, bool is_array) const;
  bool has_to_be_entered(const Stand* stands) const;
  bool splice_object(JsonScan& data, const Stand* stands, std::size_t depth, std::string& out) const;

  std::vector<std::unique_ptr<Node>> roots_;  // one for each mask
  std::vector<Stand> start_;
  bool passes_everything_ = false;
};

}  // namespace struere
