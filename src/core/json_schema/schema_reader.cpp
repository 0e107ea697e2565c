#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "core/json_schema/schema_graph.hpp"
#include "core/json_schema/schema_keywords.hpp"
#include "core/json_schema/schema_location.hpp"
#include "core/json_schema/schema_resources.hpp"
#include "core/json_schema/schema_values.hpp"
#include "core/single_line.hpp"
#include "core/suggestion.hpp"

namespace struere::json_schema {
namespace {

// Measured, with room: what compiling takes, in steps of validation.
constexpr std::uint64_t steps_per_pattern_byte = 100, steps_per_instruction = 4, memory_per_step = 32;

class SchemaReader {
 public:
  explicit SchemaReader(const Json& root) : root_(root), resources_(root) {}

  SchemaGraph read() {
    if (!root_.is_object()) refuse_at("", "a schema of an entity type is an object");
    JsonFault fault;
    if (!canonical_json(root_, fault)) refuse_at("", fault.message);
    if (const auto said = root_.find("$schema"); said != root_.end())
      draft_ = require_draft(require_string(*said, "", "$schema"), "");
    node_of({&root_, ""}, 0);
    // The target of a `$ref` may contain further references.
    for (std::size_t read = 0, followed = 0; read < entries_.size() || followed < references_.size();) {
      for (; read < entries_.size(); ++read) {
        read_node(static_cast<NodeId>(read));
        take(memory_of(graph_.nodes[read]), place_);
      }
      for (; followed < references_.size(); ++followed) follow(references_[followed]);
    }
    std::size_t size = 0;
    for (const auto& [text, pattern] : graph_.patterns) size += pattern.size();
    if (size > max_pattern_size)
      refuse_at("", fmt::format("its patterns are too large together: compiled they have {} instructions, and {} are "
                                "the most",
                                size, max_pattern_size));
    std::vector<std::string> places;
    for (Entry& entry : entries_) places.push_back(std::move(entry.target.place));
    finish_graph(graph_, places);
    graph_.steps_taken += graph_.memory / memory_per_step;
    return std::move(graph_);
  }

 private:
  // The origin of a node.
  struct Entry {
    Target target;
    ResourceId resource;
  };
  struct Reference {
    NodeId from;
    std::string text;
    const char* keyword;
  };

  NodeId node_of(Target target, ResourceId resource) {
    if (const auto known = known_.find(target.json); known != known_.end()) return known->second;
    if (!target.json->is_boolean() && !target.json->is_object())
      refuse_at(target.place, "a schema is expected here: an object, true or false");
    if (entries_.size() == max_nodes)
      refuse_at("", fmt::format("it contains more than {} schemas; split the type, or put repeated parts into `$defs`",
                                max_nodes));
    const auto id = static_cast<NodeId>(entries_.size());
    take(target.place.size(), target.place);  // many schemas below one long name
    known_.emplace(target.json, id);
    entries_.push_back({std::move(target), resource});
    graph_.nodes.emplace_back();
    return id;
  }

  // --- reading one schema; id_ and place_ are those of its node
  void read_node(NodeId id) {
    id_ = id;
    const Json& json = *entries_[id].target.json;
    place_ = entries_[id].target.place;
    SchemaNode& node = graph_.nodes[id];
    if (json.is_boolean()) {
      node.is_false = !json.get<bool>();
      return;
    }
    if (const auto found = json.find("$id"); found != json.end()) read_id(json, *found);
    const bool has_ref = json.contains("$ref");
    for (const auto& [name, value] : json.items()) {
      if (name.starts_with("x-")) continue;  // a keyword of the author's own
      const KeywordRule* const rule = find_keyword(name);
      if (!rule)
        refuse_at(place_, fmt::format("{} is not a keyword of JSON Schema and would not be enforced; begin keywords "
                                      "of your own with `x-`.{}",
                                      quoted(name), suggestion(name, keyword_names())));
      if (draft_ == Draft::draft_7 && !rule->in_draft_7)
        refuse_at(place_, fmt::format("`{}` is a keyword of draft 2020-12, and `$schema` says draft 7", name));
      if (draft_ == Draft::draft_2020_12 && !rule->in_2020_12)
        refuse_at(place_, fmt::format("`{}` is a keyword of draft 7, and `$schema` says draft 2020-12; use {}", name,
                                      rule->word == Word::dependencies ? "`dependentRequired` or `dependentSchemas`"
                                                                       : "`items` beside `prefixItems`"));
      if (draft_ == Draft::draft_7 && has_ref && !may_stand_beside_ref(rule->word))
        refuse_at(place_, fmt::format("draft 7 ignores `{}` next to a `$ref`; put both into `allOf`", name));
      read_keyword(node, json, *rule, name, value);
    }
  }

