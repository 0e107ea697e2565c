// Applies masks directly to the bytes of canonical JSON, without parsing it. The result equals that of apply_masks(),
// and the cost is close to that of a copy.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/companion.hpp"
#include "core/json_scan.hpp"
#include "struere/query/mask.hpp"

namespace STRUERE_COMPANION_API struere {

// Applies one set of masks together, in the order of the names of their roles. The masks must outlive it. One thread at
// a time may use it.
class MaskSplicer {
 public:
  MaskSplicer(std::span<const Mask* const> masks, MaskPurpose purpose);

  // Whether the masks never remove or replace anything.
  bool passes_everything() const noexcept { return passes_everything_; }

  // `data` is a canonical object. Appends the masked object to `out`.
  void splice(std::string_view data, std::string& out);
  // The same if the object has all of these members (has_members). Otherwise returns false and appends nothing.
  bool splice_if(std::string_view data, std::span<const JsonMember> members, std::string& out);

 private:
  // The paths of one mask, as a tree of their segments.
  struct Child;
  struct Node {
    std::vector<Child> children;  // few, so find() is a linear search
    std::uint64_t keys = 0;       // the bits of their keys (key_bit)
    const Node* find(std::string_view key) const noexcept;
    Node& make(const std::string& key);
    bool listed = false;
    bool hidden = false;
    const Redaction* redaction = nullptr;
    // What the paths below this node do. Arrays need it, because they are masked whole.
    bool hidden_below = false;
    const Redaction* redaction_below = nullptr;  // of the longest path
    int redaction_depth = 0;
  };
  struct Child {
    std::string key;
    Node node;
  };
  // The state of one mask at one place of the row.
  struct Stand {
    const Node* node;  // null if no path of the mask continues here
    bool listed;       // at or under a listed path, or the mask has no list
    bool hidden;
    const Redaction* redaction;
  };
  struct Treatment {
    enum Kind { clear, redact, hide } kind = hide;
    const Redaction* redaction = nullptr;
  };
  // What is known of an object before it is read.
  struct Entered {
    Treatment unnamed;       // of the members that no path names
    std::uint64_t keys = 0;  // the bits of those that a path names
  };

  static void insert(Node& root, const FieldPath& path, MaskPurpose purpose, bool listed, bool hidden,
                     const Redaction* redaction);
  static bool step(const Stand& stand, std::string_view key, Stand& next);
  static Treatment treat(const Stand& stand, bool is_array);
  Treatment kindest(const Stand* stands, bool is_array) const;
  bool has_to_be_entered(const Stand* stands) const;
  // A member that a whole row has had, and what becomes of the next one. Rows of a type mostly have the same members in
  // the same order, that of their keys, and to compare a key with an expected one costs less than to find its end and
  // look it up.
  struct Known {
    ExpectedText written;  // `"key":`
    std::uint64_t bit;     // key_bit
    bool needs_look;       // at an object or an array, as a path or a redaction may apply within
    Treatment treatment;   // of any other value
    std::string_view key() const { return std::string_view(written.text()).substr(1, written.text().size() - 3); }
  };
  // The members that are written so far.
  struct Output {
    std::string& bytes;
    bool has_members = false;
    // Consecutive members that are shown unchanged are copied together.
    const char *run = nullptr, *run_end = nullptr;

    void begin_member();
    void copy_run();
    void keep(const char* member, const char* end) {
      if (run == run_end) run = member;
      run_end = end;
    }
    void redact(std::string_view beginning, const Redaction& redaction, std::string_view value);
  };

  enum class Passed { all, some, refused };
  Passed pass_known(JsonScan& place, MemberCheck* check, Output& out);
  void begin_row();
  void learn(std::string_view key, bool needs_look, Treatment treatment);
  enum class Spliced { empty, with_members, refused };
  Entered entered(const Stand* stands) const;
  Spliced splice_object(JsonScan& place, const Stand* stands, const Entered& entered, std::size_t depth,
                        MemberCheck* check, std::string& out);

  std::vector<std::unique_ptr<Node>> roots_;  // one for each mask
  std::vector<Stand> start_;
  Entered whole_;
  // Ordered by key. If it is full, and most members of a row are others, all are forgotten before the next row.
  static constexpr std::size_t most_known = 64;
  std::vector<Known> known_;
  std::size_t next_known_ = 0;      // the first that may still come
  std::ptrdiff_t absent_left_ = 0;  // how many that the row lacks may still be compared with its members
  int passed_ = 0, looked_up_ = 0;  // members of the row that were passed as known ones, and that were not
  bool passes_everything_ = false;
};

}  // namespace struere
