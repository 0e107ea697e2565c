#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

#include "core/json_schema/assertions.hpp"
#include "core/json_schema/schema_graph.hpp"
#include "core/json_schema/validation_frame.hpp"

namespace struere::json_schema {
namespace {

// The maximum that acceptable data can need.
constexpr std::size_t most_frames = (json_max_depth + 8) * max_chain;
constexpr std::uint64_t steps_to_keep = 4;
constexpr std::size_t most_kept = 250'000;    // answers, each of 100 bytes or so; further ones are found again
constexpr std::uint64_t parts_per_step = 16;  // of a value, when marking the evaluated parts

class Validation {
 public:
  // Counts from there, so that `left` steps remain to the limit.
  Validation(const SchemaGraph& graph, std::uint64_t left) : graph_(graph), steps_(max_steps - left) {}

  // Returns nullopt if it takes too many steps.
  std::optional<Fault> run(const Json& data) {
    if (!apply({0, &data})) {
      while (!frames_.empty()) {
        if (is_exhausted()) return std::nullopt;
        advance();
      }
    }
    if (is_exhausted()) return std::nullopt;
    return answer_.fault;
  }

  std::uint64_t left() const noexcept { return max_steps - std::min(steps_, max_steps); }

 private:
  bool is_exhausted() const { return steps_ > max_steps || frames_.size() > most_frames; }

  // Returns true if answer_ is already known; otherwise it has pushed a frame.
  bool apply(const Application& next) {
    ++steps_;
    const SchemaNode& node = graph_.nodes[next.node];
    if (node.is_shared)
      if (const auto known = kept_.find({next.node, next.value}); known != kept_.end()) {
        answer_ = known->second;
        return true;
      }
    answer_ = {check_assertions(node, *next.value, steps_), nullptr};
    if (answer_.fault || node.is_leaf) {
      keep(next);
      return true;
    }
    frames_.push_back({next.node, &node, next.value});
    if (node.is_observed && next.value->is_structured()) {
      frames_.back().looked.resize(next.value->size());
      steps_ += next.value->size() / parts_per_step;
    }
    return false;
  }

  void keep(const Application& done) {
    if (!graph_.nodes[done.node].is_shared || kept_.size() == most_kept) return;
    steps_ += steps_to_keep;
    kept_.emplace(std::pair(done.node, done.value), answer_);
  }

  // Continues the topmost frame until it is finished or has pushed another one.
  void advance() {
    Frame& frame = frames_.back();
    if (frame.phase != Phase::all_of || frame.index > 0) take(frame);  // the answer that this frame waited for
    while (!frame.fault && !is_exhausted()) {
      const auto next = next_of(frame);
      if (!next) break;
      if (!apply(*next)) return;
      take(frame);
    }
    answer_ = {frame.fault, nullptr};
    if (!frame.fault && frame.node->is_observed)
      answer_.looked = std::make_shared<const Looked>(std::move(frame.looked));
    keep({frame.id, frame.value});
    frames_.pop_back();
  }

  static void fail(Frame& frame, Keyword keyword, const Json* value = nullptr, const std::string* key = nullptr) {
    frame.fault = {frame.node, keyword, value ? value : frame.value, key};
  }

  static void next_phase(Frame& frame) {
    frame.phase = static_cast<Phase>(static_cast<int>(frame.phase) + 1);
    frame.index = frame.pattern = 0;
    frame.count = 0;
    frame.is_looked_up = frame.is_named = false;
    if (frame.value->is_object()) frame.member = frame.value->get_ref<const Json::object_t&>().begin();
  }

  static std::size_t last_index(const Frame& frame) { return frame.index - 1; }

  // Handles an answer in the frame that requested it.
  void take(Frame& frame) {
    const bool matches = !answer_.fault;
    switch (frame.phase) {
      case Phase::any_of:
      case Phase::one_of:
        if (matches) look_along(frame);
        frame.count += matches;
        return;
      case Phase::not_:
        if (matches) fail(frame, Keyword::not_);
        return;
      case Phase::condition:
        if (frame.index == 1) {  // `if`
          frame.count = matches ? 1 : 2;
          if (matches) look_along(frame);
          return;
        }
        break;
      case Phase::names:
        if (!matches) fail(frame, Keyword::property_names, nullptr, &std::prev(frame.member)->first);
        return;
      case Phase::contains:
        frame.count += matches;
        if (matches && frame.node->is_observed) frame.looked[last_index(frame)] = true;
        return;
      default: break;
    }
    if (!matches)
      frame.fault = answer_.fault;
    else if (frame.phase <= Phase::dependents)
      look_along(frame);
  }

