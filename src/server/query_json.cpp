#include "server/query_json.hpp"

#include "struere/core/error.hpp"

namespace struere::server {
namespace {

OrderBy order_of(const Json& item) {
  const std::string direction = item.is_object() && item.contains("direction") && item.at("direction").is_string()
                                    ? item.at("direction").get<std::string>()
                                    : "asc";
  const std::size_t members = item.is_object() && item.contains("direction") ? 2 : 1;
  if (!item.is_object() || !item.contains("field") || !item.at("field").is_string() || item.size() != members ||
      (direction != "asc" && direction != "desc") || (members == 2 && !item.at("direction").is_string()))
    throw Error(ErrorCode::invalid_query, "`order` is a list of {\"field\": …, \"direction\": \"asc\" or \"desc\"}");
  return {item.at("field").get<std::string>(), direction == "asc" ? Direction::ascending : Direction::descending};
}

}  // namespace

Query query_of(const BodyObject& body, const Call& call) {
  Query out;
  if (auto where = body.json("where")) out.where = Condition(*std::move(where));
  out.status = body.string("status");
  out.search = body.string("search");
  if (const auto order = body.json("order")) {
    if (!order->is_array()) throw Error(ErrorCode::invalid_query, "`order` is a list");
    for (const Json& item : *order) out.order.push_back(order_of(item));
  }
  out.limit = body.integer("limit").value_or(out.limit);
  out.after = body.string("cursor");
  out.fields = body.strings("fields");
  out.expand = body.strings("expand").value_or(std::vector<std::string>());
  out.timeout = call.services().options.limits.query_time;
  return out;
}

}  // namespace struere::server
