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

void MaskSplicer::Output::begin_member() {
  if (has_members) bytes.push_back(',');
  has_members = true;
}

void MaskSplicer::Output::copy_run() {
  if (run == run_end) return;
  begin_member();
  bytes.append(JsonScan::between(run, run_end));
  run = run_end = nullptr;
}

void MaskSplicer::Output::redact(std::string_view beginning, const Redaction& redaction, std::string_view value) {
  copy_run();
  begin_member();
  bytes.append(beginning).append(canonical_json(redaction.apply(parse_canonical_json(value))));
}

// Passes members of a whole row while they are known ones. Returns `some` at a member that needs a closer look.
MaskSplicer::Passed MaskSplicer::pass_known(JsonScan& place, MemberCheck* check, Output& output) {
  JsonScan data = place;  // in registers
  Output out = output;
  const std::uint64_t checked_keys = check ? check->keys() : 0;
  const Known* next = known_.data() + next_known_;
  const Known* const end = known_.data() + known_.size();
  std::ptrdiff_t absent_left = absent_left_;
  int passed_members = 0;
  Passed passed = Passed::some;
  do {
    const JsonScan member = data;
    const Known* known = next;
    const Known* const reach = next + std::min(end - next, absent_left + 1);
    while (known != reach && !data.pass_if(known->written)) ++known;
    absent_left = std::max<std::ptrdiff_t>(absent_left - (known - next), 0);
    if (known == reach) break;
    const char* const value = data.place();
    const char start = data.next();
    if (known->needs_look && (start == '{' || start == '[')) {
      data = member;
      break;
    }
    next = known + 1;
    ++passed_members;
    data.skip_value();
    if ((checked_keys & known->bit) != 0) {
      const JsonMember* const checked = check->find(known->key());
      if (checked && !check->note(*checked, data.since(value))) return Passed::refused;
    }
    if (known->treatment.kind == Treatment::clear)
      out.keep(member.place(), data.place());
    else if (known->treatment.kind == Treatment::redact)
      out.redact(JsonScan::between(member.place(), value), *known->treatment.redaction, data.since(value));
    else
      out.copy_run();
    if (!data.pass_comma()) passed = Passed::all;
  } while (passed == Passed::some);
  next_known_ = static_cast<std::size_t>(next - known_.data());
  absent_left_ = absent_left;
  passed_ += passed_members;
  place = data;
  output.has_members = out.has_members;
  output.run = out.run;
  output.run_end = out.run_end;
  return passed;
}

// What is known never costs a row more than a few comparisons, whatever the rows before had.
void MaskSplicer::begin_row() {
  constexpr std::ptrdiff_t most_absent = 32;
  if (known_.size() == most_known && passed_ < looked_up_) known_.clear();
  next_known_ = 0;
  absent_left_ = most_absent;
  passed_ = looked_up_ = 0;
}

void MaskSplicer::learn(std::string_view key, bool needs_look, Treatment treatment) {
  constexpr std::size_t longest_known = 64;
  ++looked_up_;
  const auto place = std::ranges::lower_bound(known_, key, {}, &Known::key);
  next_known_ = static_cast<std::size_t>(place - known_.begin());
  if (place == known_.end() || place->key() != key) {
    if (known_.size() == most_known || key.size() > longest_known) return;
    std::string written("\"");
    written.append(key).append("\":");
    known_.insert(place, Known{ExpectedText(std::move(written)), key_bit(key), needs_look, treatment});
  }
  ++next_known_;
}

// Writes the object as it is shown, with its braces, and returns whether any member is left in it. If `check` finds
// another value than it wants, returns `refused`; `bytes` is then of no use.
MaskSplicer::Spliced MaskSplicer::splice_object(JsonScan& place, const Stand* stands, const Entered& entered,
                                                std::size_t depth, MemberCheck* check, std::string& bytes) {
  JsonScan data = place;
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
  const bool is_whole = depth == 0;
  bytes.push_back('{');
  Output out{bytes};
  data.pass('{');
  if (is_whole) begin_row();
  if (data.next() != '}') do {
      if (is_whole) {
        const Passed passed = pass_known(data, check, out);
        if (passed == Passed::refused) return Spliced::refused;
        if (passed == Passed::all) break;
      }
      const char* const member = data.place();
      const std::string_view key = data.take_key();
      bool is_named = false;
      const JsonMember* checked = nullptr;
      if ((keys & key_bit(key)) != 0 || unnamed.kind == Treatment::redact) {
        if (check) checked = check->find(key);
        for (std::size_t i = 0; i < roots_.size(); ++i)
          if (step(stands[i], key, inner[i])) is_named = true;
      }
      const bool needs_look = is_named || unnamed.kind == Treatment::redact;
      if (is_whole) learn(key, needs_look, needs_look ? kindest(inner, false) : unnamed);
      const char* const value = data.place();
      const char start = data.next();
      Treatment treatment = unnamed;
      if (needs_look) {
        if (start == '{' && data.after_next() != '}' && has_to_be_entered(inner)) {
          out.copy_run();
          const bool had_members = out.has_members;
          const std::size_t before = bytes.size();
          out.begin_member();
          bytes.append(data.since(member));
          const std::size_t inside = bytes.size();
          bool stays =
              splice_object(data, inner, this->entered(inner), depth + 1, nullptr, bytes) == Spliced::with_members;
          if (checked && !check->note(*checked, data.since(value))) return Spliced::refused;
          if (!stays) {
            // The object is masked like one that was stored empty (query/mask.cpp explains why).
            const Treatment emptied = kindest(inner, false);
            stays = emptied.kind != Treatment::hide;
            if (emptied.kind == Treatment::redact)
              bytes.replace(inside, std::string::npos, canonical_json(emptied.redaction->apply(Json::object())));
          }
          if (!stays) {
            bytes.resize(before);
            out.has_members = had_members;
          }
          continue;
        }
        treatment = kindest(inner, start == '[');
      }
      data.skip_value();
      if (checked && !check->note(*checked, data.since(value))) return Spliced::refused;
      if (treatment.kind == Treatment::clear)
        out.keep(member, data.place());
      else if (treatment.kind == Treatment::redact)
        out.redact(JsonScan::between(member, value), *treatment.redaction, data.since(value));
      else
        out.copy_run();
    } while (data.pass_comma());
  out.copy_run();
  data.pass('}');
  bytes.push_back('}');
  place = data;
  return out.has_members ? Spliced::with_members : Spliced::empty;
}

void MaskSplicer::splice(std::string_view json, std::string& out) {
  if (passes_everything_) {
    out.append(json);
    return;
  }
  JsonScan data(json);
  if (data.next() != '{') JsonScan::damaged();
  splice_object(data, start_.data(), whole_, 0, nullptr, out);
  if (!data.at_end()) JsonScan::damaged();
}

bool MaskSplicer::splice_if(std::string_view json, std::span<const JsonMember> members, std::string& out) {
  if (members.empty()) {
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
