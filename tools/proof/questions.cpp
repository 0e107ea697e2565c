#include "questions.hpp"

#include "struere/core/field_path.hpp"

namespace struere::proof {
namespace {

bool is_leaf(const Json* value) { return value && (!value->is_object() || value->empty()); }

void add_secrets(const std::string& type, const std::string& ref, const Path& path, const Json* one, const Json* other,
                 std::vector<Secret>& out) {
  if (one && other && one->dump() == other->dump()) return;
  if ((one && !is_leaf(one)) || (other && !is_leaf(other))) {
    Json keys = Json::object();
    for (const Json* side : {one, other})
      if (side && side->is_object()) keys.update(*side);
    for (const auto& [key, unused] : keys.items()) {
      Path inner = path;
      inner.push_back(key);
      const auto at = [&key = key](const Json* side) {
        return side && side->is_object() && side->contains(key) ? &side->at(key) : nullptr;
      };
      add_secrets(type, ref, inner, at(one), at(other), out);
    }
  }
  // A value that no path names cannot be used in a query.
  if (!path.empty() && FieldPath::parse(field_of(path)))
    out.push_back({type, ref, path, {one ? *one : Json(), other ? *other : Json()}});
}

// A random piece of a text, cut between code points.
std::string piece_of(Random& random, const std::string& text) {
  const auto starts = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) != 0x80; };
  if (text.empty()) return text;
  std::size_t from = static_cast<std::size_t>(random.below(static_cast<int>(text.size())));
  while (from > 0 && !starts(from)) --from;
  std::size_t to = from + 1;
  while (to < text.size() && (!starts(to) || random.chance(60))) ++to;
  return text.substr(from, to - from);
}

class Asker {
 public:
  Asker(Random& random, const Secret& secret) : random_(random), secret_(secret) {}

  std::vector<Json> ask() {
    const int kind = random_.below(100);
    if (kind < 30) return {filtered("list")};
    if (kind < 45) return {filtered("count")};
    if (kind < 57) return {aggregated()};
    if (kind < 74) return pages();
    if (kind < 84) return {searched()};
    if (kind < 87) return {{{"op", "get"}, {"type", secret_.type}, {"id", secret_.ref}}};
    if (kind < 90) return {narrowed()};
    if (kind < 94) return {{{"op", "events"}, {"entity", secret_.ref}}};
    return {guess_by_writing()};
  }

 private:
  Json value() { return secret_.values[static_cast<std::size_t>(random_.below(2))]; }

  // The secret's own path in most cases; sometimes a path above or below it.
  std::string field() {
    Path path = secret_.path;
    if (path.size() > 1 && random_.chance(10)) path.pop_back();
    if (path.size() < 8 && random_.chance(5)) path.push_back("a");
    return field_of(path);
  }

  Json condition() {
    Json guess = value();
    if (guess.is_array() && !guess.empty() && random_.chance(60))
      return {{"field", field()}, {"operator", "contains"}, {"value", random_.pick(guess)}};
    if (guess.is_null() || random_.chance(15))
      return {{"field", field()}, {"operator", "exists"}, {"value", random_.chance(60)}};
    if (random_.chance(15))
      return {{"field", field()}, {"operator", random_.chance(50) ? "in" : "nin"}, {"value", Json::array({guess})}};
    if ((guess.is_string() || guess.is_number()) && random_.chance(40))
      return {{"field", field()},
              {"operator", random_.pick(std::vector<std::string>{"gt", "gte", "lt", "lte"})},
              {"value", guess}};
    if (guess.is_string() && random_.chance(40))
      return {{"field", field()},
              {"operator", "contains"},
              {"value", piece_of(random_, guess.get_ref<const std::string&>())}};
    return {{"field", field()}, {"operator", random_.chance(70) ? "eq" : "neq"}, {"value", guess}};
  }

  Json filtered(const char* op) {
    Json asked = condition();
    if (random_.chance(15)) asked = {{random_.chance(50) ? "any" : "all", {asked, condition()}}};
    return {{"op", op}, {"type", secret_.type}, {"where", {asked}}};
  }

  // An aggregate that groups by the secret or computes a measure of it.
  Json aggregated() {
    Json step{{"op", "aggregate"}, {"type", secret_.type}, {"groupBy", Json::array()}, {"measures", Json::array()}};
    if (random_.chance(50)) step["groupBy"].push_back(field());
    if (random_.chance(30)) step["where"] = {condition()};
    step["measures"].push_back({{"op", "count"}});
    for (const char* const op : {"sum", "avg", "min", "max"})
      if (random_.chance(50)) step["measures"].push_back({{"op", op}, {"field", field()}});
    return step;
  }

  // The row with only the secret in `fields`, and with the entities that it may reference.
  Json narrowed() {
    Json step{{"op", random_.chance(50) ? "get" : "list"}, {"type", secret_.type}, {"fields", {field()}}};
    if (step["op"] == "get") step["id"] = secret_.ref;
    if (secret_.type == "task") step["expand"] = {"data.assignee", "data.watchers"};
    return step;
  }

  std::vector<Json> pages() {
    Json step{{"op", "list"},
              {"type", secret_.type},
              {"order", {{{"field", field()}, {"direction", random_.chance(50) ? "asc" : "desc"}}}}};
    if (random_.chance(20)) step["where"] = {condition()};
    if (random_.chance(20)) return {step};
    step["limit"] = random_.between(1, 3);
    std::vector<Json> out{step};
    step["after"] = true;
    for (int i = random_.between(1, 2); i > 0; --i) out.push_back(step);
    return out;
  }

  Json searched() {
    const Json guess = value();
    Json words = Json::array();
    for (const Json& text : guess.is_array() ? guess : Json::array({guess}))
      if (text.is_string()) words.push_back(text);
    if (words.empty()) return filtered("list");
    Json step{{"op", random_.chance(50) ? "list" : "count"}, {"type", secret_.type}};
    const std::string text = random_.pick(words).get<std::string>();
    step["search"] = random_.chance(50) ? text : piece_of(random_, text);
    return step;
  }

  Json guess_by_writing() {
    Json patch = Json::object();
    set(patch, secret_.path, value());
    return {{"op", "update"}, {"type", secret_.type}, {"id", secret_.ref}, {"patch", patch}};
  }

  Random& random_;
  const Secret& secret_;
};

}  // namespace

std::vector<Secret> secrets_of(const std::string& type, const std::string& ref, const Json& one, const Json& other) {
  std::vector<Secret> out;
  add_secrets(type, ref, {}, &one, &other, out);
  return out;
}

std::vector<Json> random_questions(Random& random, const Secret& secret) { return Asker(random, secret).ask(); }

}  // namespace struere::proof
