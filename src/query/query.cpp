#include "struere/query/query.hpp"

namespace struere {
namespace {

// The condition as a single node.
Json as_node(const Condition& condition) {
  return condition.nodes().is_array() && condition.nodes().size() == 1 ? condition.nodes().front()
                                                                       : Json{{"all", condition.nodes()}};
}

}  // namespace

Condition operator&&(const Condition& a, const Condition& b) {
  Json nodes = Json::array();
  for (const Condition* side : {&a, &b}) {
    if (side->nodes().is_array())
      nodes.insert(nodes.end(), side->nodes().begin(), side->nodes().end());
    else
      nodes.push_back(side->nodes());  // a malformed condition is kept, so that the operation refuses it
  }
  return Condition(std::move(nodes));
}

Condition operator||(const Condition& a, const Condition& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  return Condition(Json{{"any", Json::array({as_node(a), as_node(b)})}});
}

Condition field::make(const char* op, Json value) const {
  // Member by member: a list of initializers would be copied.
  Json node = Json::object();
  node.emplace("field", path_);
  node.emplace("operator", op);
  node.emplace("value", std::move(value));
  Json nodes = Json::array();
  nodes.push_back(std::move(node));
  return Condition(std::move(nodes));
}

}  // namespace struere
