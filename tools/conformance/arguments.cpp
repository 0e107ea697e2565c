#include "arguments.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace struere::conformance {
namespace {

void spoil(Query& query) { query.where = Condition(Json("not a list of conditions")); }

// The value of a JSON number as a whole number, so that 10.0 is 10; nullopt if it is not whole.
std::optional<std::int64_t> whole_number(const Json& number) {
  if (number.is_number_unsigned()) {
    const auto value = number.get<std::uint64_t>();
    return std::in_range<std::int64_t>(value) ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
  }
  if (number.is_number_integer()) return number.get<std::int64_t>();
  if (!number.is_number_float()) return std::nullopt;
  const auto value = number.get<double>();
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (!(value >= -exact && value <= exact)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? std::optional(whole) : std::nullopt;
}

std::optional<OrderBy> order_key(const Json& key) {
  if (!key.is_object() || key.size() != 2 || !key.contains("field") || !key.contains("direction")) return std::nullopt;
  const Json& field = key.at("field");
  const Json& direction = key.at("direction");
  if (!field.is_string() || (direction != "asc" && direction != "desc")) return std::nullopt;
  return OrderBy{field.get<std::string>(), direction == "asc" ? Direction::ascending : Direction::descending};
}

}  // namespace

const std::string& text_in(const Json& step, const char* key) {
  const Json& value = value_in(step, key);
  if (!value.is_string()) throw std::invalid_argument(std::string("`") + key + "` of a step is a text");
  return value.get_ref<const std::string&>();
}

const Json& value_in(const Json& step, const char* key) {
  if (!step.is_object() || !step.contains(key))
    throw std::invalid_argument(std::string("a step lacks its `") + key + "`");
  return step.at(key);
}

RelationDirection direction_in(const Json& step) {
  const std::string& word = text_in(step, "direction");
  if (word == "out") return RelationDirection::out;
  if (word == "in") return RelationDirection::in;
  throw std::invalid_argument("a direction is `out` or `in`, not `" + word + "`");
}

void set_where(Query& query, Json where) {
  // Condition would take a single object as a list of one, but a scenario must write a list.
  if (where.is_array())
    query.where = Condition(std::move(where));
  else
    spoil(query);
}

void set_text(Query& query, std::optional<std::string> Query::*member, const Json& text) {
  if (text.is_string())
    query.*member = text.get<std::string>();
  else
    spoil(query);
}

void set_order(Query& query, const Json& order) {
  if (!order.is_array()) return spoil(query);
  for (const Json& key : order) {
    auto by = order_key(key);
    if (!by) return spoil(query);
    query.order.push_back(*std::move(by));
  }
}

void set_limit(Query& query, const Json& limit) {
  if (const auto number = whole_number(limit))
    query.limit = *number;
  else
    spoil(query);
}

std::vector<std::string> paths_in(const Json& list) {
  std::vector<std::string> out;
  if (!list.is_array()) return {std::string()};  // the empty text is not a path
  for (const Json& path : list) out.push_back(path.is_string() ? path.get<std::string>() : std::string());
  return out;
}

std::vector<Measure> measures_in(Query& query, const Json& list) {
  constexpr std::array<std::pair<std::string_view, Measure::Op>, 5> ops{{{"count", Measure::Op::count},
                                                                         {"sum", Measure::Op::sum},
                                                                         {"avg", Measure::Op::avg},
                                                                         {"min", Measure::Op::min},
                                                                         {"max", Measure::Op::max}}};
  std::vector<Measure> out;
  if (!list.is_array()) return out;
  for (const Json& item : list) {
    const std::string word = item.is_object() && item.contains("op") && item.at("op").is_string()
                                 ? item.at("op").get<std::string>()
                                 : std::string();
    const auto* const op = std::ranges::find(ops, word, &std::pair<std::string_view, Measure::Op>::first);
    if (op == ops.end() || item.size() > (item.contains("field") ? 2U : 1U)) {
      spoil(query);
      continue;
    }
    Measure measure{op->second, {}};
    if (item.contains("field")) measure.field = paths_in(Json::array({item.at("field")})).front();
    out.push_back(std::move(measure));
  }
  return out;
}

std::string written_status(const Json& status) {
  return status.is_string() ? status.get<std::string>() : std::string();
}

std::int64_t expected_version(const Json& version) { return whole_number(version).value_or(-1); }

}  // namespace struere::conformance
