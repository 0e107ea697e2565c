// Field paths: accepted is what SPEC 4 says, to the letter, and nothing else gets into a query.
#include <algorithm>
#include <vector>

#include "fuzz/fuzz_target.hpp"
#include "struere/struere.hpp"
#include "support/world.hpp"

namespace struere::fuzz {
namespace {

// SPEC 4, written down a second time.
bool is_path(std::string_view text) {
  if (text == "id" || text == "status" || text == "createdAt" || text == "updatedAt") return true;
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts[0] == "data" && parts.size() >= 2 && parts.size() <= 9 &&
         std::all_of(parts.begin() + 1, parts.end(), [](const std::string& part) {
           return !part.empty() && part.size() <= 64 &&
                  part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                      std::string::npos;
         });
}

}  // namespace

void field_path(std::string_view bytes) {
  static test::World memory, sqlite(test::StorageKind::sqlite);
  static const bool defined = [] {
    for (test::World* const world : {&memory, &sqlite}) {
      world->define_type({{"slug", "note"}});
      world->create("note", {{"a", {{"b", 1}}}});
    }
    return true;
  }();
  (void)defined;
  const auto path = FieldPath::parse(bytes);
  require(path.has_value() == is_path(bytes), path ? "it is no path" : "it is a path");
  if (path) {
    require(path->str() == bytes, "it is written as " + path->str());
    require(path->is_prefix_of(*path), "it is no prefix of itself");
  }
  std::string answers[2];
  for (const int i : {0, 1}) {
    const test::World& world = i == 0 ? memory : sqlite;
    answers[i] = answer_of([&] {
      const auto notes = world.system().entities("note");
      const std::string name(bytes);
      return std::to_string(
                 notes.count({.where = Condition(Json{{"field", name}, {"operator", "exists"}, {"value", true}})})) +
             notes.list({.order = {{name}}}).front().json();
    });
  }
  require(answers[0] == answers[1], answers[0] + " but " + answers[1]);
  require(path ? answers[0].find(": ") == std::string::npos : answers[0].starts_with("invalid_query: "), answers[0]);
}

}  // namespace struere::fuzz
