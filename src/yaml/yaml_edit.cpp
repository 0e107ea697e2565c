#include "yaml/yaml_edit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "struere/core/error.hpp"
#include "yaml/document.hpp"

namespace struere {
namespace {

// Lines count from 0. A part ends before line `end`.
struct Part {
  std::size_t comments;  // its first line, with the comments above it
  std::size_t begin;     // its first line
  std::size_t end;
};

// The text cannot be changed line by line.
struct NotEditable {};

constexpr std::size_t most_comments = 300;  // that are looked for, each by reading the file once more

std::string_view line_end_of(std::string_view text) {
  const std::size_t end = text.find('\n');
  return end != std::string_view::npos && end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
}

// New text, with the line ends of the file.
std::string with_line_ends(const std::string& text, std::string_view line_end) {
  if (line_end == "\n") return text;
  std::string out;
  for (const char c : text)
    if (c == '\n')
      out += line_end;
    else
      out += c;
  return out;
}

// The comments in a part of a text, without the space around them. A comment is what the text reads the same without.
std::vector<std::string> comments_in(const std::string& text, const Json& value, std::size_t begin, std::size_t end) {
  std::vector<std::string> out;
  std::size_t tries = 0;
  for (std::size_t at = begin; (at = text.find('#', at)) < end; ++at) {
    if (at > begin && !std::isspace(static_cast<unsigned char>(text[at - 1]))) continue;
    if (++tries > most_comments)
      throw Error(
          ErrorCode::conflict,
          fmt::format("a file has more than {} comments where it is to change; change it by hand", most_comments));
    const std::size_t line_end = std::min(text.find_first_of("\r\n", at), text.size());
    std::string without = text;
    without.erase(at, line_end - at);
    try {
      if (Document(without).value() != value) continue;
    } catch (const DocumentFault&) {
      continue;
    }
    out.push_back(text.substr(at, line_end - at));
    at = line_end - 1;
  }
  return out;
}

class Edit {
 public:
  Edit(const std::string& text, const Document& document)
      : text_(text), document_(document), line_end_(line_end_of(text)) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
      lines_.push_back(text.substr(at, end - at));
      starts_.push_back(at);
      at = end;
    }
    starts_.push_back(text.size());
    if (!lines_.empty() && !lines_.back().ends_with('\n')) lines_.back() += line_end_;
  }

