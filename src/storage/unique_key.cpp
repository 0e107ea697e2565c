#include "struere/spi/unique_key.hpp"

#include <fmt/format.h>

#include "core/digest.hpp"
#include "struere/core/error.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {
inline namespace spi {

std::optional<std::string> unique_value(const UniqueKey& key, const Json& data) {
  std::string out;
  for (const std::string& inner : key) {
    const Json* value = &data;
    const auto path = FieldPath::parse("data." + inner);
    if (!path) return std::nullopt;  // no row can have such a path
    for (const std::string& segment : path->segments()) {
      if (!value->is_object()) return std::nullopt;
      const auto member = value->find(segment);
      if (member == value->end()) return std::nullopt;
      value = &*member;
    }
    if (value->is_null()) return std::nullopt;
    // Canonical texts are equal if and only if the values are equal. Together they form one JSON array.
    out.append(out.empty() ? "[" : ",").append(canonical_json(*value));
  }
  out += "]";
  if (out.size() <= longest_unique_value) return out;
  return "#" + to_hex(sha256(out));  // no JSON array begins with `#`
}

std::string quoted_paths(const UniqueKey& key) { return fmt::format("`{}`", fmt::join(key, "`, `")); }

void throw_key_taken(const UniqueKey& key) {
  const Error error(ErrorCode::conflict,
                    fmt::format("another entity of this type has the same value{} at {}; choose another",
                                key.size() == 1 ? "" : "s", quoted_paths(key)));
  throw key.size() == 1 ? error.at("data." + key.front()) : error;  // the path of an error is one place
}

bool SharedValues::add(const Json& data) {
  const auto value = unique_value(key_, data);
  if (!value) return false;
  const auto [seen, is_first] = seen_.emplace(*value, false);
  if (is_first) return false;
  count_ += seen->second ? 1 : 2;
  seen->second = true;
  return true;
}

void SharedValues::require_none() const {
  if (count_ == 0) return;
  throw Error(ErrorCode::conflict,
              fmt::format("{} entities of this type have the same values at {} as another one; change them first",
                          count_, quoted_paths(key_)));
}

}  // namespace spi
}  // namespace struere
