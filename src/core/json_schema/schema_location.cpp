#include "core/json_schema/schema_location.hpp"

#include <algorithm>

namespace struere::json_schema {

std::string place_within(std::string_view place, std::string_view key) {
  std::string out(place);
  out += '/';
  for (const char c : key)
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  return out;
}

std::string place_within(std::string_view place, std::size_t index) {
  return std::string(place).append("/").append(std::to_string(index));
}

std::optional<std::string> percent_decoded(std::string_view text) {
  const auto hex = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

std::optional<std::vector<std::string>> pointer_keys(std::string_view pointer) {
  std::vector<std::string> out;
  if (!pointer.empty() && pointer.front() != '/') return std::nullopt;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      out.emplace_back();
    } else if (pointer[i] == '~') {
      if (++i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1')) return std::nullopt;
      out.back() += pointer[i] == '0' ? '~' : '/';
    } else {
      out.back() += pointer[i];
    }
  }
  return out;
}

const Json* step_into(const Json& value, const std::string& key) {
  if (value.is_object()) {
    const auto found = value.find(key);
    return found == value.end() ? nullptr : &*found;
  }
  const bool is_index = !key.empty() && key.size() < 10 && (key == "0" || key.front() != '0') &&
                        std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
  if (!value.is_array() || !is_index || std::stoul(key) >= value.size()) return nullptr;
  return &value[std::stoul(key)];
}

}  // namespace struere::json_schema