  void read_id(const Json& json, const Json& value) {
    const std::string& id = require_string(value, place_, "$id");
    Entry& entry = entries_[id_];
    const auto hash = id.find('#');
    if (draft_ == Draft::draft_7 && hash == 0 && id.size() > 1) return add_anchor(id.substr(1));
    if (hash != std::string::npos && hash + 1 != id.size()) refuse_at(place_, "`$id` has no fragment; use `$anchor`");
    const auto resource = resources_.add(entry.resource, id, {&json, place_});
    if (!resource) refuse_at(place_, "there are two schemas with this `$id`");
    entry.resource = *resource;
  }

  void add_anchor(const std::string& name) {
    const Entry& entry = entries_[id_];
    if (!resources_.add_anchor(entry.resource, name, entry.target))
      refuse_at(place_, fmt::format("there are two anchors `{}`", name));
  }

  void read_keyword(SchemaNode& node, const Json& json, const KeywordRule& rule, const std::string& name,
                    const Json& value) {
    switch (rule.word) {
      case Word::schema_uri:
        if (require_draft(require_string(value, place_, name), place_) != draft_ && &json != &root_)
          refuse_at(place_, "`$schema` differs from that of the whole schema");
        return;
      case Word::id: return;  // read_id handles it
      case Word::anchor:
      case Word::dynamic_anchor: return add_anchor(require_string(value, place_, name));
      case Word::ref: return refer(require_string(value, place_, name), "$ref");
      case Word::dynamic_ref: return refer(require_string(value, place_, name), "$dynamicRef");
      case Word::defs: schemas_by_name(name, value, [](const std::string&, NodeId) {}); return;
      case Word::note_text: require_string(value, place_, name); return;
      case Word::note_boolean: require_boolean(value, place_, name); return;
      case Word::note_any: return;
      case Word::note_schema: schema_at(name, value); return;
      case Word::references:
        node.references = require_string(value, place_, name);
        if (node.references.empty()) refuse_at(place_, "`references` takes the slug of an entity type");
        return;
      case Word::type: node.types = require_types(value, place_); return;
      case Word::enum_:
        if (!value.is_array() || value.empty()) refuse_at(place_, "`enum` takes a list of at least one value");
        node.constants.push_back(constants_of(Keyword::enum_, value));
        return;
      case Word::const_: node.constants.push_back(constants_of(Keyword::const_, Json::array({value}))); return;
      case Word::multiple_of:
        if (!value.is_number() || !(exact_number(value) > ExactNumber{0, 0}))
          refuse_at(place_, "`multipleOf` takes a number above 0");
        node.multiple_of = {decimal_of(value), value};
        return;
      case Word::number:
        if (!value.is_number()) refuse_at(place_, fmt::format("`{}` takes a number", name));
        node.numbers.push_back({bound_keyword(name), exact_number(value), value});
        return;
      case Word::size: node.sizes.push_back({bound_keyword(name), require_count(value, place_, name)}); return;
      case Word::pattern:
        node.pattern = pattern_of(require_string(value, place_, name), place_within(place_, name));
        return;
      case Word::format: return read_format(node, require_string(value, place_, name));
      case Word::unique_items: node.unique_items = require_boolean(value, place_, name); return;
      case Word::required: node.required = require_strings(value, place_, name); return;
      case Word::dependent_required:
      case Word::dependencies: return read_dependencies(node, rule.word, name, value);
      case Word::dependent_schemas:
        return schemas_by_name(
            name, value, [&](const std::string& key, NodeId id) { node.dependent_schemas.emplace_back(key, id); });
      case Word::all_of: {
        const auto all = schemas(name, value);
        node.all_of.insert(node.all_of.end(), all.begin(), all.end());
        return;
      }
      case Word::any_of: node.any_of = schemas(name, value); return;
      case Word::one_of: node.one_of = schemas(name, value); return;
      case Word::not_: node.not_ = schema_at(name, value); return;
      case Word::if_: node.if_ = schema_at(name, value); return;
      case Word::then_: node.then_ = schema_at(name, value); return;
      case Word::else_: node.else_ = schema_at(name, value); return;
      case Word::properties:
        return schemas_by_name(name, value,
                               [&](const std::string& key, NodeId id) { node.properties.emplace(key, id); });
      case Word::pattern_properties:
        return schemas_by_name(name, value, [&](const std::string& key, NodeId id) {
          node.pattern_properties.emplace_back(pattern_of(key, place_within(place_, name)), id);
        });
      case Word::additional_properties: node.additional_properties = schema_at(name, value); return;
      case Word::property_names: node.property_names = schema_at(name, value); return;
      case Word::unevaluated_properties: node.unevaluated_properties = schema_at(name, value); return;
      case Word::prefix_items: node.prefix_items = schemas(name, value); return;
      case Word::items: return read_items(node, json, value);
      case Word::additional_items: {
        const NodeId id = schema_at(name, value);
        // In draft 7 it applies to the elements after a list of `items`; without such a list it has no effect.
        if (const auto items = json.find("items"); items != json.end() && items->is_array()) node.items = id;
        return;
      }
      case Word::unevaluated_items: node.unevaluated_items = schema_at(name, value); return;
      case Word::contains: node.contains = schema_at(name, value); return;
      case Word::min_contains: node.min_contains = require_count(value, place_, name); return;
      case Word::max_contains: node.max_contains = require_count(value, place_, name); return;
    }
  }

