// One file as JSON, and where in it each value stands: the only code that speaks to yaml-cpp.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "struere/core/json.hpp"

namespace struere {

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
  // Throws DocumentFault. YAML 1.2's core schema, of which JSON is part: `yes` and `0x10` are texts. No two keys of a
  // name, no anchors, no tags.
  explicit Document(const std::string& text);

  const Json& value() const noexcept { return value_; }
  // Of what is there, or of the nearest thing around it.
  DocumentPlace position_of(Json::json_pointer place) const;

 private:
  friend class DocumentReader;

  Json value_;
  std::map<std::string, DocumentPlace> positions_;  // by JSON pointer
};

// YAML that reads as this value.
std::string to_yaml(const Json& value);

}  // namespace struere
