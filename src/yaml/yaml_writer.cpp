// Writes JSON as YAML that is read as the same value.
#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>

#include "yaml/document.hpp"

namespace struere {
namespace {

// Whether the text is read as itself without quotes.
bool is_plain(const std::string& text) {
  constexpr std::string_view others = " _-./";
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !is_letter(text.front()) || text.back() == ' ' || text.size() > 100) return false;
  // Other YAML readers do not read these words as texts.
  constexpr std::array<std::string_view, 12> words{"null", "true", "false", "yes", "no",  "on",
                                                   "off",  "y",    "n",     "inf", "nan", "none"};
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::ranges::find(words, lower) == words.end() && std::ranges::all_of(text, [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
         });
}

// Whether the text can be written as a block of lines, which is read with exactly one newline at its end.
bool is_block(const std::string& text) {
  return text.size() > 1 && text.back() == '\n' && text[text.size() - 2] != '\n' && text.front() != ' ' &&
         text.front() != '\n' && text.find(" \n") == std::string::npos && std::ranges::all_of(text, [](char c) {
           return c == '\n' || (static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 0x7f);
         });
}

void write(std::string& out, const Json& value, std::size_t indent);
void write_element(std::string& out, const Json& element, std::size_t indent);

std::string text_of(const std::string& text) {
  if (is_plain(text)) return text;
  std::string out;
  for (const char c : Json(text).dump()) out += c == '\x7f' ? std::string("\\u007f") : std::string(1, c);
  return out;
}

// Whether the value is short enough for one line.
bool is_flow(const Json& value) {
  if (value.empty()) return true;
  return value.is_array() && value.dump().size() <= 80 &&
         std::ranges::none_of(value, [](const Json& element) { return element.is_structured(); });
}

void write_inline(std::string& out, const Json& value, std::size_t indent) {
  if (!value.is_structured() || is_flow(value)) {
    out += ' ';
    write(out, value, indent);
    out += '\n';
  } else {
    out += '\n';
    write(out, value, indent);
  }
}

void write(std::string& out, const Json& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (!is_block(text)) {
      out += text_of(text);
      return;
    }
    out += '|';
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) out += line.empty() ? "\n" : "\n" + margin + line;
  } else if (!value.is_structured()) {
    out += canonical_json(value);
  } else if (value.empty()) {
    out += value.is_array() ? "[]" : "{}";
  } else if (is_flow(value)) {
    out += '[';
    for (const Json& element : value) {
      if (&element != &value.front()) out += ", ";
      out += element.is_string() ? text_of(element.get<std::string>()) : canonical_json(element);
    }
    out += ']';
  } else if (value.is_array()) {
    for (const Json& element : value) write_element(out, element, indent);
  } else {
    for (const auto& [key, part] : value.items()) {
      out += margin + text_of(key) + ":";
      write_inline(out, part, indent + 2);
    }
  }
}

void write_element(std::string& out, const Json& element, std::size_t indent) {
  std::string part;
  write_inline(part, element, indent + 2);
  // The first line of a mapping is on the line of the dash.
  if (part.front() == '\n') part = " " + part.substr(1 + indent + 2);
  out += std::string(indent, ' ') + "-" + part;
}

}  // namespace

std::string yaml_member(const std::string& key, const Json& value, std::size_t indent) {
  std::string out;
  write(out, Json::object({{key, value}}), indent);
  return out;
}

std::string yaml_element(const Json& value, std::size_t indent) {
  std::string out;
  write_element(out, value, indent);
  return out;
}

std::string to_yaml(const Json& value) {
  std::string out;
  write(out, value, 0);
  return out;
}

}  // namespace struere
