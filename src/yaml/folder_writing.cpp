// Writes a set of definitions as files, and changes existing files where possible.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "core/folder_writer.hpp"
#include "definitions/definition_check.hpp"
#include "struere/core/error.hpp"
#include "struere/yaml/definition_folder.hpp"
#include "yaml/definition_file.hpp"
#include "yaml/document.hpp"
#include "yaml/yaml_edit.hpp"

namespace struere {
namespace {

namespace files = std::filesystem;

// Merges consecutive policies that differ only in their actions.
void add_policy(Json& policies, const Json& policy, bool may_join) {
  if (may_join && !policies.empty() && policies.back().at("resource") == policy.at("resource") &&
      policies.back().at("effect") == policy.at("effect"))
    policies.back()["actions"].push_back(policy.at("actions").front());
  else
    policies.push_back(policy);
}

// Removes members that have their default value.
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
  Json policies = Json::array();
  for (const Json& policy : definition.at("policies")) add_policy(policies, policy, true);
  definition["policies"] = std::move(policies);
  return definition;
}

// The wanted policies, grouped as they are in the file.
Json as_grouped(const Json& in_file, const Json& wanted) {
  Json out = Json::array();
  std::size_t at = 0;
  bool may_join = false;
  std::vector<bool> used(in_file.size());
  while (at < wanted.size()) {
    bool found = false;
    for (std::size_t i = 0; i < in_file.size() && !found; ++i) {
      const Json& group = in_file[i];
      if (used[i] || !group.contains("actions") || !group.at("actions").is_array() || group.at("actions").empty())
        continue;
      const Json& actions = group.at("actions");
      found = at + actions.size() <= wanted.size();
      for (std::size_t k = 0; k < actions.size() && found; ++k) {
        Json one = group;
        one["actions"] = Json::array({actions[k]});
        found = one == wanted[at + k];
      }
      if (!found) continue;
      out.push_back(group);
      used[i] = true;
      at += actions.size();
    }
    if (!found) add_policy(out, wanted[at++], may_join);
    may_join = !found;
  }
  return out;
}

// `wanted` in the form of the file with the value `in_file`: parts with the same meaning stay as they are written
// there.
Json as_written(DefinitionKind kind, const Json& in_file, const Json* normal, const Json& wanted) {
  Json out = brief(kind, wanted);
  if (!normal) return out;
  for (const auto& [key, value] : wanted.items()) {
    if (!normal->contains(key) || normal->at(key) != value) continue;
    if (in_file.contains(key))
      out[key] = in_file.at(key);
    else
      out.erase(key);
  }
  if (out.contains("policies") && in_file.contains("policies") && wanted.at("policies") != normal->at("policies"))
    out["policies"] = as_grouped(in_file.at("policies"), wanted.at("policies"));
  return out;
}

// A file name that is valid on every system and differs for each name.
std::string file_name(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool is_safe = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += is_safe ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return out + ".yaml";
}

std::optional<std::string> name_in(const Json& definition) {
  if (!definition.is_object()) return std::nullopt;
  const Json name = definition.value(definition.contains("slug") ? "slug" : "name", Json());
  return name.is_string() ? std::optional(name.get<std::string>()) : std::nullopt;
}

// Accepts every field in a mask, so that the definitions of the environment can be written unchanged.
CheckedDefinitions checked(const DefinitionSet& definitions) {
  return check_definitions(definitions, [](const std::string&, const FieldPath&) { return true; });
}

// JSON as the text of a file, with the line ends of the text before.
std::string json_like(const std::string& before, const Json& value) {
  std::string out = value.dump(2) + "\n";
  const std::size_t end = before.find('\n');
  if (end == std::string::npos || end == 0 || before[end - 1] != '\r') return out;
  for (std::size_t at = 0; (at = out.find('\n', at)) != std::string::npos; at += 2) out.insert(at, "\r");
  return out;
}

struct DefinitionFile {
  files::path file;
  std::string text;
  Json value;
};

class Planner {
 public:
  Planner(files::path folder, const DefinitionSet& definitions, const MayRemoveDefinition& may_remove)
      : folder_(std::move(folder)), may_remove_(may_remove), wanted_(definitions) {
    auto [faults, normal] = checked(definitions);
    if (faults.empty()) wanted_ = std::move(normal);
  }

