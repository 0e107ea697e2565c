#include "storage/mask_splicer.hpp"

#include <algorithm>
#include <array>

#include "core/json_scan.hpp"

namespace struere {

MaskSplicer::MaskSplicer(std::span<const Mask* const> masks, MaskPurpose purpose) {
  for (const Mask* mask : masks) {
    passes_everything_ = passes_everything_ || mask->empty();
    roots_.push_back(std::make_unique<Node>());
    Node& root = *roots_.back();
    if (mask->visible)
      for (const FieldPath& path : *mask->visible) insert(root, path, purpose, true, false, nullptr);
    for (const FieldPath& path : mask->hidden) insert(root, path, purpose, false, true, nullptr);
    for (const auto& [path, redaction] : mask->redacted) insert(root, path, purpose, false, false, &redaction);
    start_.push_back({&root, !mask->visible, false, nullptr});
  }
  whole_ = entered(start_.data());
}

void MaskSplicer::insert(Node& root, const FieldPath& path, MaskPurpose purpose, bool listed, bool hidden,
                         const Redaction* redaction) {
  if (!path.is_data()) return;
  if (redaction && purpose == MaskPurpose::query) {
    hidden = true;
    redaction = nullptr;
  }
  Node* node = &root;
  const int depth = static_cast<int>(path.segments().size());
  for (const std::string& segment : path.segments()) {
    node->hidden_below = node->hidden_below || hidden;
    if (redaction && depth > node->redaction_depth) {
      node->redaction_below = redaction;
      node->redaction_depth = depth;
    }
    node = &node->make(segment);
  }
  node->listed = node->listed || listed;
  node->hidden = node->hidden || hidden;
  if (redaction) node->redaction = redaction;
}

const MaskSplicer::Node* MaskSplicer::Node::find(std::string_view key) const noexcept {
  for (const auto& [name, child] : children)
    if (name == key) return &child;
  return nullptr;
}

MaskSplicer::Node& MaskSplicer::Node::make(const std::string& key) {
  for (auto& [name, child] : children)
    if (name == key) return child;
  keys |= key_bit(key);
  return children.emplace_back(Child{key, Node()}).node;
}

// Computes the state of a mask at a member of an object. Returns whether a path of the mask continues there.
bool MaskSplicer::step(const Stand& stand, std::string_view key, Stand& next) {
  next = stand;
  next.node = stand.node ? stand.node->find(key) : nullptr;
  if (!next.node) return false;
  next.listed = stand.listed || next.node->listed;
  next.hidden = stand.hidden || next.node->hidden;
  if (next.node->redaction) next.redaction = next.node->redaction;  // the longer path
  return true;
}

MaskSplicer::Treatment MaskSplicer::treat(const Stand& stand, bool is_array) {
  if (stand.hidden || !stand.listed) return {Treatment::hide};
  const Redaction* redaction = stand.redaction;
  if (is_array && stand.node) {
    if (stand.node->hidden_below) return {Treatment::hide};
    if (stand.node->redaction_below) redaction = stand.node->redaction_below;
  }
  return redaction ? Treatment{Treatment::redact, redaction} : Treatment{Treatment::clear};
}

MaskSplicer::Treatment MaskSplicer::kindest(const Stand* stands, bool is_array) const {
  Treatment out;
  for (std::size_t i = 0; i < roots_.size() && out.kind != Treatment::clear; ++i) {
    const Treatment treatment = treat(stands[i], is_array);
    if (treatment.kind < out.kind) out = treatment;
  }
  return out;
}

// Returns whether the members of the object must be looked at one by one. If no path continues below, all leaves below
// are treated alike: a clear subtree is copied as a whole and a hidden one is skipped. A redaction applies to each
// leaf.
bool MaskSplicer::has_to_be_entered(const Stand* stands) const {
  bool all_hidden = true;
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    const bool decided = stands[i].node == nullptr;
    const auto kind = treat(stands[i], false).kind;
    if (decided && kind == Treatment::clear) return false;
    all_hidden = all_hidden && decided && kind == Treatment::hide;
  }
  return !all_hidden;
}

MaskSplicer::Entered MaskSplicer::entered(const Stand* stands) const {
  Entered out;
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    Stand unnamed = stands[i];
    unnamed.node = nullptr;
    if (const Treatment one = treat(unnamed, false); one.kind < out.unnamed.kind) out.unnamed = one;
    out.keys |= stands[i].node ? stands[i].node->keys : 0;
  }
  return out;
}

