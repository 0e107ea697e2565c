#include "struere/definitions/definition_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "definitions/definition_check.hpp"
#include "definitions/document.hpp"
#include "definitions/shape.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

namespace files = std::filesystem;

constexpr const char* folder_of(DefinitionKind kind) {
  switch (kind) {
    case DefinitionKind::entity_type: return "entity-types";
    case DefinitionKind::role: return "roles";
    case DefinitionKind::agent: return "agents";
    case DefinitionKind::trigger: return "triggers";
    case DefinitionKind::tool: return "tools";
  }
  return "tools";
}

// What editors and file managers leave lying about is nobody's definition.
bool is_ignored(const files::path& file) {
  const std::string name = file.filename().string();
  return name.starts_with('.') || name.ends_with('~') || name.ends_with(".swp");
}

bool is_definition_file(const files::path& file) {
  return file.extension() == ".yaml" || file.extension() == ".yml" || file.extension() == ".json";
}

std::vector<files::path> files_of(const files::path& folder, DefinitionKind kind) {
  std::vector<files::path> out;
  const files::path place = folder / folder_of(kind);
  if (!files::exists(place)) return out;
  for (const auto& entry : files::directory_iterator(place))
    if (!is_ignored(entry.path())) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

class FolderReader {
 public:
  FolderReader(files::path folder, const HeldFields& held) : folder_(std::move(folder)), held_(held) {}

  DefinitionSet read() {
    if (!files::is_directory(folder_))
      throw Error(ErrorCode::not_found, fmt::format("there is no folder {}; name another one", folder_.string()));
    for (const DefinitionKind kind : definition_kinds)
      for (const files::path& file : files_of(folder_, kind)) read_file(kind, file);
    for (const DefinitionFault& fault : check_definitions(set_, held_).faults) {
      const Source& source = sources_.at({fault.kind, fault.name});
      report(source.file, source.document.position_of(fault.place), fault.message);
    }
    if (messages_.empty()) return std::move(set_);
    throw Error(ErrorCode::invalid_definition, fmt::format("{}", fmt::join(messages_, "\n")));
  }

 private:
  struct Source {
    files::path file;
    Document document;
  };

  void report(const files::path& file, DocumentPlace place, const std::string& message) {
    messages_.push_back(fmt::format("{}:{}:{}: {}", file.lexically_relative(folder_).generic_string(), place.line,
                                    place.column, message));
  }

  void read_file(DefinitionKind kind, const files::path& file) {
    if (!is_definition_file(file) || !files::is_regular_file(file))
      return report(file, {}, "a definition is a file that ends in .yaml, .yml or .json; move this one elsewhere");
    std::ifstream stream(file, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    if (!stream) return report(file, {}, "the file cannot be read");
    try {
      Document document(text.str());
      // What has no name cannot be compared with anything; its shape is told all the same.
      try {
        set_.add(kind, document.value());
      } catch (const Error& error) {
        const auto shape = shape_faults(kind, document.value());
        if (shape.empty()) report(file, {}, error.what());
        for (const ShapeFault& fault : shape) report(file, document.position_of(fault.place), fault.message);
        return;
      }
      const char* const key = document.value().contains("slug") ? "slug" : "name";
      sources_.emplace(std::pair(kind, document.value().at(key).get<std::string>()), Source{file, document});
    } catch (const DocumentFault& fault) {
      report(file, fault.position, fault.message);
    }
  }

  files::path folder_;
  const HeldFields& held_;
  DefinitionSet set_;
  std::map<std::pair<DefinitionKind, std::string>, Source> sources_;
  std::vector<std::string> messages_;
};

// Without what is so anyway.
Json brief(DefinitionKind kind, Json definition) {
  static const std::map<std::string, Json> defaults{{"searchFields", Json::array()},
                                                    {"unique", Json::array()},
                                                    {"schema", Json::object()},
                                                    {"userIdField", "userId"},
                                                    {"policies", Json::array()},
                                                    {"scopeRules", Json::array()},
                                                    {"fieldMasks", Json::array()},
                                                    {"visibleFields", Json::array()},
                                                    {"description", ""},
                                                    {"status", "active"},
                                                    {"tools", Json::array()},
                                                    {"roles", Json::array()},
                                                    {"agents", Json::object()}};
  if (kind == DefinitionKind::trigger) return definition;
  for (const auto& [key, value] : defaults)
    if (definition.contains(key) && definition.at(key) == value) definition.erase(key);
  if (definition.contains("slug") && definition.contains("name") && definition.at("name") == definition.at("slug"))
    definition.erase("name");
  if (!definition.contains("policies")) return definition;
  // Policies that stand together and differ in their actions alone are one.
  Json policies = Json::array();
  for (const Json& policy : definition.at("policies"))
    if (!policies.empty() && policies.back().at("resource") == policy.at("resource") &&
        policies.back().at("effect") == policy.at("effect"))
      policies.back()["actions"].push_back(policy.at("actions").front());
    else
      policies.push_back(policy);
  definition["policies"] = std::move(policies);
  return definition;
}

// A name that is a file's on every system, and no other definition's.
std::string file_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool is_safe = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += is_safe ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out + ".yaml";
}

void write_file(const files::path& file, const std::string& text) {
  const files::path unfinished = file.parent_path() / ("." + file.filename().string() + ".unfinished");
  std::ofstream stream(unfinished, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  std::error_code failure;
  if (stream) files::rename(unfinished, file, failure);
  if (!stream || failure) {
    files::remove(unfinished, failure);
    throw Error(ErrorCode::storage, fmt::format("the file {} cannot be written", file.string()));
  }
}

// Which file holds which definition now: a file that somebody named keeps its name.
std::map<std::string, files::path> named_files(const files::path& folder, DefinitionKind kind) {
  std::map<std::string, files::path> out;
  for (const files::path& file : files_of(folder, kind)) {
    if (file.extension() == ".json" || !is_definition_file(file)) continue;
    std::ifstream stream(file, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    try {
      const Json value = Document(text.str()).value();
      if (value.is_object())
        if (const Json name = value.value(value.contains("slug") ? "slug" : "name", Json()); name.is_string())
          out.emplace(name.get<std::string>(), file);
    } catch (const DocumentFault&) {  // what cannot be read is replaced
    }
  }
  return out;
}

}  // namespace

DefinitionSet read_definitions(const files::path& folder, const HeldFields& held) {
  return FolderReader(folder, held).read();
}

void write_definitions(const files::path& folder, const DefinitionSet& definitions) {
  std::error_code failure;
  for (const DefinitionKind kind : definition_kinds) {
    const auto known = named_files(folder, kind);
    std::set<files::path> kept;
    files::create_directories(folder / folder_of(kind), failure);
    for (const auto& [name, definition] : definitions.of(kind)) {
      const auto file = known.contains(name) ? known.at(name) : folder / folder_of(kind) / file_name(name);
      write_file(file, to_yaml(brief(kind, definition)));
      kept.insert(file);
    }
    for (const files::path& file : files_of(folder, kind))
      if (is_definition_file(file) && !kept.contains(file)) files::remove(file, failure);
  }
}

}  // namespace struere
