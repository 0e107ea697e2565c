#include "definitions/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

namespace struere {
namespace {

DocumentPlace place_of(const YAML::Mark& mark) { return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1}; }

// Numbers are those of JSON.
Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  if (text.front() == '-' || (text.front() >= '0' && text.front() <= '9')) {
    JsonFault fault;
    if (auto number = parse_json(text, fault); number && number->is_number()) return *std::move(number);
  }
  return text;
}

}  // namespace

// Builds the value from the parser's events rather than from its nodes: they come once each, in the file's order, so
// that anchors cannot multiply and a key cannot hide another.
class DocumentReader : public YAML::EventHandler {
 public:
  explicit DocumentReader(Document& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "a file holds one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, anchor, "");
    put(mark, nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, "anchors and aliases are not read; write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    check(mark, anchor, tag);
    put(mark, tag == "!" || expects_key() ? Json(text) : plain_scalar(text));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { stack_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { stack_.pop_back(); }

 private:
  struct Level {
    Json* value;
    Json::json_pointer place;
    std::optional<std::string> key;  // of a mapping whose value comes next
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw DocumentFault{place_of(mark), std::move(message)};
  }

  bool expects_key() const { return !stack_.empty() && stack_.back().value->is_object() && !stack_.back().key; }

  static void check(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) {
    if (anchor != 0) refuse(mark, "anchors and aliases are not read; write the value out");
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags are not read; remove it");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    check(mark, anchor, tag);
    if (stack_.size() >= json_max_depth) refuse(mark, "this is nested too deeply");
    if (expects_key()) refuse(mark, "a key is a text");
    auto [value, place] = put(mark, std::move(empty));
    stack_.push_back({value, std::move(place), std::nullopt});
  }

  std::pair<Json*, Json::json_pointer> put(const YAML::Mark& mark, Json value) {
    if (stack_.empty()) {
      document_.positions_.emplace("", place_of(mark));
      document_.value_ = std::move(value);
      return {&document_.value_, Json::json_pointer()};
    }
    Level& level = stack_.back();
    if (level.value->is_array()) {
      const auto place = level.place / level.value->size();
      document_.positions_.emplace(place.to_string(), place_of(mark));
      level.value->push_back(std::move(value));
      return {&level.value->back(), place};
    }
    if (!level.key) {
      if (!value.is_string()) refuse(mark, "a key is a text");
      const auto place = level.place / value.get<std::string>();
      // The key stands for the value: it is what an editor should go to.
      if (!document_.positions_.emplace(place.to_string(), place_of(mark)).second)
        refuse(mark, fmt::format("the key `{}` is here twice", value.get<std::string>()));
      level.key = value.get<std::string>();
      return {nullptr, Json::json_pointer()};
    }
    const auto place = level.place / *level.key;
    Json& stored = (*level.value)[*level.key] = std::move(value);
    level.key.reset();
    return {&stored, place};
  }

  Document& document_;
  std::vector<Level> stack_;
  int documents_ = 0;
};

Document::Document(const std::string& text) {
  std::istringstream stream(text);
  DocumentReader reader(*this);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(reader)) {
    }
  } catch (const YAML::Exception& error) {
    throw DocumentFault{place_of(error.mark), error.msg};
  }
}

DocumentPlace Document::position_of(Json::json_pointer place) const {
  for (;; place.pop_back()) {
    if (const auto found = positions_.find(place.to_string()); found != positions_.end()) return found->second;
    if (place.empty()) return {};
  }
}

namespace {

// Whether the text reads as itself where no quotes are around it.
bool is_plain(const std::string& text) {
  constexpr std::string_view others = " _-./";
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (text.empty() || !is_letter(text.front()) || text.back() == ' ' || text.size() > 100) return false;
  // Other readers of YAML take these for something else.
  constexpr std::array<std::string_view, 12> words{"null", "true", "false", "yes", "no",  "on",
                                                   "off",  "y",    "n",     "inf", "nan", "none"};
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::ranges::find(words, lower) == words.end() && std::ranges::all_of(text, [&](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
         });
}

// Whether it can be written as a block of lines, which reads back with exactly one newline at its end.
bool is_block(const std::string& text) {
  return text.size() > 1 && text.back() == '\n' && text[text.size() - 2] != '\n' && text.front() != ' ' &&
         text.front() != '\n' && text.find(" \n") == std::string::npos && std::ranges::all_of(text, [](char c) {
           return c == '\n' || (static_cast<unsigned char>(c) >= ' ' && static_cast<unsigned char>(c) < 0x7f);
         });
}

void write(std::string& out, const Json& value, std::size_t indent);

std::string text_of(const std::string& text) { return is_plain(text) ? text : Json(text).dump(); }

// Short enough for one line.
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
    for (const Json& element : value) {
      std::string part;
      write_inline(part, element, indent + 2);
      // The first line of a mapping stands beside the dash.
      if (part.front() == '\n') part = " " + part.substr(1 + indent + 2);
      out += margin + "-" + part;
    }
  } else {
    for (const auto& [key, part] : value.items()) {
      out += margin + text_of(key) + ":";
      write_inline(out, part, indent + 2);
    }
  }
}

}  // namespace

std::string to_yaml(const Json& value) {
  std::string out;
  write(out, value, 0);
  return out;
}

}  // namespace struere
