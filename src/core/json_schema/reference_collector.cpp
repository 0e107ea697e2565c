#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "core/json_schema/schema_graph.hpp"
#include "core/single_line.hpp"
#include "struere/core/error.hpp"

namespace struere::json_schema {
namespace {

constexpr std::size_t longest_place = json_max_depth - 1;  // the root has depth 1
constexpr std::size_t most_visits = 20'000;

[[noreturn]] void refuse_reference(const std::string& place, const std::string& message) {
  throw Error(ErrorCode::invalid_definition, fmt::format("`schema{}`: {}", shown_place(place), message));
}

// For each node, a node with `references` that it leads to (or itself); no_node if there is none.
std::vector<NodeId> reached_references(const SchemaGraph& graph) {
  std::vector<std::vector<NodeId>> from(graph.nodes.size());
  std::vector<NodeId> out(graph.nodes.size(), no_node), next;
  for (NodeId id = 0; id < graph.nodes.size(); ++id) {
    each_edge(graph.nodes[id], [&](Edge, NodeId target, std::string_view) { from[target].push_back(id); });
    if (graph.nodes[id].references.empty()) continue;
    out[id] = id;
    next.push_back(id);
  }
  while (!next.empty()) {
    const NodeId id = next.back();
    next.pop_back();
    for (const NodeId before : from[id])
      if (out[before] == no_node) {
        out[before] = out[id];
        next.push_back(before);
      }
  }
  return out;
}

// Walks all paths from the root to a `references`, and refuses those that do not apply to every valid row.
class ReferenceCollector {
 public:
  ReferenceCollector(const SchemaGraph& graph, const std::vector<std::string>& places)
      : graph_(graph), places_(places), reached_(reached_references(graph)) {}

  std::vector<ReferenceField> run() {
    trail_.push_back({0, {}, 0});
    visit(0, 0);
    for (std::size_t at = 0; at < pending_.size(); ++at) read(pending_[at].first, pending_[at].second);
    std::ranges::sort(out_, [](const ReferenceField& a, const ReferenceField& b) {
      return std::tie(a.place, a.type) < std::tie(b.place, b.type);
    });
    return std::move(out_);
  }

 private:
  // A place in the data: its last key and the index of the place that contains it.
  struct Step {
    std::size_t within;
    std::string key;
    std::size_t depth;
  };

  void visit(NodeId node, std::size_t place) {
    if (reached_[node] == no_node || !seen_.emplace(node, place).second) return;
    if (seen_.size() > most_visits) too_many(node);
    pending_.emplace_back(node, place);
  }

  [[noreturn]] void too_many(NodeId node) const {
    refuse_reference(
        places_[reached_[node]],
        fmt::format("this `references` applies at too many places, more than {} fields or {} paths to them; "
                    "remove it from the recursive schema",
                    max_reference_fields, most_visits));
  }

  void read(NodeId id, std::size_t place) {
    const SchemaNode& node = graph_.nodes[id];
    if (!node.references.empty()) add(id, place);
    each_edge(node, [&](Edge edge, NodeId target, std::string_view name) {
      if (reached_[target] == no_node) return;
      switch (edge) {
        case Edge::same_value: return visit(target, place);
        case Edge::property: return step(target, place, std::string(name));
        case Edge::every_element: return step(target, place, "*");
        default:
          refuse_reference(places_[reached_[target]],
                           fmt::format("it is undecidable where this `references` applies, because it is reached "
                                       "through `schema{}`; reach it by `properties`, `items` of one schema, `allOf` "
                                       "and `$ref` alone",
                                       shown_place(places_[target])));
      }
    });
  }

  void step(NodeId target, std::size_t place, const std::string& key) {
    if (trail_[place].depth == longest_place) return;  // deeper data is never accepted
    const auto [found, is_new] = inner_.try_emplace({place, key}, trail_.size());
    if (is_new) trail_.push_back({place, key, trail_[place].depth + 1});
    visit(target, found->second);
  }

  void add(NodeId id, std::size_t place) {
    if (place == 0) refuse_reference(places_[id], "`references` applies to a field, not to the whole row");
    ReferenceField field{{}, graph_.nodes[id].references};
    bytes_ += field.type.size();
    for (std::size_t at = place; at != 0; at = trail_[at].within) bytes_ += sizeof(std::string) + trail_[at].key.size();
    if (bytes_ > max_reference_bytes)
      refuse_reference(places_[id], fmt::format("the paths to all fields with `references` are longer than {} MiB "
                                                "together; use shorter names, or remove it from the recursive schema",
                                                max_reference_bytes >> 20));
    for (std::size_t at = place; at != 0; at = trail_[at].within) field.place.push_back(trail_[at].key);
    std::ranges::reverse(field.place);
    const auto is_same = [&](const ReferenceField& other) {
      return other.type == field.type && other.place == field.place;
    };
    if (std::ranges::any_of(out_, is_same)) return;
    if (out_.size() == max_reference_fields) too_many(id);
    out_.push_back(std::move(field));
  }

  const SchemaGraph& graph_;
  const std::vector<std::string>& places_;
  std::vector<NodeId> reached_;
  std::vector<Step> trail_;
  std::map<std::pair<std::size_t, std::string>, std::size_t> inner_;
  std::set<std::pair<NodeId, std::size_t>> seen_;
  std::vector<std::pair<NodeId, std::size_t>> pending_;
  std::vector<ReferenceField> out_;
  std::size_t bytes_ = 0;
};

}  // namespace

std::vector<ReferenceField> collect_references(const SchemaGraph& graph, const std::vector<std::string>& places) {
  return ReferenceCollector(graph, places).run();
}

}  // namespace struere::json_schema
