// Paths inside `data`, and functions that read and change the values at them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace struere::proof {

using Path = std::vector<std::string>;

inline std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (true) {
    const auto end = text.find(at);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// The path of a field such as `data.a.b`.
inline Path path_of(std::string_view field) { return split(field.substr(std::string_view("data.").size()), '.'); }

inline std::string field_of(const Path& path) {
  std::string out = "data";
  for (const std::string& segment : path) out += "." + segment;
  return out;
}

template <class AnyJson>
const AnyJson* find(const AnyJson& data, const Path& path) {
  const AnyJson* at = &data;
  for (const std::string& key : path) {
    if (!at->is_object() || !at->contains(key)) return nullptr;
    at = &at->at(key);
  }
  return at;
}

// Sets the value at the path, and replaces anything on the way that is not an object.
template <class AnyJson>
void set(AnyJson& data, const Path& path, AnyJson value) {
  AnyJson* at = &data;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    at = &(*at)[path[i]];
    if (!at->is_object()) *at = AnyJson::object();
  }
  (*at)[path.back()] = std::move(value);
}

template <class AnyJson>
void erase(AnyJson& data, const Path& path) {
  AnyJson* at = &data;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (!at->is_object() || !at->contains(path[i])) return;
    at = &at->at(path[i]);
  }
  if (at->is_object()) at->erase(path.back());
}

}  // namespace struere::proof