  void look_along(Frame& frame) {
    if (!frame.node->is_observed || !answer_.looked) return;
    steps_ += frame.looked.size() / parts_per_step;
    for (std::size_t i = 0; i < frame.looked.size(); ++i)
      if ((*answer_.looked)[i]) frame.looked[i] = true;
  }

  // The next schema to apply; nullopt if none is left or the frame has failed.
  std::optional<Application> next_of(Frame& frame) {
    std::optional<Application> next;
    while (!next && !frame.fault && frame.phase != Phase::done) {
      next = next_of_phase(frame);
      if (!next && !frame.fault) next_phase(frame);
    }
    return next;
  }

  std::optional<Application> next_of_phase(Frame& frame) {
    const SchemaNode& node = *frame.node;
    const auto from = [&](const std::vector<NodeId>& list) -> std::optional<Application> {
      if (frame.index == list.size()) return std::nullopt;
      return Application{list[frame.index++], frame.value};
    };
    const auto once = [&](NodeId target) -> std::optional<Application> {
      if (target == no_node || frame.index > 0) return std::nullopt;
      ++frame.index;
      return Application{target, frame.value};
    };
    switch (frame.phase) {
      case Phase::all_of: return from(node.all_of);
      case Phase::any_of: {
        if (frame.count > 0 && !node.is_observed) return std::nullopt;
        const auto next = from(node.any_of);
        if (!next && !node.any_of.empty() && frame.count == 0) fail(frame, Keyword::any_of);
        return next;
      }
      case Phase::one_of: {
        const auto next = frame.count > 1 ? std::nullopt : from(node.one_of);
        if (!next && !node.one_of.empty() && frame.count != 1) fail(frame, Keyword::one_of);
        return next;
      }
      case Phase::not_: return once(node.not_);
      case Phase::condition: {
        if (frame.index == 0) return once(node.if_);
        const NodeId branch = frame.count == 1 ? node.then_ : node.else_;
        if (frame.index == 2 || branch == no_node) return std::nullopt;
        ++frame.index;
        return Application{branch, frame.value};
      }
      case Phase::dependents:
        if (!frame.value->is_object()) return std::nullopt;
        while (frame.index < node.dependent_schemas.size()) {
          const auto& [name, target] = node.dependent_schemas[frame.index++];
          ++steps_;
          if (frame.value->contains(name)) return Application{target, frame.value};
        }
        return std::nullopt;
      case Phase::names:
        if (node.property_names == no_node || !frame.value->is_object() || at_end(frame)) return std::nullopt;
        return Application{node.property_names, as_value((frame.member++)->first)};
      case Phase::members: return frame.value->is_object() ? next_member(frame) : std::nullopt;
      case Phase::elements: return frame.value->is_array() ? next_element(frame) : std::nullopt;
      case Phase::contains: return frame.value->is_array() ? next_contained(frame) : std::nullopt;
      case Phase::unevaluated_members: return frame.value->is_object() ? next_unevaluated_member(frame) : std::nullopt;
      case Phase::unevaluated_elements: return frame.value->is_array() ? next_unevaluated_element(frame) : std::nullopt;
      case Phase::done: break;
    }
    return std::nullopt;
  }

  static bool at_end(const Frame& frame) { return frame.member == frame.value->get_ref<const Json::object_t&>().end(); }

  std::optional<Application> next_member(Frame& frame) {
    const SchemaNode& node = *frame.node;
    if (node.properties.empty() && node.pattern_properties.empty() && node.additional_properties == no_node)
      return std::nullopt;
    for (; !at_end(frame); ++frame.member, ++frame.index) {
      const auto& [name, value] = *frame.member;
      if (!std::exchange(frame.is_looked_up, true)) {
        ++steps_;
        if (const auto found = node.properties.find(name); found != node.properties.end()) {
          frame.is_named = true;
          return Application{found->second, &value};
        }
      }
      while (frame.pattern < node.pattern_properties.size()) {
        const auto& [pattern, target] = node.pattern_properties[frame.pattern++];
        ++steps_;
        if (!matches_pattern(*pattern, name, steps_)) continue;
        frame.is_named = true;
        return Application{target, &value};
      }
      if (!frame.is_named && node.additional_properties != no_node) {
        frame.is_named = true;
        if (graph_.nodes[node.additional_properties].is_false) {
          fail(frame, Keyword::additional_properties, &value);
          return std::nullopt;
        }
        return Application{node.additional_properties, &value};
      }
      if (node.is_observed && frame.is_named) frame.looked[frame.index] = true;
      frame.is_looked_up = frame.is_named = false;
      frame.pattern = 0;
    }
    return std::nullopt;
  }

