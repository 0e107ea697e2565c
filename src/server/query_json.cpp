#include "server/query_json.hpp"

#include "server/refusal.hpp"

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

AskedQuery read_query(const BodyObject& body, const Call& call) {
  AskedQuery out;
  out.query.timeout = call.services().options.limits.query_time;
  Query& query = out.query;
  try {
    if (auto where = body.json("where")) {
      if (!where->is_array()) throw Error(ErrorCode::invalid_query, "`where` is a list of conditions");
      query.where = Condition(*std::move(where));
    }
    query.status = body.string("status");
    query.search = body.string("search");
    if (const auto order = body.json("order")) {
      if (!order->is_array()) throw Error(ErrorCode::invalid_query, "`order` is a list");
      for (const Json& item : *order) query.order.push_back(order_of(item));
    }
    query.limit = body.integer("limit").value_or(query.limit);
    query.after = body.string("cursor");
    query.fields = body.strings("fields");
    query.expand = body.strings("expand").value_or(std::vector<std::string>());
  } catch (const Error& error) {
    out.mistake = error.what();
  } catch (const Refusal& refusal) {
    out.mistake = refusal.what();
  }
  return out;
}

}  // namespace struere::server