// Writes the object as it is shown, with its braces, and returns whether any member is left in it. If `check` finds
// another value than it wants, returns `refused`; `out` is then of no use.
MaskSplicer::Spliced MaskSplicer::splice_object(JsonScan& place, const Stand* stands, const Entered& entered,
                                                std::size_t depth, MemberCheck* check, std::string& out) const {
  JsonScan data = place;  // in registers
  if (depth == json_max_depth) JsonScan::damaged();
  constexpr std::size_t few = 8;
  std::array<Stand, few> near;
  std::vector<Stand> far;
  Stand* inner = near.data();
  if (roots_.size() > few) {
    far.resize(roots_.size());
    inner = far.data();
  }
  // No path names most members, and all of those get the same treatment.
  const Treatment unnamed = entered.unnamed;
  const std::uint64_t keys = entered.keys | (check ? check->keys() : 0);
  out.push_back('{');
  bool anything = false;
  // Consecutive members that are shown unchanged are copied together.
  const char *run = nullptr, *run_end = nullptr;
  const auto copy_run = [&] {
    if (run == run_end) return;
    if (anything) out.push_back(',');
    out.append(JsonScan::between(run, run_end));
    anything = true;
    run = run_end = nullptr;
  };
  data.pass('{');
  if (data.next() != '}') do {
      const char* const member = data.place();
      const std::string_view key = data.take_key();
      bool is_named = false;
      const JsonMember* checked = nullptr;
      if ((keys & key_bit(key)) != 0 || unnamed.kind == Treatment::redact) {
        if (check) checked = check->find(key);
        for (std::size_t i = 0; i < roots_.size(); ++i)
          if (step(stands[i], key, inner[i])) is_named = true;
      }
      const char* const value = data.place();
      const char start = data.next();
      Treatment treatment = unnamed;
      if (is_named || unnamed.kind == Treatment::redact) {
        if (start == '{' && data.after_next() != '}' && has_to_be_entered(inner)) {
          copy_run();
          const std::size_t before = out.size();
          if (anything) out.push_back(',');
          out.append(data.since(member));
          const std::size_t inside = out.size();
          JsonScan below = data;
          bool stays =
              splice_object(below, inner, this->entered(inner), depth + 1, nullptr, out) == Spliced::with_members;
          data = below;
          if (checked && !check->note(*checked, data.since(value))) return Spliced::refused;
          if (!stays) {
            // The object is masked like one that was stored empty (query/mask.cpp explains why).
            const Treatment emptied = kindest(inner, false);
            stays = emptied.kind != Treatment::hide;
            if (emptied.kind == Treatment::redact)
              out.replace(inside, std::string::npos, canonical_json(emptied.redaction->apply(Json::object())));
          }
          if (!stays) out.resize(before);
          anything = anything || stays;
          continue;
        }
        treatment = kindest(inner, start == '[');
      }
      data.skip_value();
      if (checked && !check->note(*checked, data.since(value))) return Spliced::refused;
      if (treatment.kind == Treatment::clear) {
        if (run == run_end) run = member;
        run_end = data.place();
        continue;
      }
      copy_run();
      if (treatment.kind == Treatment::hide) continue;
      if (anything) out.push_back(',');
      out.append(JsonScan::between(member, value));
      out.append(canonical_json(treatment.redaction->apply(parse_canonical_json(data.since(value)))));
      anything = true;
    } while (data.pass_comma());
  copy_run();
  data.pass('}');
  out.push_back('}');
  place = data;
  return anything ? Spliced::with_members : Spliced::empty;
}

void MaskSplicer::splice(std::string_view json, std::string& out) const {
  if (passes_everything_) {
    out.append(json);
    return;
  }
  JsonScan data(json);
  if (data.next() != '{') JsonScan::damaged();
  splice_object(data, start_.data(), whole_, 0, nullptr, out);
  if (!data.at_end()) JsonScan::damaged();
}

bool MaskSplicer::splice_if(std::string_view json, std::span<const JsonMember> members, std::string& out) const {
  if (members.empty() || passes_everything_) {
    if (!has_members(json, members)) return false;
    splice(json, out);
    return true;
  }
  JsonScan data(json);
  if (data.next() != '{') JsonScan::damaged();
  MemberCheck check(members);
  const std::size_t before = out.size();
  if (splice_object(data, start_.data(), whole_, 0, &check, out) == Spliced::refused || !check.is_complete()) {
    out.resize(before);
    return false;
  }
  if (!data.at_end()) JsonScan::damaged();
  return true;
}

}  // namespace struere
