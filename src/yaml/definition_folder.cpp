#include "struere/yaml/definition_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "definitions/definition_check.hpp"
#include "definitions/shape.hpp"
#include "struere/core/error.hpp"
#include "yaml/definition_file.hpp"
#include "yaml/document.hpp"

namespace struere {
namespace {

namespace files = std::filesystem;

class FolderReader {
 public:
  FolderReader(files::path folder, const HeldFields& held) : folder_(std::move(folder)), held_(held) {}

  DefinitionSet read() {
    std::error_code failure;
    if (!files::is_directory(folder_, failure))
      throw Error(ErrorCode::not_found, fmt::format("there is no folder {}; name another one", folder_.string()));
    for (const DefinitionKind kind : definition_kinds)
      for (const files::path& file : files_of(folder_, kind)) read_file(kind, file);
    for (const DefinitionFault& fault : check_definitions(set_, held_).faults) {
      const Source& source = sources_.at({fault.kind, fault.name});
      report(source.file, source.document.position_of(fault.place), fault.message);
    }
    if (messages_.empty()) return std::move(set_);
    throw Error(ErrorCode::invalid_definition, messages_);
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
    if (file == folder_ / folder_of(kind))
      return report(file, {}, "this is not a folder that can be read; move it elsewhere");
    if (!is_definition_file(file))
      return report(file, {}, "a definition is a file that ends in .yaml, .yml or .json; move this one elsewhere");
    if (!is_regular(file))
      return report(file, {},
                    "this is a folder, a pipe, a device or a link to nothing, and no file; move it elsewhere");
    const auto text = text_of_file(file);
    if (!text) return report(file, {}, "the file cannot be read, or is larger than 1 MiB");
    try {
      Document document(*text, format_of(file));
      // A definition without a name cannot be compared with others, but its shape is still checked.
      try {
        set_.add(kind, document.value());
      } catch (const Error& error) {
        const auto shape = shape_faults(kind, document.value());
        if (shape.empty()) report(file, {}, error.what() + other_file(kind, document.value()));
        for (const ShapeFault& fault : shape) report(file, document.position_of(fault.place), fault.message);
        return;
      }
      sources_.emplace(std::pair(kind, name_in(document.value())), Source{file, document});
    } catch (const DocumentFault& fault) {
      report(file, fault.position, fault.message);
    }
  }

  static std::string name_in(const Json& definition) {
    return definition.at(definition.contains("slug") ? "slug" : "name").get<std::string>();
  }
  // The file that has defined the same name, as the end of an error.
  std::string other_file(DefinitionKind kind, const Json& definition) const {
    const auto other = sources_.find({kind, name_in(definition)});
    return other == sources_.end()
               ? std::string()
               : fmt::format("; the other is in {}", other->second.file.lexically_relative(folder_).generic_string());
  }

  files::path folder_;
  const HeldFields& held_;
  DefinitionSet set_;
  std::map<std::pair<DefinitionKind, std::string>, Source> sources_;
  std::vector<std::string> messages_;
};

}  // namespace

DefinitionSet read_definitions(const files::path& folder, const HeldFields& held) {
  return FolderReader(folder, held).read();
}

}  // namespace struere
