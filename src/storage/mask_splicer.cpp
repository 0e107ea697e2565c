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

// The bytes of a row, read once from the front.
class MaskSplicer::Bytes {
 public:
  // Most rows hold no backslash: their strings end with the next quote.
  explicit Bytes(std::string_view json) : json_(json), has_escapes_(json.find('\\') != std::string_view::npos) {}

  std::size_t place() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == json_.size(); }
  char next() const { return at_or_throw(json_, at_); }
  char after_next() const { return at_or_throw(json_, at_ + 1); }
  void pass(char expected) {
    if (next() != expected) damaged();
    ++at_;
  }
  std::string_view since(std::size_t place) const { return json_.substr(place, at_ - place); }
  std::string_view between(std::size_t begin, std::size_t end) const { return json_.substr(begin, end - begin); }

  // A key with an escape in it is no segment of any path, and so no path's.
  std::string_view take_key() {
    if (next() != '"') damaged();
    const std::size_t start = at_ + 1;
    at_ = past_string(at_);
    const std::string_view key = between(start, at_ - 1);
    if (has_escapes_ && !is_canonical_key(key)) damaged();
    pass(':');
    return key;
  }

  // Strict in all that decides where a value ends: were one byte too many let in, what follows could be taken for a
  // part of it, or for another field, and be shown.
  void skip_value() {
    const char first = next();
    if (first == '"')
      at_ = past_string(at_);
    else if (first == '{' || first == '[')
      skip_container();
    else
      at_ = skip_plain(json_, at_);
  }

 private:
  // At the first quote that an even number of backslashes stand before.
  std::size_t past_string(std::size_t at) const {
    const std::size_t start = at + 1;
    for (std::size_t end = start;; ++end) {
      end = json_.find('"', end);
      if (end == std::string_view::npos) damaged();
      if (!has_escapes_) return end + 1;
      std::size_t before = end;
      while (before > start && json_[before - 1] == '\\') --before;
      if ((end - before) % 2 == 0) return end + 1;
    }
  }

  void skip_container() {
    std::array<char, json_max_depth> closing;
    std::size_t depth = 0;
    do {
      switch (const char c = next()) {
        case '"': at_ = past_string(at_); break;
        case '{':
        case '[':
          if (depth == closing.size()) damaged();
          closing[depth++] = c == '{' ? '}' : ']';
          ++at_;
          break;
        case '}':
        case ']':
          if (closing[--depth] != c) damaged();
          ++at_;
          break;
        case ',':
        case ':': ++at_; break;
        default: at_ = skip_plain(json_, at_); break;
      }
    } while (depth > 0);
  }

  std::string_view json_;
  bool has_escapes_;
  std::size_t at_ = 0;
};

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
  lengths |= std::uint64_t{1} << (key.size() % 64);
  return children.emplace_back(Child{key, Node()}).node;
}

// Where a mask stands at a member of an object. Answers whether a path of it goes on there.
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

// Whether an object is shown in part. Where no path goes on, all below is treated alike: a clear subtree is copied, a
// hidden one passed over; redactions are of each leaf.
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

// Writes the object as it is shown, braces and all, and answers whether any member is left in it.
bool MaskSplicer::splice_object(Bytes& data, const Stand* stands, std::size_t depth, std::string& out) const {
  if (depth == json_max_depth) damaged();
  constexpr std::size_t few = 8;
  std::array<Stand, few> near;
  std::vector<Stand> far;
  Stand* inner = near.data();
  if (roots_.size() > few) {
    far.resize(roots_.size());
    inner = far.data();
  }
  // Most members are named by no path, and those are all treated alike.
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    inner[i] = stands[i];
    inner[i].node = nullptr;
  }
  const Treatment unnamed = kindest(inner, false);
  std::uint64_t lengths = 0;  // of the keys that are named
  for (std::size_t i = 0; i < roots_.size(); ++i) lengths |= stands[i].node ? stands[i].node->lengths : 0;
  out.push_back('{');
  bool anything = false;
  // Members that are shown as they are, one after another, are copied at once.
  std::size_t run = 0, run_end = 0;
  const auto copy_run = [&] {
    if (run == run_end) return;
    if (anything) out.push_back(',');
    out.append(data.between(run, run_end));
    anything = true;
    run = run_end = 0;
  };
  data.pass('{');
  for (bool first = true; data.next() != '}'; first = false) {
    if (!first) data.pass(',');
    const std::size_t member = data.place();
    const std::string_view key = data.take_key();
    bool is_named = false;
    if ((lengths >> (key.size() % 64) & 1) != 0 || unnamed.kind == Treatment::redact)
      for (std::size_t i = 0; i < roots_.size(); ++i)
        if (step(stands[i], key, inner[i])) is_named = true;
    const std::size_t value = data.place();
    const char start = data.next();
    Treatment treatment = unnamed;
    if (is_named || unnamed.kind == Treatment::redact) {
      if (start == '{' && data.after_next() != '}' && has_to_be_entered(inner)) {
        copy_run();
        const std::size_t before = out.size();
        if (anything) out.push_back(',');
        out.append(data.since(member));
        const std::size_t inside = out.size();
        bool stays = splice_object(data, inner, depth + 1, out);
        if (!stays) {
          // Masked like an object that was stored empty (query/mask.cpp says why).
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
    if (treatment.kind == Treatment::clear) {
      if (run == run_end) run = member;
      run_end = data.place();
      continue;
    }
    copy_run();
    if (treatment.kind == Treatment::hide) continue;
    if (anything) out.push_back(',');
    out.append(data.between(member, value));
    out.append(canonical_json(treatment.redaction->apply(parse_canonical_json(data.since(value)))));
    anything = true;
  }
  copy_run();
  data.pass('}');
  out.push_back('}');
  return anything;
}

void MaskSplicer::splice(std::string_view json, std::string& out) const {
  if (passes_everything_) {
    out.append(json);
    return;
  }
  Bytes data(json);
  if (data.next() != '{') damaged();
  splice_object(data, start_.data(), 0, out);
  if (!data.at_end()) damaged();
}

}  // namespace struere
