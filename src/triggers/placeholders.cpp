#include "triggers/placeholders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr std::string_view opening = "{{", closing = "}}";

bool is_path(std::string_view path) {
  return !path.empty() && path.front() != '.' && path.back() != '.' && path.find("..") == std::string_view::npos &&
         std::ranges::all_of(path, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                  c == '.';
         });
}

// Calls `plain` with the text between placeholders, and `path` with the content of each placeholder.
template <class Plain, class Path>
void split(std::string_view text, const Plain& plain, const Path& path) {
  while (true) {
    const auto start = text.find(opening);
    if (start == std::string_view::npos) return plain(text);
    const auto end = text.find(closing, start);
    if (end == std::string_view::npos)
      throw Error(ErrorCode::invalid_definition, "a placeholder is opened by {{ and not closed by }}");
    plain(text.substr(0, start));
    std::string_view inner = text.substr(start + 2, end - start - 2);
    while (inner.starts_with(' ')) inner.remove_prefix(1);
    while (inner.ends_with(' ')) inner.remove_suffix(1);
    if (!is_path(inner))
      throw Error(ErrorCode::invalid_definition,
                  "a placeholder holds a path such as trigger.data.subject or steps.NAME.id");
    path(inner);
    text.remove_prefix(end + 2);
  }
}

const Json& look_up(const Json& values, std::string_view path) {
  const Json* at = &values;
  for (std::string_view rest = path; !rest.empty();) {
    const auto dot = std::min(rest.find('.'), rest.size());
    const std::string_view segment = rest.substr(0, dot);
    rest.remove_prefix(std::min(dot + 1, rest.size()));
    const Json* next = nullptr;
    if (at->is_object()) {
      if (const auto member = at->find(segment); member != at->end()) next = &*member;
    } else if (at->is_array()) {
      std::size_t index = 0;
      const auto [end, fault] = std::from_chars(segment.data(), segment.data() + segment.size(), index);
      if (fault == std::errc() && end == segment.data() + segment.size() && index < at->size()) next = &(*at)[index];
    }
    if (!next) throw Error(ErrorCode::invalid_data, fmt::format("the placeholder {{{{{}}}}} names nothing", path));
    at = next;
  }
  return *at;
}

// Fills in values. Fails if all inserted text together is longer than `longest_expansion`.
class Filling {
 public:
  explicit Filling(const Json& values) : values_(values) {}

  Json fill(const Json& arguments) {
    if (arguments.is_string()) return fill_text(arguments.get_ref<const std::string&>());
    if (!arguments.is_structured()) return arguments;
    Json out = arguments;
    for (Json& inner : out) inner = fill(inner);
    return out;
  }

 private:
  void count(std::size_t bytes) {
    if (bytes > longest_expansion - filled_)
      throw Error(ErrorCode::invalid_data,
                  "the values of the placeholders are larger than 1 MiB; use fewer or shorter ones");
    filled_ += bytes;
  }

  Json fill_text(const std::string& text) {
    std::string out;
    const Json* whole = nullptr;
    bool alone = true;
    split(
        text,
        [&](std::string_view plain) {
          alone = alone && plain.empty();
          out.append(plain);
        },
        [&](std::string_view path) {
          const Json& value = look_up(values_, path);
          alone = alone && !whole;
          whole = &value;
          const std::string shown = value.is_string() ? value.get<std::string>() : canonical_json(value);
          count(shown.size());
          out.append(shown);
        });
    return alone && whole ? *whole : Json(out);
  }

  const Json& values_;
  std::size_t filled_ = 0;
};

}  // namespace

void each_placeholder(const Json& arguments, const std::function<void(std::string_view)>& visit) {
  if (arguments.is_string())
    split(
        arguments.get_ref<const std::string&>(), [](std::string_view) {}, visit);
  else if (arguments.is_structured())
    for (const Json& inner : arguments) each_placeholder(inner, visit);
}

Json filled_in(const Json& arguments, const Json& values) { return Filling(values).fill(arguments); }

}  // namespace struere
