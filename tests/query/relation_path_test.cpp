// SPEC 4, relationPath: what the interpreter looks at to decide about one row is bounded, however dense the graph.
#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "struere/query/interpreter.hpp"
#include "support/throws_error.hpp"

using namespace struere;

namespace {

// Relations of one type, and how many of them were looked at.
class Graph final : public RelationReader {
 public:
  void link(const std::string& from, const std::string& to) {
    out_[from].insert(to);
    in_[to].insert(from);
  }
  std::optional<std::string> own_entity(const OwnEntity&, const std::string& user) override { return user; }
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override {
    const auto& ends = (hop.backwards ? in_ : out_)[id];
    looked_at += ends.size();
    return {ends.begin(), ends.end()};
  }

  std::size_t looked_at = 0;

 private:
  std::map<std::string, std::set<std::string>> out_, in_;
};

bool reaches(Graph& graph, const std::string& from, const std::string& to, std::size_t hops) {
  const Predicate path = Predicate::reached({}, std::vector<Hop>(hops, Hop{"r", false}));
  RowFields row;
  row.id = to;
  graph.looked_at = 0;
  return holds(path, row, {from, {}}, graph);
}

Graph complete(int nodes) {
  Graph graph;
  for (int i = 0; i < nodes; ++i)
    for (int j = 0; j < nodes; ++j) graph.link(std::to_string(i), std::to_string(j));
  return graph;
}

}  // namespace

TEST_CASE("a path is followed hop by hop, from both of its ends", "[relation-paths]") {
  Graph graph;
  const std::vector<std::pair<std::string, std::string>> links{{"a", "b"}, {"b", "c"}, {"c", "d"},
                                                               {"d", "e"}, {"a", "x"}, {"x", "c"}};
  for (const auto& [from, to] : links) graph.link(from, to);
  CHECK(reaches(graph, "a", "b", 1));
  CHECK(reaches(graph, "a", "c", 2));
  CHECK(reaches(graph, "a", "e", 4));
  CHECK_FALSE(reaches(graph, "a", "a", 1));
  CHECK_FALSE(reaches(graph, "a", "e", 3));
  CHECK_FALSE(reaches(graph, "b", "a", 1));
  CHECK_FALSE(reaches(graph, "a", "nowhere", 2));
  const Predicate back = Predicate::reached({}, {{"r", false}, {"r", true}});
  RowFields row;
  row.id = "a";
  CHECK(holds(back, row, {"a", {}}, graph));
}

TEST_CASE("a dense graph is not walked through once more for each hop", "[relation-paths][bounds]") {
  Graph graph = complete(300);
  CHECK(reaches(graph, "0", "299", 4));
  CHECK(graph.looked_at <= 300 * 300 * 2 + 600);
  CHECK_FALSE(reaches(graph, "0", "elsewhere", 4));
  CHECK(graph.looked_at <= 300);  // nothing leads there
}

TEST_CASE("a path that looks at too many relations fails, and says so", "[relation-paths][bounds]") {
  Graph graph = complete(500);
  CHECK(reaches(graph, "0", "1", 2));
  CHECK_ERROR(storage, reaches(graph, "0", "1", 4));
  CHECK(graph.looked_at <= most_relations_visited + 500);
}