  void read_format(SchemaNode& node, const std::string& name) {
    node.format = find_format(name);
    if (node.format) return;
    std::vector<std::string> known;
    for (const Format& format : formats()) known.emplace_back(format.name);
    refuse_at(place_, fmt::format("the format {} is not supported; the formats are {}.{}", quoted(name),
                                  fmt::join(known, ", "), suggestion(name, known)));
  }

  void read_dependencies(SchemaNode& node, Word word, const std::string& name, const Json& value) {
    require_object(value, place_, name);
    const std::string place = place_within(place_, name);
    for (const auto& [key, member] : value.items())
      if (word == Word::dependencies && !member.is_array())
        node.dependent_schemas.emplace_back(key, node_of({&member, place_within(place, key)}, resource()));
      else
        node.dependent_required.emplace_back(key, require_strings(member, place_, name));
  }

  void read_items(SchemaNode& node, const Json& json, const Json& value) {
    if (!value.is_array()) {
      node.items = schema_at("items", value);
      return;
    }
    if (draft_ == Draft::draft_2020_12 || json.contains("prefixItems"))
      refuse_at(place_, "`items` takes one schema for all elements; use `prefixItems` for a schema for each place");
    const std::string place = place_within(place_, "items");
    for (std::size_t i = 0; i < value.size(); ++i)
      node.prefix_items.push_back(node_of({&value[i], place_within(place, i)}, resource()));
  }

  void refer(const std::string& text, const char* keyword) { references_.push_back({id_, text, keyword}); }

