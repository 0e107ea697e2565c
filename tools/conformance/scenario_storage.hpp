// Where the data of a scenario is while it is played.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "struere/conformance.hpp"
#include "struere/repository/database.hpp"

namespace struere::conformance {

// What `--storage` says.
struct StorageChoice {
  enum class Kind { memory, temporary_file, file, made };

  Kind kind = Kind::temporary_file;
  std::filesystem::path path = {};  // of `file`
  StorageFactory make = {};         // of `made`

  // Makes the storages of a URL postgresql://…; set by a program that has them (postgres/empty_databases.hpp).
  static inline std::function<StorageFactory(const std::string& url)> of_url = {};

  // Throws std::invalid_argument, with a message for the person who typed it.
  static StorageChoice parse(const std::string& text);
};

// An empty place for one scenario. A temporary file goes with it; one that was asked for by its path stays.
class ScenarioStorage {
 public:
  explicit ScenarioStorage(const StorageChoice& choice);
  ~ScenarioStorage();
  ScenarioStorage(const ScenarioStorage&) = delete;
  ScenarioStorage& operator=(const ScenarioStorage&) = delete;

  // The database must not outlive this.
  Database open(DatabaseOptions options) const;

  // Of a temporary file.
  const std::filesystem::path& directory() const { return directory_.value(); }

 private:
  std::optional<std::filesystem::path> directory_;  // made here, and removed with all that is in it
  std::optional<std::filesystem::path> file_;       // none: in memory, or made
  StorageFactory make_;
};

}  // namespace struere::conformance
