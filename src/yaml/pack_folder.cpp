#include "struere/yaml/pack_folder.hpp"
#include "core/single_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>

#include "definitions/pack_check.hpp"
#include "struere/core/error.hpp"
#include "struere/yaml/definition_folder.hpp"
#include "yaml/definition_file.hpp"
#include "yaml/document.hpp"

namespace struere {
namespace {

namespace files = std::filesystem;

constexpr std::array step_kinds{MigrationStep::Kind::add_field, MigrationStep::Kind::remove_field,
                                MigrationStep::Kind::rename_field, MigrationStep::Kind::add_type,
                                MigrationStep::Kind::modify_schema};

class PackReader {
 public:
  explicit PackReader(files::path folder) : folder_(std::move(folder)) {}

  Pack read() {
    const files::path file = folder_ / "pack.yaml";
    std::error_code failure;
    if (files::symlink_status(file, failure).type() == files::file_type::not_found || failure)
      throw Error(ErrorCode::not_found, fmt::format("there is no file {}; name the folder of a pack", file.string()));
    const auto text = text_of_file(file);
    if (!text)
      throw Error(ErrorCode::invalid_definition,
                  "pack.yaml:1:1: this is not a file that can be read, or it is larger than 1 MiB");
    check_folders();
    std::optional<Document> manifest;
    std::optional<DocumentFault> unreadable;
    std::vector<ShapeFault> faults;
    try {
      manifest.emplace(*text);
      faults = read_manifest(manifest->value());
    } catch (const DocumentFault& fault) {
      unreadable = fault;
    }
    try {
      pack_.definitions = read_definitions(folder_, fields_of_migrations(pack_));
      // Without readable definitions, the steps of migrations cannot be checked.
      if (manifest && faults.empty()) faults = pack_faults(pack_);
    } catch (const Error& error) {
      for (std::string& line : lines_of(error.what())) messages_.push_back(std::move(line));
    }
    if (unreadable) report(unreadable->position, unreadable->message);
    for (const ShapeFault& fault : faults) report(manifest->position_of(fault.place), fault.message);
    if (messages_.empty()) return std::move(pack_);
    throw Error(ErrorCode::invalid_definition, messages_);
  }

 private:
  void report(DocumentPlace place, const std::string& message) {
    messages_.push_back(fmt::format("pack.yaml:{}:{}: {}", place.line, place.column, message));
  }

  // Otherwise a pack with a mistyped folder name would lose its roles, for example.
  void check_folders() {
    const std::vector<std::string> known{"entity-types", "roles", "agents", "triggers", "tools"};
    std::error_code failure;
    for (auto entry = files::directory_iterator(folder_, failure); !failure && entry != files::directory_iterator();
         entry.increment(failure)) {
      const std::string name = entry->path().filename().string();
      std::error_code unknown;
      if (!entry->is_directory(unknown) || std::ranges::find(known, name) != known.end()) continue;
      if (const std::string meant = suggestion(name, known); !meant.empty())
        messages_.push_back(fmt::format("{}:1:1: nothing reads this folder.{}", name, meant));
    }
  }

  std::vector<ShapeFault> read_manifest(const Json& manifest) {
    auto faults = pack_shape_faults(manifest);
    if (faults.empty()) {
      for (const char* const key : {"id", "version", "name", "description"})
        if (manifest.contains(key)) text_of(key) = manifest.at(key).get<std::string>();
      if (manifest.contains("migrations"))
        for (std::size_t i = 0; i < manifest.at("migrations").size(); ++i)
          read_migration(manifest.at("migrations")[i], Json::json_pointer("/migrations") / i, faults);
    }
    return faults;
  }

  std::string& text_of(std::string_view key) {
    if (key == "id") return pack_.id;
    if (key == "version") return pack_.version;
    return key == "name" ? pack_.name : pack_.description;
  }

  void read_migration(const Json& json, const Json::json_pointer& place, std::vector<ShapeFault>& faults) {
    Migration migration{json.at("from"), json.at("to"), {}};
    if (json.contains("steps"))
      for (std::size_t i = 0; i < json.at("steps").size(); ++i) {
        const Json& step = json.at("steps")[i];
        if (step.size() == 1)
          migration.steps.push_back(read_step(step));
        else
          faults.push_back({place / "steps" / i,
                            "a step is one of addField, removeField, renameField, addType and "
                            "modifySchema; begin each with a dash"});
      }
    pack_.migrations.push_back(std::move(migration));
  }

  static MigrationStep read_step(const Json& json) {
    const auto kind =
        std::ranges::find_if(step_kinds, [&](MigrationStep::Kind each) { return json.contains(to_string(each)); });
    const Json& step = json.at(to_string(*kind));
    if (step.is_string()) return {*kind, step.get<std::string>()};
    return {*kind, step.at("entityType"), step.at("field"), step.value("to", ""), step.value("value", Json())};
  }

  files::path folder_;
  Pack pack_;
  std::vector<std::string> messages_;
};

}  // namespace

Pack read_pack(const files::path& folder) { return PackReader(folder).read(); }

}  // namespace struere