  void follow(const Reference& reference) {
    const Entry from = entries_[reference.from];
    const auto refuse = [&](const std::string& why) {
      refuse_at(from.target.place, fmt::format("`{}` {} {}", reference.keyword, quoted(reference.text), why));
    };
    if (reference.keyword == std::string_view("$dynamicRef") && resources_.size() > 1)
      refuse("is supported only in a schema without an inner `$id`; use `$ref`");
    const auto destination = resources_.resolve(from.resource, reference.text);
    if (!destination) refuse("leads out of this schema; nothing is fetched: use `#/$defs/…`");
    Target target = resources_.root_of(destination->resource);
    ResourceId resource = destination->resource;
    if (!destination->fragment.empty() && destination->fragment.front() != '/') {
      const Target* const anchor = resources_.find_anchor(resource, destination->fragment);
      if (!anchor) refuse("names an anchor that this schema does not have");
      target = *anchor;
    } else {
      const auto keys = pointer_keys(destination->fragment);
      if (!keys) refuse("is not a JSON pointer");
      for (const std::string& key : *keys) {
        const Json* const inner = step_into(*target.json, key);
        if (!inner) refuse("leads nowhere");
        target = {inner, place_within(target.place, key)};
        if (const auto known = known_.find(inner); known != known_.end()) resource = entries_[known->second].resource;
      }
    }
    if (!target.json->is_object() && !target.json->is_boolean()) refuse("leads to something that is not a schema");
    graph_.nodes[reference.from].all_of.push_back(node_of(std::move(target), resource));
  }

  // --- the values of keywords
  ResourceId resource() const { return entries_[id_].resource; }

  NodeId schema_at(const std::string& name, const Json& value) {
    return node_of({&value, place_within(place_, name)}, resource());
  }
  std::vector<NodeId> schemas(const std::string& name, const Json& value) {
    if (!value.is_array() || value.empty())
      refuse_at(place_, fmt::format("`{}` takes a list of at least one schema", name));
    std::vector<NodeId> out;
    const std::string place = place_within(place_, name);
    for (std::size_t i = 0; i < value.size(); ++i)
      out.push_back(node_of({&value[i], place_within(place, i)}, resource()));
    return out;
  }
  template <class Add>
  void schemas_by_name(const std::string& name, const Json& value, const Add& add) {
    require_object(value, place_, name);
    const std::string place = place_within(place_, name);
    for (const auto& [key, member] : value.items()) add(key, node_of({&member, place_within(place, key)}, resource()));
  }
  const Pattern* pattern_of(const std::string& text, const std::string& place) {
    if (const auto known = graph_.patterns.find(text); known != graph_.patterns.end()) return &known->second;
    if (graph_.patterns.size() == max_patterns)
      refuse_at(place, fmt::format("the schema has more than {} different patterns", max_patterns));
    const Pattern& pattern =
        graph_.patterns.emplace(text, Pattern(text, fmt::format("`schema{}`", shown_place(place)))).first->second;
    pattern_bytes_ += text.size();
    if (pattern_bytes_ > max_pattern_bytes)
      refuse_at(place, fmt::format("the patterns of a schema are at most {} KiB together", max_pattern_bytes >> 10));
    graph_.steps_taken += text.size() * steps_per_pattern_byte + pattern.size() * steps_per_instruction;
    take(pattern.memory(), place);
    return &pattern;
  }

  void take(std::size_t bytes, std::string_view place) {
    graph_.memory += bytes;
    if (graph_.memory > max_memory)
      refuse_at(place, fmt::format("with this, the compiled schema takes more than {} MiB of memory; use fewer or "
                                   "simpler patterns, shorter lists, or several types",
                                   max_memory >> 20));
  }

  const Json& root_;
  Draft draft_ = Draft::unsaid;
  SchemaGraph graph_;
  SchemaResources resources_;
  std::deque<Entry> entries_;  // one for each node
  std::unordered_map<const Json*, NodeId> known_;
  std::vector<Reference> references_;
  std::size_t pattern_bytes_ = 0;
  NodeId id_ = 0;
  std::string place_;
};

}  // namespace

SchemaGraph read_schema(const Json& schema) { return SchemaReader(schema).read(); }

}  // namespace struere::json_schema