  std::string mapping(const Json::json_pointer& place, const Json& before, const Json& wanted, std::size_t begin,
                      std::size_t end) const {
    std::vector<std::pair<DocumentPlace, std::string>> keys;
    for (const auto& [key, value] : before.items()) keys.emplace_back(position_of(place / key), key);
    std::ranges::sort(keys, {}, [](const auto& key) { return key.first.line; });
    std::vector<std::size_t> starts;
    const auto indent = static_cast<std::size_t>(keys.front().first.column - 1);
    for (const auto& [position, key] : keys) {
      starts.push_back(static_cast<std::size_t>(position.line - 1));
      if (lines_.at(starts.back()).find_first_not_of(' ') != indent) throw NotEditable();
    }
    const std::vector<Part> parts = parts_of(starts, indent, begin, end);
    std::string out = text_of(begin, parts.front().begin);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::string& key = keys[i].second;
      if (!wanted.contains(key)) continue;
      if (i > 0) out += text_of(parts[i].comments, parts[i].begin);
      out += member(place / key, key, before.at(key), wanted.at(key), parts[i], indent);
    }
    for (const auto& [key, value] : wanted.items())
      if (!before.contains(key)) out += with_line_ends(yaml_member(key, value, indent), line_end_);
    return out + text_of(parts.back().end, end);
  }

 private:
  DocumentPlace position_of(const Json::json_pointer& place) const {
    const auto found = document_.block_position_of(place);
    if (!found) throw NotEditable();
    return *found;
  }

  std::string text_of(std::size_t begin, std::size_t end) const {
    std::string out;
    for (; begin < end; ++begin) out += lines_.at(begin);
    return out;
  }

  // Whether the line is empty, or is a comment with at most this indent. Lines of a block of text are indented more.
  bool is_comment(std::size_t line, std::size_t indent) const {
    const std::size_t first = lines_.at(line).find_first_not_of(" \t\r\n");
    return first == std::string::npos || (lines_.at(line)[first] == '#' && first <= indent);
  }

  std::vector<Part> parts_of(const std::vector<std::size_t>& starts, std::size_t indent, std::size_t begin,
                             std::size_t end) const {
    std::vector<Part> out;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (i > 0 && starts[i] <= starts[i - 1]) throw NotEditable();
      std::size_t comments = starts[i];
      const std::size_t least = i == 0 ? begin : starts[i - 1] + 1;
      while (comments > least && is_comment(comments - 1, indent)) --comments;
      if (i > 0) out.back().end = comments;
      out.push_back({comments, starts[i], end});
    }
    while (out.back().end > out.back().begin + 1 && is_comment(out.back().end - 1, indent)) --out.back().end;
    return out;
  }

  std::string member(const Json::json_pointer& place, const std::string& key, const Json& before, const Json& wanted,
                     const Part& part, std::size_t indent) const {
    if (before == wanted) return text_of(part.begin, part.end);
    if (!before.empty() && !wanted.empty()) try {
        if (before.is_object() && wanted.is_object())
          return lines_.at(part.begin) + mapping(place, before, wanted, part.begin + 1, part.end);
        if (before.is_array() && wanted.is_array())
          return lines_.at(part.begin) + list(place, before, wanted, part.begin + 1, part.end);
      } catch (const NotEditable&) {  // the value is then written as a whole
      }
    return anew(yaml_member(key, wanted, indent), part, indent);
  }

  // Text in the place of a part, with the comments of that part: behind it if both take one line, otherwise above it.
  std::string anew(std::string text, const Part& part, std::size_t indent) const {
    const auto comments = comments_in(text_, document_.value(), starts_.at(part.begin), starts_.at(part.end));
    std::string above;
    if (comments.size() == 1 && part.end == part.begin + 1 && std::ranges::count(text, '\n') == 1)
      text.insert(text.size() - 1, "  " + comments.front());
    else
      for (const std::string& comment : comments) above += std::string(indent, ' ') + comment + "\n";
    return with_line_ends(above + text, line_end_);
  }

  std::string list(const Json::json_pointer& place, const Json& before, const Json& wanted, std::size_t begin,
                   std::size_t end) const {
    std::vector<std::size_t> starts;
    std::optional<std::size_t> indent;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const DocumentPlace position = position_of(place / i);
      const auto line = static_cast<std::size_t>(position.line - 1);
      const std::size_t dash = lines_.at(line).find_first_not_of(' ');
      const bool is_alone =
          lines_.at(line).find_first_not_of(' ', dash + 1) == static_cast<std::size_t>(position.column - 1);
      if (lines_.at(line)[dash] != '-' || !is_alone || (indent && *indent != dash) || line < begin) throw NotEditable();
      indent = dash;
      starts.push_back(line);
    }
    const std::vector<Part> parts = parts_of(starts, *indent, begin, end);
    std::string out = text_of(begin, parts.front().begin);
    std::size_t next = 0;  // the first remaining part
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      std::size_t same = next;
      while (same < before.size() && before[same] != wanted[i]) ++same;
      if (same < before.size()) {
        if (same > 0) out += text_of(parts[same].comments, parts[same].begin);
        out += text_of(parts[same].begin, parts[same].end);
        next = same + 1;
      } else {
        // The element replaces a removed one and keeps the comments of that one.
        const bool replaces =
            next < before.size() && std::find(wanted.begin(), wanted.end(), before[next]) == wanted.end();
        if (replaces && next > 0) out += text_of(parts[next].comments, parts[next].begin);
        if (replaces)
          out += anew(yaml_element(wanted[i], *indent), parts[next++], *indent);
        else
          out += with_line_ends(yaml_element(wanted[i], *indent), line_end_);
      }
    }
    return out + text_of(parts.back().end, end);
  }

  const std::string& text_;
  const Document& document_;
  std::string_view line_end_;
  std::vector<std::string> lines_;   // each with its line end
  std::vector<std::size_t> starts_;  // of the lines, and the end of the last one
};

}  // namespace

std::string edited_yaml(const std::string& before, const Json& wanted) {
  try {
    const Document document(before);
    const Json& value = document.value();
    if (value == wanted) return before;
    if (value.is_object() && wanted.is_object() && !value.empty()) {
      const auto lines = static_cast<std::size_t>(std::ranges::count(before, '\n')) + (before.ends_with('\n') ? 0 : 1);
      std::string out = Edit(before, document).mapping(Json::json_pointer(), value, wanted, 0, lines);
      if (Document(out).value() == wanted) return out;
    }
  } catch (const DocumentFault&) {  // the old text is not a definition
  } catch (const NotEditable&) {
  }
  return rewritten_yaml(before, wanted);
}

std::string rewritten_yaml(const std::string& before, const Json& wanted) {
  std::string comments;
  try {
    for (const std::string& comment : comments_in(before, Document(before).value(), 0, before.size()))
      comments += comment + "\n";
  } catch (const DocumentFault&) {  // without a value, comments cannot be told apart
  }
  const std::string_view line_end = line_end_of(before);
  std::string out = with_line_ends(comments + to_yaml(wanted), line_end);
  if (Document(out).value() == wanted) return out;
  return comments + to_yaml(wanted);
}

}  // namespace struere
