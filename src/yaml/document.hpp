// Reads one file as JSON, with the position of each value. Only this code uses yaml-cpp.
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

  // Throws DocumentFault. YAML is read by the core schema of YAML 1.2: `yes` and `0x10` are texts. Anchors, tags and
  // control characters are refused. JSON is read by parse_json. In both formats, keys must be unique and the limits of
  // parse_json apply.
  explicit Document(const std::string& text, Format format = Format::yaml);

  const Json& value() const noexcept { return value_; }
  // The position of the value, or of the nearest value that contains it.
  DocumentPlace position_of(Json::json_pointer place) const;
  // The position of exactly this value (for a member: of its key), if its mapping or list is written in lines and not
  // between brackets; otherwise `nullopt`.
  std::optional<DocumentPlace> block_position_of(const Json::json_pointer& place) const;

 private:
  friend class DocumentReader;
  friend class JsonPlaces;

  Json value_;
  std::map<std::string, DocumentPlace> positions_;  // by JSON pointer
  std::set<std::string> flows_;                     // mappings and lists between brackets
};

// Decides by the extension: .json is JSON, everything else is YAML.
Document::Format format_of(const std::filesystem::path& file);

// YAML that is read as this value.
std::string to_yaml(const Json& value);
// One member of a mapping, or one element of a list, in lines that begin with `indent` spaces.
std::string yaml_member(const std::string& key, const Json& value, std::size_t indent);
std::string yaml_element(const Json& value, std::size_t indent);

}  // namespace struere
