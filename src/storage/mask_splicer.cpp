#include "storage/mask_splicer.hpp"

#include <algorithm>
#include <array>

#include "struere/core/error.hpp"

namespace struere {
namespace {

// Stored bytes are canonical, unless somebody wrote to the file behind our back: then nothing is shown.
[[noreturn]] void damaged() {
  throw Error(ErrorCode::storage, "a stored row is damaged: it is not JSON; restore a backup");
}

char at_or_throw(std::string_view json, std::size_t at) {
  if (at >= json.size()) damaged();
  return json[at];
}

// Just past the string that starts at `at`: at the first quote that an even number of backslashes stand before.
std::size_t skip_string(std::string_view json, std::size_t at) {
  const std::size_t start = at + 1;
  for (std::size_t end = start;; ++end) {
    end = json.find('"', end);
    if (end == std::string_view::npos) damaged();
    std::size_t before = end;
    while (before > start && json[before - 1] == '\\') --before;
    if ((end - before) % 2 == 0) return end + 1;
  }
}

// Just past the number or word that starts at `at`.
std::size_t skip_plain(std::string_view json, std::size_t at) {
  const auto is_part = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.';
  };
  const std::size_t start = at;
  while (at < json.size() && is_part(json[at])) ++at;
  if (at == start) damaged();
  return at;
}

// Just past the value that starts at `at`. Strict in all that decides where it ends: were one byte too many let in,
// what follows could be taken for a part of it, or for another field, and be shown.
std::size_t skip_value(std::string_view json, std::size_t at) {
  std::array<char, json_max_depth> closing;
  std::size_t depth = 0;
  for (;;) {
    switch (const char c = at_or_throw(json, at)) {
      case '"': at = skip_string(json, at); break;
      case '{':
      case '[':
        if (depth == closing.size()) damaged();
        closing[depth++] = c == '{' ? '}' : ']';
        ++at;
        continue;
      case '}':
      case ']':
        if (depth == 0 || closing[--depth] != c) damaged();
        ++at;
        break;
      case ',':
      case ':':
        if (depth == 0) damaged();
        ++at;
        continue;
      default: at = skip_plain(json, at); break;
    }
    if (depth == 0) return at;
  }
}

// Whether a key is escaped as canonical_json does it: any other escape could spell the name of a field that is masked.
bool is_canonical_key(std::string_view key) {
  for (std::size_t at = key.find('\\'); at != std::string_view::npos; at = key.find('\\', at + 2)) {
    const std::string_view rest = key.substr(at + 1);
    const bool short_escape = std::string_view("\"\\bfnrt").find(rest.front()) != std::string_view::npos;
    if (!short_escape && !rest.starts_with("u000") && !rest.starts_with("u001")) return false;
  }
  return true;
}

}  // namespace

struct MaskSplicer::Treatment {
  enum Kind { clear, redact, hide } kind = hide;
  const Redaction* redaction = nullptr;
};

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
    node = &node->children[segment];
  }
  node->listed = node->listed || listed;
  node->hidden = node->hidden || hidden;
  if (redaction) node->redaction = redaction;
}

MaskSplicer::Stand MaskSplicer::step(const Stand& stand, std::string_view key) {
  Stand next = stand;
  next.node = nullptr;
  if (!stand.node) return next;
  const auto found = stand.node->children.find(key);
  if (found == stand.node->children.end()) return next;
  const Node& node = found->second;
  next.node = &node;
  next.listed = stand.listed || node.listed;
  next.hidden = stand.hidden || node.hidden;
  if (node.redaction) next.redaction = node.redaction;  // the longer path
  return next;
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

// Writes the value as it is shown and answers whether anything was written.
bool MaskSplicer::splice_value(std::string_view data, std::size_t& at, const Stand* stands, std::size_t depth,
                               std::string& out) const {
  const std::size_t count = roots_.size();
  const bool inner_object = at_or_throw(data, at) == '{' && at_or_throw(data, at + 1) != '}';
  if (inner_object) {
    // Where no path goes on, all below is treated alike: a clear subtree is copied, a hidden one passed over.
    const auto decided = [](const Stand& stand) { return stand.node == nullptr; };
    const bool all_decided = std::all_of(stands, stands + count, decided);
    const bool some_clear = std::any_of(stands, stands + count, [&](const Stand& stand) {
      return decided(stand) && treat(stand, false).kind == Treatment::clear;
    });
    const bool all_hidden = all_decided && std::all_of(stands, stands + count, [](const Stand& stand) {
                              return treat(stand, false).kind == Treatment::hide;
                            });
    if (!some_clear && !all_hidden) {
      const std::size_t before = out.size();
      const bool anything = splice_object(data, at, stands, depth + 1, out);
      // An object with nothing left stays where a mask lets it: not hidden, and at or under a listed path.
      const bool stays =
          std::any_of(stands, stands + count, [](const Stand& stand) { return !stand.hidden && stand.listed; });
      if (!anything && !stays) out.resize(before);
      return anything || stays;
    }
    const std::size_t end = skip_value(data, at);
    if (some_clear) out.append(data, at, end - at);
    at = end;
    return some_clear;
  }

  const std::size_t end = skip_value(data, at);
  const std::string_view leaf = data.substr(at, end - at);
  at = end;
  Treatment kindest;
  for (std::size_t i = 0; i < count; ++i) {
    const Treatment treatment = treat(stands[i], leaf.front() == '[');
    if (treatment.kind < kindest.kind) kindest = treatment;
  }
  if (kindest.kind == Treatment::hide) return false;
  if (kindest.kind == Treatment::clear)
    out.append(leaf);
  else
    out.append(canonical_json(kindest.redaction->apply(parse_canonical_json(leaf))));
  return true;
}

// Writes the object as it is shown, braces and all, and answers whether any member is left in it.
bool MaskSplicer::splice_object(std::string_view data, std::size_t& at, const Stand* stands, std::size_t depth,
                                std::string& out) const {
  if (depth == json_max_depth) damaged();
  constexpr std::size_t few = 8;
  std::array<Stand, few> near;
  std::vector<Stand> far;
  Stand* inner = near.data();
  if (roots_.size() > few) {
    far.resize(roots_.size());
    inner = far.data();
  }
  out.push_back('{');
  bool anything = false;
  ++at;  // past the brace
  for (bool first = true; at_or_throw(data, at) != '}'; first = false) {
    if (!first && data[at++] != ',') damaged();
    if (at_or_throw(data, at) != '"') damaged();
    const std::size_t key_end = skip_string(data, at);
    // A key with an escape in it is no segment of any path, and so no path's.
    const std::string_view key = data.substr(at + 1, key_end - at - 2);
    if (!is_canonical_key(key)) damaged();
    for (std::size_t i = 0; i < roots_.size(); ++i) inner[i] = step(stands[i], key);
    const std::size_t before = out.size();
    if (anything) out.push_back(',');
    out.append(data, at, key_end - at + 1);  // the colon too
    if (at_or_throw(data, key_end) != ':') damaged();
    at = key_end + 1;
    if (splice_value(data, at, inner, depth, out))
      anything = true;
    else
      out.resize(before);
  }
  ++at;
  out.push_back('}');
  return anything;
}

void MaskSplicer::splice(std::string_view data, std::string& out) const {
  if (passes_everything_) {
    out.append(data);
    return;
  }
  std::size_t at = 0;
  if (at_or_throw(data, 0) != '{') damaged();
  splice_object(data, at, start_.data(), 0, out);
  if (at != data.size()) damaged();
}

}  // namespace struere
