// SPEC 6, aggregates: sums are exact, whatever the order of the rows; groups are bounded.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "query/aggregator.hpp"
#include "query/bounds.hpp"
#include "query/exact_sum.hpp"
#include "support/throws_error.hpp"

using namespace struere;

namespace {

ExactSum sum_of(const std::vector<Json>& values) {
  ExactSum sum;
  for (const Json& value : values)
    value.is_number_float() ? sum.add(value.get<double>()) : sum.add(value.get<std::int64_t>());
  return sum;
}

RowFields view_with(Json data) {
  RowFields fields;
  fields.id = "x";
  fields.data = std::move(data);
  return fields;
}

Aggregates aggregate(const Aggregation& aggregation, const std::vector<Json>& rows) {
  Aggregator aggregator(aggregation);
  for (const Json& data : rows) aggregator.add(view_with(data));
  return aggregator.finish();
}

std::string text_of(const Aggregates& found) {
  std::string out;
  const auto add = [&](const std::optional<Json>& value) { out += (value ? canonical_json(*value) : "absent") + " "; };
  for (const AggregateGroup& group : found.groups) {
    std::ranges::for_each(group.key, add);
    out += "| ";
    std::ranges::for_each(group.measures, add);
    out += "\n";
  }
  return out + (found.more ? "more" : "");
}

const FieldPath group_field = *FieldPath::parse("data.g"), value_field = *FieldPath::parse("data.v");

}  // namespace

TEST_CASE("a sum of integers is exact while it fits 64 bits", "[aggregates]") {
  CHECK(sum_of({1, 2, 3}).sum() == Json(6));
  CHECK(sum_of({INT64_MAX, 1, -2}).sum() == Json(INT64_MAX - 1));
  CHECK(sum_of({INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN, 7}).sum() == Json(5));
  CHECK(sum_of({INT64_MIN, -1, 1}).sum() == Json(INT64_MIN));
  CHECK(sum_of({INT64_MIN, INT64_MIN, INT64_MAX, 1}).sum() == Json(INT64_MIN));
  CHECK(sum_of({INT64_MAX, INT64_MAX}).sum() == Json(1.8446744073709552e19));
  CHECK(sum_of({INT64_MIN, INT64_MIN}).sum() == Json(-1.8446744073709552e19));
  CHECK(sum_of({INT64_MAX, INT64_MAX}).average() == 9.223372036854776e18);
  CHECK_FALSE(sum_of({}).sum());
  CHECK_FALSE(sum_of({}).average());
}

TEST_CASE("a sum of doubles is the double nearest to the exact sum", "[aggregates]") {
  CHECK(sum_of({0.1, 0.2}).sum() == Json(0.30000000000000004));
  CHECK(sum_of({1e300, 1e-300, -1e300}).sum() == Json(1e-300));
  CHECK(sum_of({1e16, 1, 1, -1e16}).sum() == Json(2.0));
  CHECK(sum_of({5e-324, 5e-324}).sum() == Json(1e-323));
  CHECK(sum_of({1e308, 1e308, -1e308}).sum() == Json(1e308));
  CHECK(sum_of({-1e308, 0.5, 1e308}).sum() == Json(0.5));
  CHECK(sum_of({9007199254740993, 0.5}).sum() == Json(9007199254740994.0));
  CHECK(sum_of({-0.5, -0.25}).sum() == Json(-0.75));
  CHECK(sum_of({0.0, -0.0}).sum() == Json(0.0));
  CHECK_FALSE(sum_of({1e308, 1e308}).sum());  // no double holds it
  CHECK(sum_of({1e308, 1e308}).average() == 1e308);
  CHECK(sum_of({1.5, 2}).average() == 1.75);
}

TEST_CASE("no order of the addends changes a sum", "[aggregates]") {
  std::mt19937_64 random(4);
  for (int round = 0; round < 200; ++round) {
    std::vector<Json> values;
    for (int i = 0; i < 30; ++i) {
      const double real =
          std::ldexp(static_cast<double>(random() % 1000) - 500, static_cast<int>(random() % 600) - 300);
      values.push_back(random() % 3 == 0 ? Json(static_cast<std::int64_t>(random())) : Json(real));
    }
    const auto sum = sum_of(values);
    long double large = 0;  // a second opinion, where nothing cancels
    for (const Json& value : values) large += value.get<double>() > 0 ? value.get<double>() : 0;
    std::ranges::shuffle(values, random);
    CHECK(sum_of(values).sum() == sum.sum());
    CHECK(sum_of(values).average() == sum.average());
    std::vector<Json> positive;
    for (const Json& value : values)
      if (value.get<double>() > 0) positive.push_back(value);
    if (positive.empty()) continue;
    const double exact = sum_of(positive).sum()->get<double>();
    CHECK(std::fabs(exact - static_cast<double>(large)) <= 1e-12 * exact);
  }
}

TEST_CASE("groups come in the order of their values, as many as asked", "[aggregates]") {
  const Aggregation by_g{{group_field}, {{Measure::Op::count, {}}, {Measure::Op::sum, value_field}}, 3};
  std::vector<Json> rows{{{"g", "b"}, {"v", 1}}, {{"g", 2}, {"v", 2}},    {{"v", 4}},
                         {{"g", "a"}, {"v", 8}}, {{"g", 2.0}, {"v", 16}}, {{"g", nullptr}, {"v", 32}}};
  const std::string expected = "absent | 1 4 \nnull | 1 32 \n2 | 2 18 \nmore";
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    std::ranges::shuffle(rows, random);
    CHECK(text_of(aggregate(by_g, rows)) == expected);
  }
  CHECK(text_of(aggregate({{group_field}, {{Measure::Op::count, {}}}, 5}, rows)) ==
        "absent | 1 \nnull | 1 \n2 | 2 \n\"a\" | 1 \n\"b\" | 1 \n");
  CHECK(text_of(aggregate({{}, {{Measure::Op::count, {}}, {Measure::Op::max, value_field}}, 5}, {})) ==
        "| 0 absent \n");
}

TEST_CASE("groups whose values are too large are refused, in whatever order they come", "[aggregates]") {
  const std::size_t large = most_group_bytes / 8;
  std::vector<Json> rows;
  for (int i = 0; i < 12; ++i) rows.push_back({{"g", std::string(large, 'a') + static_cast<char>('a' + i)}});
  const Aggregation all{{group_field}, {{Measure::Op::count, {}}}, 50},
      few{{group_field}, {{Measure::Op::count, {}}}, 3};
  std::mt19937_64 random(2);
  for (int round = 0; round < 3; ++round) {
    std::ranges::shuffle(rows, random);
    CHECK_ERROR(invalid_query, aggregate(all, rows));
    const Aggregates first = aggregate(few, rows);
    REQUIRE(first.groups.size() == 3);
    CHECK(first.more);
    CHECK(first.groups.front().key.front()->get<std::string>().back() == 'a');
  }
}
