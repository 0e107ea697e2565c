#include "query/condition_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "core/single_line.hpp"
#include "core/words.hpp"
#include "query/bounds.hpp"

namespace struere {
namespace {

constexpr int max_group_depth = 4;
constexpr std::size_t max_hops = 4;

class ConditionParser {
 public:
  // `left` is the number of conditions that are still allowed; each condition decrements it.
  ConditionParser(const RuleWords* words, ErrorCode code, std::size_t& left)
      : words_(words), code_(code), left_(left) {}

  Predicate parse(const Json& node, int depth = 0) const {
    if (left_ == 0)
      refuse(words_ ? fmt::format("the rules of a role have at most {} conditions", most_rule_conditions)
                    : fmt::format("`where` has at most {} conditions", most_conditions));
    --left_;
    if (!node.is_object())
      refuse("a condition is an object with `field`, `operator` and `value`, or with `any` or `all`");
    if (auto usual = usual_comparison(node)) return *std::move(usual);
    if (node.contains("any")) return group(node, "any", depth);
    if (node.contains("all")) return group(node, "all", depth);
    if (node.contains("relationPath")) return relation_path(node);
    return comparison(node);
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const { throw Error(code_, message); }

  void require_keys(const Json& node, std::initializer_list<std::string_view> keys) const {
    for (const std::string_view key : keys)
      if (!node.contains(key)) refuse(fmt::format("a condition needs `{}`", key));
    for (const auto& item : node.items())
      if (std::ranges::find(keys, item.key()) == keys.end())
        refuse(fmt::format("a condition has an unknown key: {}", in_quotes(item.key())));
  }

  Predicate group(const Json& node, const char* kind, int depth) const {
    require_keys(node, {kind});
    const Json& parts = node.at(kind);
    if (depth == max_group_depth) refuse("groups nest at most 4 deep");
    if (!parts.is_array() || parts.empty()) refuse(fmt::format("`{}` needs a list of at least one condition", kind));
    std::vector<Predicate> out;
    out.reserve(parts.size());
    for (const Json& part : parts) out.push_back(parse(part, depth + 1));
    return kind == std::string_view("any") ? Predicate::any(std::move(out)) : Predicate::all(std::move(out));
  }

  Predicate relation_path(const Json& node) const {
    if (!words_) refuse("`relationPath` is allowed only in rules, not in queries");
    require_keys(node, {"relationPath"});
    const Json& value = node.at("relationPath");
    if (!value.is_string()) refuse("`relationPath` is a text such as \"teaches/^attends\"");
    std::vector<Hop> hops;
    const auto& text = value.get_ref<const std::string&>();
    for (std::size_t at = 0; at <= text.size();) {
      const auto slash = std::min(text.find('/', at), text.size());
      std::string relation = text.substr(at, slash - at);
      const bool backwards = relation.starts_with('^');
      if (backwards) relation.erase(0, 1);
      if (!FieldPath::is_segment(relation))
        refuse("a hop of `relationPath` is a relation type, or `^` and a relation type");
      hops.push_back({std::move(relation), backwards});
      at = slash + 1;
    }
    if (hops.size() > max_hops) refuse("`relationPath` has at most 4 hops");
    return Predicate::reached(words_->own_entity(), std::move(hops));
  }

  // A condition with exactly the keys of a comparison, each of which is looked up once.
  std::optional<Predicate> usual_comparison(const Json& node) const {
    if (node.size() != 3) return std::nullopt;
    const auto field = node.find("field"), name = node.find("operator"), value = node.find("value");
    if (field == node.end() || name == node.end() || value == node.end()) return std::nullopt;
    return comparison(*field, *name, *value);
  }

  Predicate comparison(const Json& node) const {
    require_keys(node, {"field", "operator", "value"});
    return comparison(node.at("field"), node.at("operator"), node.at("value"));
  }

  Predicate comparison(const Json& path, const Json& name, const Json& value) const {
    auto field = path.is_string() ? FieldPath::parse(path.get_ref<const std::string&>()) : std::nullopt;
    if (!field)
      refuse(
          "`field` is `data.` and up to 8 segments of letters, digits, _ and -, or id, status, createdAt, updatedAt");
    const auto op = name.is_string() ? parse_operator(name.get_ref<const std::string&>()) : std::nullopt;
    if (!op) refuse("`operator` is one of eq, neq, in, nin, contains, gt, gte, lt, lte, exists");
    return Predicate::comparison(*std::move(field), *op, operand(*op, value));
  }

  Operand operand(Operator op, const Json& value) const {
    if (words_ && value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      if (text.starts_with("actor.")) return dynamic_operand(op, text);
      if (text.starts_with("literal:")) return literal(op, Json(text.substr(8)));
    }
    return literal(op, value);
  }

  Operand dynamic_operand(Operator op, const std::string& text) const {
    constexpr std::string_view related = "actor.relatedIds:";
    if (op == Operator::exists) refuse("`exists` needs true or false");
    if (text == "actor.userId") return {Operand::Kind::user_id, {}, {}, {}};
    if (text == "actor.organizationId") return {Operand::Kind::organization_id, {}, {}, {}};
    if (text == "actor.entityId") return {Operand::Kind::own_entity, {}, words_->own_entity(), {}};
    if (text.starts_with(related) && FieldPath::is_segment(std::string_view(text).substr(related.size())))
      return {Operand::Kind::related_ids, {}, words_->own_entity(), text.substr(related.size())};
    refuse(
        "a value that starts with `actor.` must be actor.userId, actor.organizationId, actor.entityId or "
        "actor.relatedIds:<relation type>; "
        "to write it as a plain text, put `literal:` before it");
  }

  Operand literal(Operator op, const Json& value) const {
    switch (op) {
      case Operator::exists:
        if (!value.is_boolean()) refuse("`exists` needs true or false");
        break;
      case Operator::in:
      case Operator::nin:
        if (!value.is_array()) refuse(fmt::format("`{}` needs a list of values", to_string(op)));
        if (value.size() > most_listed_values)
          refuse(fmt::format("`{}` takes at most {} values", to_string(op), most_listed_values));
        break;
      case Operator::gt:
      case Operator::gte:
      case Operator::lt:
      case Operator::lte:
        if (!value.is_number() && !value.is_string())
          refuse(fmt::format("`{}` needs a number or a string", to_string(op)));
        break;
      case Operator::eq:
      case Operator::neq:
      case Operator::contains: break;
    }
    JsonFault fault;
    const auto canonical = canonical_json(value, fault);
    if (!canonical) refuse("`value` cannot be used: " + fault.message);
    // A text is its own canonical value.
    return {Operand::Kind::literal, value.is_string() ? value : parse_canonical_json(*canonical), {}, {}};
  }

  const RuleWords* words_;
  ErrorCode code_;
  std::size_t& left_;
};

[[noreturn]] void refuse_query(const std::string& message) { throw Error(ErrorCode::invalid_query, message); }

std::string text_or_refuse(const std::string& text, const char* what) {
  JsonFault fault;
  auto canonical = canonical_json(Json(text), fault);
  if (!canonical) refuse_query(fmt::format("`{}` cannot be used: {}", what, fault.message));
  return *std::move(canonical);
}

// `where` was parsed, so that it is nested deeper than a stored value by a few groups at most. That dump() takes.
std::string where_text(const Condition& where) {
  JsonFault too_deep_or_large;
  auto canonical = canonical_json(where.nodes(), too_deep_or_large);
  return canonical ? *std::move(canonical) : where.nodes().dump(-1, ' ', false, Json::error_handler_t::replace);
}

// At least as many bytes as the text of a value has. It is counted without writing the text.
std::size_t longest_text(const Json& value) {
  constexpr std::size_t longest_escape = 6, longest_other = 32;
  const auto of_string = [](const std::string& text) { return text.size() * longest_escape + std::size_t{3}; };
  if (value.is_string()) return of_string(value.get_ref<const std::string&>());
  std::size_t bytes = longest_other;
  if (value.is_object())
    for (const auto& [key, member] : value.get_ref<const Json::object_t&>())
      bytes += of_string(key) + longest_text(member) + 1;
  if (value.is_array())
    for (const Json& element : value) bytes += longest_text(element) + 1;
  return bytes;
}

std::vector<OrderKey> complete_order(const std::vector<OrderBy>& asked) {
  if (asked.empty()) {
    static const std::vector<OrderKey> newest_first{{*FieldPath::parse("createdAt"), true},
                                                    {*FieldPath::parse("id"), true}};
    return newest_first;
  }
  std::vector<OrderKey> keys;
  const auto has = [&](FieldPath::Root root) {
    return std::ranges::any_of(keys, [&](const OrderKey& key) { return key.field.root() == root; });
  };
  for (const OrderBy& by : asked) {
    auto path = FieldPath::parse(by.field);
    if (!path) refuse_query("`order` names fields as conditions do: data.…, id, status, createdAt or updatedAt");
    // The id is unique, and a field that was already compared cannot break a tie, so such keys are left out.
    const bool decided = has(FieldPath::Root::id) || std::ranges::find(keys, *path, &OrderKey::field) != keys.end();
    if (!decided) keys.push_back({*std::move(path), by.direction == Direction::descending});
  }
  if (keys.size() > most_order_keys) refuse_query(fmt::format("`order` names at most {} fields", most_order_keys));
  const bool descending = asked.back().direction == Direction::descending;
  // createdAt and then id break ties, in the direction of the last key. A key that is already present is not added.
  if (!has(FieldPath::Root::id) && !has(FieldPath::Root::created_at))
    keys.push_back({*FieldPath::parse("createdAt"), descending});
  if (!has(FieldPath::Root::id)) keys.push_back({*FieldPath::parse("id"), descending});
  return keys;
}

}  // namespace

Predicate parse_condition(const Json& node, const RuleWords* words, ErrorCode code, std::size_t& left) {
  return ConditionParser(words, code, left).parse(node);
}

Aggregation parse_aggregation(const std::vector<std::string>& group_by, const std::vector<Measure>& measures) {
  Aggregation out;
  const auto path_of = [](const std::string& text, const char* what) {
    auto path = FieldPath::parse(text);
    if (!path)
      refuse_query(fmt::format("{} names fields as conditions do: data.…, id, status, createdAt or updatedAt", what));
    return *std::move(path);
  };
  if (group_by.size() > most_group_fields)
    refuse_query(fmt::format("`groupBy` names at most {} fields", most_group_fields));
  for (const std::string& field : group_by) out.group_by.push_back(path_of(field, "`groupBy`"));
  if (measures.empty() || measures.size() > most_measures)
    refuse_query(fmt::format("`measures` are from 1 to {}", most_measures));
  for (const Measure& measure : measures) {
    if ((measure.op == Measure::Op::count) == measure.field.has_value())
      refuse_query("a measure is count, which takes no `field`, or sum, avg, min or max of a `field`");
    out.measures.push_back(
        {measure.op, measure.field ? std::optional(path_of(*measure.field, "a measure")) : std::nullopt});
  }
  return out;
}

std::vector<FieldPath> parse_shown_fields(const std::vector<std::string>& fields, const char* what, std::size_t most) {
  if (fields.size() > most) refuse_query(fmt::format("`{}` names at most {} fields", what, most));
  std::vector<FieldPath> out;
  for (const std::string& field : fields) {
    auto path = FieldPath::parse(field);
    if (!path || !path->is_data()) refuse_query(fmt::format("`{}` names fields of `data`, such as data.name", what));
    if (std::ranges::find(out, *path) != out.end()) refuse_query(fmt::format("`{}` names a field twice", what));
    out.push_back(*std::move(path));
  }
  return out;
}

ParsedQuery parse_query(const Query& query, const std::vector<FieldPath>& search_fields) {
  ParsedQuery out;
  if (query.limit < 1 || query.limit > 1000) refuse_query("`limit` is from 1 to 1000");
  if (!query.where.nodes().is_array()) refuse_query("`where` is a list of conditions");
  std::vector<Predicate> parts;
  std::size_t left = most_conditions;
  for (const Json& node : query.where.nodes())
    parts.push_back(parse_condition(node, nullptr, ErrorCode::invalid_query, left));
  if (query.status) {
    text_or_refuse(*query.status, "status");
    parts.push_back(Predicate::comparison(*FieldPath::parse("status"), Operator::eq,
                                          {Operand::Kind::literal, Json(*query.status), {}, {}}));
  }
  out.filter = Predicate::all(std::move(parts));
  if (query.search) {
    if (query.search->size() > most_search_bytes)
      refuse_query(fmt::format("`search` is at most {} bytes", most_search_bytes));
    text_or_refuse(*query.search, "search");
    out.search = Search{words_of(*query.search), search_fields};
    if (out.search->terms.size() > most_search_words)
      refuse_query(fmt::format("`search` has at most {} words", most_search_words));
  }
  out.order = complete_order(query.order);
  out.limit = query.limit;
  if (longest_text(query.where.nodes()) > most_where_bytes && where_text(query.where).size() > most_where_bytes)
    refuse_query(fmt::format("`where` is at most {} MiB of JSON", most_where_bytes >> 20));
  return out;
}

std::string question_of(const Query& query, const std::vector<OrderKey>& order) {
  std::string out;
  // Line ends separate the parts, because no part contains one.
  for (const OrderKey& key : order) out.append(key.descending ? "-" : "+").append(key.field.str()).append("\n");
  if (!query.where.empty()) out.append(where_text(query.where));
  out.append("\n");
  if (query.status) out.append(in_quotes(*query.status));
  out.append("\n");
  if (query.search) out.append(in_quotes(*query.search));
  return out;
}

}  // namespace struere
