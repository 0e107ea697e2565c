// One file as JSON, and where in it each value stands: the only code of this library that speaks to yaml-cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/companion.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_COMPANION_API struere {

struct DocumentPlace {
  int line = 1;
  int column = 1;
};

struct DocumentFault {
  DocumentPlace position;
  std::string message;
};

class Document {
 public:
  enum class Format { yaml, json };

  // Throws DocumentFault. YAML 1.2's core schema: `yes` and `0x10` are texts; no anchors, no tags, no control
  // characters. JSON as parse_json reads it. In both, no two keys of a name, and the bounds of parse_json.
  explicit Document(const std::string& text, Format format = Format::yaml);

  const Json& value() const noexcept { return value_; }
  // Of what is there, or of the nearest thing around it.
  DocumentPlace position_of(Json::json_pointer place) const;
  // Of exactly this value (of a member: of its key), if it is a part of a mapping or list that is written in lines of
  // its own rather than between brackets.
  std::optional<DocumentPlace> block_position_of(const Json::json_pointer& place) const;

 private:
  friend class DocumentReader;
  friend class JsonPlaces;

  Json value_;
  std::map<std::string, DocumentPlace> positions_;  // by JSON pointer
  std::set<std::string> flows_;                     // mappings and lists between brackets
};

// By the end of the name: .json is JSON, all else is YAML.
Document::Format format_of(const std::filesystem::path& file);

// YAML that reads as this value.
std::string to_yaml(const Json& value);
// One member of a mapping, or one element of a list, in lines that begin after so many spaces.
std::string yaml_member(const std::string& key, const Json& value, std::size_t indent);
std::string yaml_element(const Json& value, std::size_t indent);

}  // namespace struere
