#include "yaml/document.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <sstream>
#include <vector>

#include "core/text.hpp"

namespace struere {
namespace {

DocumentPlace place_of(const YAML::Mark& mark) { return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1}; }

// Numbers follow the grammar of JSON.
Json plain_scalar(const YAML::Mark& mark, const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  if (text.front() == '-' || (text.front() >= '0' && text.front() <= '9')) {
    JsonFault fault;
    if (auto number = parse_json(text, fault); number && number->is_number()) return *std::move(number);
    // By the grammar of JSON this is a number, so it is not read as a text.
    if (fault.message.find("number") != std::string::npos) throw DocumentFault{place_of(mark), fault.message};
  }
  return text;
}

}  // namespace

// Builds the value from the parser's events instead of its nodes. Each event comes once, in the order of the file, so
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
    if (text.find('\0') != std::string::npos) refuse(mark, "a text holds U+0000, which cannot be stored");
    put(mark, tag == "!" || expects_key() ? Json(text) : plain_scalar(mark, text));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, Json::array(), style);
  }
  void OnSequenceEnd() override { stack_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, Json::object(), style);
  }
  void OnMapEnd() override { stack_.pop_back(); }

 private:
  struct Level {
    Json* value;
    Json::json_pointer place;
    std::optional<std::string> key;  // of a mapping that awaits a value
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw DocumentFault{place_of(mark), std::move(message)};
  }

  bool expects_key() const { return !stack_.empty() && stack_.back().value->is_object() && !stack_.back().key; }

  static void check(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) {
    if (anchor != 0) refuse(mark, "anchors and aliases are not read; write the value out");
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags are not read; remove it");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty,
            YAML::EmitterStyle::value style) {
    check(mark, anchor, tag);
    if (stack_.size() >= json_max_depth) refuse(mark, "this is nested too deeply");
    if (expects_key()) refuse(mark, "a key is a text");
    auto [value, place] = put(mark, std::move(empty));
    if (style == YAML::EmitterStyle::Flow) document_.flows_.insert(place.to_string());
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
      // Stores the position of the key for the value, because an editor should go to the key.
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

namespace {

// Columns count code points.
DocumentPlace place_at(std::string_view text, std::size_t at) {
  DocumentPlace out;
  for (std::size_t i = 0; i < at && i < text.size(); ++i) {
    if (text[i] == '\n')
      out = {out.line + 1, 1};
    else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
      ++out.column;
  }
  return out;
}

// Refuses characters that yaml-cpp would take for the end of the file or change without an error.
void refuse_unreadable(const std::string& text) {
  if (text.size() > json_max_bytes) throw DocumentFault{{}, "a file is at most 1 MiB"};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f)
      throw DocumentFault{place_at(text, i),
                          fmt::format("the control character U+{:04X} is not read; write it as an escape", byte)};
  }
  if (!is_text(text, json_max_bytes)) throw DocumentFault{{}, "the file is not valid UTF-8"};
}

}  // namespace

// Reads JSON text for the positions of its values and faults.
class JsonPlaces {
 public:
  JsonPlaces(Document& document, std::string_view text) : document_(document), text_(text) {}

  // Throws DocumentFault for text that is not JSON, as far as this reader notices.
  void read() {
    while (skip_space(), at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '{' || c == '[') {
        const auto place = note();
        document_.flows_.insert(place.to_string());
        levels_.push_back({place, c == '{', c == '{', 0, {}});
        if (levels_.size() > json_max_depth) refuse("this is nested too deeply");
        ++at_;
      } else if (c == '}' || c == ']') {
        if (levels_.empty() || levels_.back().is_object != (c == '}')) refuse("this bracket closes nothing");
        levels_.pop_back();
        ++at_;
      } else if (c == ',' || c == ':') {
        if (levels_.empty()) refuse("this is not expected here");
        levels_.back().expects_key = c == ',' && levels_.back().is_object;
        levels_.back().index += c == ',' ? 1 : 0;
        ++at_;
      } else {
        take_scalar();
      }
    }
  }

 private:
  struct Level {
    Json::json_pointer place;
    bool is_object;
    bool expects_key;
    std::size_t index;
    std::string key;
  };

  [[noreturn]] void refuse(const std::string& message) const { throw DocumentFault{place_at(text_, at_), message}; }

  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  // Stores the position of the value that begins here. For a member it is the position of its key, because an editor
  // should go to the key.
  Json::json_pointer note() {
    Json::json_pointer place;
    if (!levels_.empty()) {
      const Level& level = levels_.back();
      place = level.is_object ? level.place / level.key : level.place / level.index;
    }
    document_.positions_.emplace(place.to_string(), place_at(text_, at_));
    return place;
  }

  void take_scalar() {
    std::size_t end = at_ + 1;
    if (text_[at_] == '"') {
      while (end < text_.size() && text_[end] != '"' && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
      end = std::min(end + 1, text_.size());
    } else {
      end = std::min(text_.find_first_of(" \t\r\n,:[]{}\"", at_), text_.size());
    }
    JsonFault fault;
    const auto value = parse_json(text_.substr(at_, end - at_), fault);
    if (!value) refuse(fault.message.starts_with("not JSON") ? "this is not JSON" : fault.message);
    if (!levels_.empty() && levels_.back().expects_key) {
      Level& level = levels_.back();
      if (!value->is_string()) refuse("a key is a text");
      level.key = value->get<std::string>();
      if (!document_.positions_.emplace((level.place / level.key).to_string(), place_at(text_, at_)).second)
        refuse(fmt::format("the key `{}` is here twice", level.key));
    } else {
      note();
    }
    at_ = end;
  }

  Document& document_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Level> levels_;
};

Document::Document(const std::string& text, Format format) {
  if (format == Format::json) {
    JsonFault fault;
    auto value = parse_json(text, fault);
    JsonPlaces(*this, text).read();
    // For example "not JSON at byte 17", because of an extra comma.
    if (std::size_t byte = 0; !value && std::sscanf(fault.message.c_str(), "not JSON at byte %zu", &byte) == 1)
      throw DocumentFault{place_at(text, std::max<std::size_t>(byte, 1) - 1), "this is not JSON"};
    if (!value) throw DocumentFault{{}, fault.message};
    value_ = *std::move(value);
    return;
  }
  refuse_unreadable(text);
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

std::optional<DocumentPlace> Document::block_position_of(const Json::json_pointer& place) const {
  const auto found = positions_.find(place.to_string());
  if (place.empty() || found == positions_.end() || flows_.contains(place.parent_pointer().to_string()))
    return std::nullopt;
  return found->second;
}

Document::Format format_of(const std::filesystem::path& file) {
  return file.extension() == ".json" ? Document::Format::json : Document::Format::yaml;
}

}  // namespace struere
