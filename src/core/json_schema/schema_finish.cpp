#include <fmt/format.h>

#include <algorithm>

#include "core/json_schema/schema_graph.hpp"
#include "core/memory_use.hpp"
#include "core/single_line.hpp"
#include "struere/core/error.hpp"

namespace struere::json_schema {
namespace {

// Refuses schemas that apply to one value without end, or that are nested too deep on one value.
class ChainCheck {
 public:
  ChainCheck(const SchemaGraph& graph, const std::vector<std::string>& places)
      : graph_(graph), places_(places), length_(graph.nodes.size()) {}

  void run() {
    for (NodeId start = 0; start < graph_.nodes.size(); ++start) {
      if (length_[start] == 0) enter(start);
      while (!path_.empty()) step();
    }
  }

 private:
  static constexpr std::size_t under_way = SIZE_MAX;
  struct Visit {
    NodeId node;
    std::vector<NodeId> targets;
    std::size_t next = 0;
  };

  void enter(NodeId node) {
    length_[node] = under_way;
    Visit visit{node, {}};
    each_edge(graph_.nodes[node], [&](Edge edge, NodeId target, std::string_view) {
      if (is_same_value(edge)) visit.targets.push_back(target);
    });
    path_.push_back(std::move(visit));
  }

  void step() {
    Visit& visit = path_.back();
    if (visit.next < visit.targets.size()) {
      const NodeId target = visit.targets[visit.next++];
      if (length_[target] == under_way)
        throw Error(ErrorCode::invalid_definition,
                    fmt::format("`schema{}`: a `$ref` leads back to this schema without going into the data",
                                shown_place(places_[target])));
      if (length_[target] == 0) enter(target);
      return;
    }
    std::size_t longest = 0;
    for (const NodeId target : visit.targets) longest = std::max(longest, length_[target]);
    if (longest + 1 > max_chain)
      throw Error(ErrorCode::invalid_definition,
                  fmt::format("`schema{}`: more than {} schemas are applied to one value, one within another (`$ref`, "
                              "`allOf`, …)",
                              shown_place(places_[visit.node]), max_chain));
    length_[visit.node] = longest + 1;
    path_.pop_back();
  }

  const SchemaGraph& graph_;
  const std::vector<std::string>& places_;
  std::vector<std::size_t> length_;  // of the longest chain from each node; 0 if not yet known
  std::vector<Visit> path_;
};

void mark_observed(SchemaGraph& graph) {
  std::vector<NodeId> next;
  for (NodeId id = 0; id < graph.nodes.size(); ++id)
    if (graph.nodes[id].unevaluated_properties != no_node || graph.nodes[id].unevaluated_items != no_node)
      next.push_back(id);
  while (!next.empty()) {
    SchemaNode& node = graph.nodes[next.back()];
    next.pop_back();
    if (std::exchange(node.is_observed, true)) continue;
    each_edge(node, [&](Edge edge, NodeId target, std::string_view) {
      if (is_same_value(edge)) next.push_back(target);
    });
  }
}

}  // namespace

void finish_graph(SchemaGraph& graph, const std::vector<std::string>& places) {
  ChainCheck(graph, places).run();
  std::vector<int> ways(graph.nodes.size());
  ++ways[0];
  for (SchemaNode& node : graph.nodes)
    each_edge(node, [&](Edge, NodeId target, std::string_view) {
      node.is_leaf = false;
      ++ways[target];
    });
  for (NodeId id = 0; id < graph.nodes.size(); ++id) graph.nodes[id].is_shared = ways[id] > 1;
  mark_observed(graph);
  graph.references = collect_references(graph, places);
  graph.memory += bytes_of_elements(graph.references);
  for (const ReferenceField& field : graph.references)
    graph.memory += bytes_outside(field.place) + bytes_outside(field.type);
}

}  // namespace struere::json_schema