  DefinitionFilePlan plan() {
    std::error_code failure;
    if (!files::is_directory(folder_, failure))
      throw Error(ErrorCode::not_found, fmt::format("there is no folder {}; name another one", folder_.string()));
    read_files();
    read_meanings();
    for (const DefinitionKind kind : definition_kinds) {
      for (const auto& [name, wanted] : wanted_.of(kind)) plan_one(kind, name, wanted);
      for (const auto& [name, file] : files_[kind])
        if (!wanted_.find(kind, name)) plan_other(kind, name, file);
    }
    check_texts();
    const FolderWriter writer(folder_);
    for (const auto& change : out_.changes) writer.require_replaceable(change.file);
    return std::move(out_);
  }

 private:
  files::path below(const files::path& file) const { return file.lexically_relative(folder_); }

  void read_files() {
    for (const DefinitionKind kind : definition_kinds)
      for (const files::path& file : files_of(folder_, kind)) {
        if (file == folder_ / folder_of(kind))
          throw Error(ErrorCode::invalid_definition,
                      fmt::format("{}:1:1: this is not a folder that can be read; move it elsewhere",
                                  below(file).generic_string()));
        if (!is_definition_file(file) || !is_regular(file)) continue;
        const auto text = text_of_file(file);
        std::optional<Json> value;
        if (text) try {
            value = Document(*text, format_of(file)).value();
          } catch (const DocumentFault&) {  // the file is kept
          }
        const auto name = value ? name_in(*value) : std::nullopt;
        if (name && files_[kind].emplace(*name, DefinitionFile{file, *text, *value}).second)
          found_.add(kind, *value);
        else
          out_.kept.push_back(below(file));
      }
  }

  // A file must not lose its form because a definition that it refers to has no file, or a file with a mistake: such a
  // definition is that of the environment.
  void read_meanings() {
    normal_ = checked(joined([](DefinitionKind, const std::string&) { return true; })).normal;
    for (const DefinitionKind kind : definition_kinds) {
      const auto is_missing = [&](DefinitionKind other, const std::string& name) {
        return other == kind && !normal_.find(kind, name);
      };
      const auto& files = found_.of(kind);
      if (std::ranges::none_of(files, [&](const auto& entry) { return is_missing(kind, entry.first); })) continue;
      const DefinitionSet now = checked(joined(is_missing)).normal;
      for (const auto& [name, definition] : files)
        if (const Json* const read = now.find(kind, name); read && is_missing(kind, name)) normal_.add(kind, *read);
    }
  }

  // The wanted definitions, with those files in their place, or beside them, that are `taken`.
  DefinitionSet joined(const std::function<bool(DefinitionKind kind, const std::string& name)>& taken) const {
    DefinitionSet out;
    for (const DefinitionKind kind : definition_kinds) {
      for (const auto& [name, definition] : found_.of(kind))
        if (taken(kind, name)) out.add(kind, definition);
      for (const auto& [name, definition] : wanted_.of(kind))
        if (!out.find(kind, name)) out.add(kind, definition);
    }
    return out;
  }