  std::optional<Application> next_element(Frame& frame) {
    const SchemaNode& node = *frame.node;
    if (frame.index == frame.value->size()) return std::nullopt;
    const Json& element = (*frame.value)[frame.index];
    const bool is_prefix = frame.index < node.prefix_items.size();
    if (!is_prefix && node.items == no_node) return std::nullopt;
    if (node.is_observed) frame.looked[frame.index] = true;
    ++frame.index;
    if (is_prefix) return Application{node.prefix_items[last_index(frame)], &element};
    if (graph_.nodes[node.items].is_false) {
      fail(frame, Keyword::items, &element);
      return std::nullopt;
    }
    return Application{node.items, &element};
  }

  std::optional<Application> next_contained(Frame& frame) {
    const SchemaNode& node = *frame.node;
    if (node.contains == no_node) return std::nullopt;
    const bool is_decided = !node.is_observed && frame.count >= node.min_contains && node.max_contains == UINT64_MAX;
    if (frame.index < frame.value->size() && frame.count <= node.max_contains && !is_decided)
      return Application{node.contains, &(*frame.value)[frame.index++]};
    if (frame.count < node.min_contains) fail(frame, Keyword::contains);
    if (frame.count > node.max_contains) fail(frame, Keyword::max_contains);
    return std::nullopt;
  }

  std::optional<Application> next_unevaluated_member(Frame& frame) {
    const NodeId target = frame.node->unevaluated_properties;
    if (target == no_node) return std::nullopt;
    while (!at_end(frame)) {
      ++steps_;
      const Json& value = (frame.member++)->second;
      if (frame.looked[frame.index++]) continue;
      frame.looked[last_index(frame)] = true;
      if (!graph_.nodes[target].is_false) return Application{target, &value};
      fail(frame, Keyword::unevaluated_properties, &value);
      return std::nullopt;
    }
    return std::nullopt;
  }

  std::optional<Application> next_unevaluated_element(Frame& frame) {
    const NodeId target = frame.node->unevaluated_items;
    if (target == no_node) return std::nullopt;
    while (frame.index < frame.value->size()) {
      ++steps_;
      const Json& value = (*frame.value)[frame.index++];
      if (frame.looked[last_index(frame)]) continue;
      frame.looked[last_index(frame)] = true;
      if (!graph_.nodes[target].is_false) return Application{target, &value};
      fail(frame, Keyword::unevaluated_items, &value);
      return std::nullopt;
    }
    return std::nullopt;
  }

  // The name as a value that schemas can be applied to. Each name has one value, so answers about it can be kept.
  const Json* as_value(const std::string& name) {
    auto& value = names_[&name];
    if (!value) value = std::make_unique<const Json>(name);
    return value.get();
  }

  struct PairHash {
    std::size_t operator()(const std::pair<NodeId, const Json*>& pair) const {
      return std::hash<const void*>()(pair.second) * 31 + pair.first * 0x9e3779b97f4a7c15;
    }
  };

  const SchemaGraph& graph_;
  std::vector<Frame> frames_;
  Answer answer_;  // of the last schema that was applied
  std::unordered_map<std::pair<NodeId, const Json*>, Answer, PairHash> kept_;
  std::unordered_map<const std::string*, std::unique_ptr<const Json>> names_;
  std::uint64_t steps_;
};

}  // namespace

std::optional<SchemaFault> validate(const SchemaGraph& graph, const Json& data, std::uint64_t& left) {
  Validation validation(graph, std::min(left, max_steps));
  const auto fault = validation.run(data);
  left = validation.left();
  if (!fault)
    return SchemaFault{{},
                       "",
                       fmt::format("checking it against the schema takes more than {} steps; make the data "
                                   "smaller, or the schema or its patterns simpler",
                                   max_steps)};
  if (!*fault) return std::nullopt;
  return SchemaFault{place_of(*fault, data), std::string(name_of(fault->keyword)), words_of(*fault)};
}

}  // namespace struere::json_schema