  void plan_one(DefinitionKind kind, const std::string& name, const Json& wanted) {
    const auto known = files_[kind].find(name);
    if (known == files_[kind].end()) {
      const files::path file = files::path(folder_of(kind)) / file_name(name);
      const auto is_same = [&](const files::path& kept) { return kept == file; };
      if (std::ranges::any_of(out_.kept, is_same))
        throw Error(ErrorCode::conflict, fmt::format("{} cannot be read as the {} `{}`; correct or remove it",
                                                     file.string(), to_string(kind), name));
      return add({DefinitionFilePlan::Action::make, file, to_yaml(brief(kind, wanted))}, kind, name);
    }
    const DefinitionFile& file = known->second;
    const Json* const normal = normal_.find(kind, name);
    if (normal && *normal == wanted) {
      ++out_.unchanged;
      return;
    }
    const Json value = as_written(kind, file.value, normal, wanted);
    const bool is_json = format_of(file.file) == Document::Format::json;
    add({DefinitionFilePlan::Action::change, below(file.file),
         is_json ? json_like(file.text, value) : edited_yaml(file.text, value)},
        kind, name);
  }

  void plan_other(DefinitionKind kind, const std::string& name, const DefinitionFile& file) {
    const Json* const normal = normal_.find(kind, name);
    if (normal && may_remove_ && may_remove_(kind, name, *normal))
      out_.changes.push_back({DefinitionFilePlan::Action::remove, below(file.file), {}});
    else
      out_.kept.push_back(below(file.file));
  }

  void add(DefinitionFilePlan::Change change, DefinitionKind kind, const std::string& name) {
    written_.push_back({out_.changes.size(), kind, name});
    out_.changes.push_back(std::move(change));
  }

  // Each text must read as the wanted definition; otherwise the file is written from scratch.
  void check_texts() {
    std::map<std::pair<DefinitionKind, std::string>, Json> values;
    for (const auto& [at, kind, name] : written_) {
      const auto& change = out_.changes[at];
      values[{kind, name}] = Document(change.text, format_of(change.file)).value();
    }
    DefinitionSet all;
    for (const DefinitionKind kind : definition_kinds)
      for (const auto& [name, definition] : wanted_.of(kind)) {
        const auto written = values.find({kind, name});
        all.add(kind, written == values.end() ? definition : written->second);
      }
    const DefinitionSet normal = checked(all).normal;
    for (const auto& [at, kind, name] : written_) {
      const Json& wanted = *wanted_.find(kind, name);
      const Json* const read = normal.find(kind, name);
      if (read && *read == wanted) continue;
      auto& change = out_.changes[at];
      const auto known = files_[kind].find(name);
      const std::string before = known == files_[kind].end() ? std::string() : known->second.text;
      change.text = format_of(change.file) == Document::Format::json ? json_like(before, brief(kind, wanted))
                                                                     : rewritten_yaml(before, brief(kind, wanted));
    }
  }

  struct Written {
    std::size_t change;
    DefinitionKind kind;
    std::string name;
  };

  files::path folder_;
  const MayRemoveDefinition& may_remove_;
  DefinitionSet wanted_;
  std::map<DefinitionKind, std::map<std::string, DefinitionFile>> files_;
  DefinitionSet found_, normal_;  // the content of the files
  std::vector<Written> written_;
  DefinitionFilePlan out_;
};

}  // namespace

DefinitionFilePlan plan_definition_files(const files::path& folder, const DefinitionSet& definitions,
                                         const MayRemoveDefinition& may_remove) {
  return Planner(folder, definitions, may_remove).plan();
}

void write_definition_files(const files::path& folder, const DefinitionFilePlan& plan) {
  const FolderWriter writer(folder);
  for (const auto& change : plan.changes) writer.require_replaceable(change.file);
  for (const auto& change : plan.changes) switch (change.action) {
      case DefinitionFilePlan::Action::make:
        if (!writer.make(change.file, change.text))
          throw Error(ErrorCode::conflict, fmt::format("{} is there by now; plan again", change.file.string()));
        break;
      case DefinitionFilePlan::Action::change: writer.replace(change.file, change.text); break;
      case DefinitionFilePlan::Action::remove: writer.remove(change.file); break;
    }
}

}  // namespace struere
