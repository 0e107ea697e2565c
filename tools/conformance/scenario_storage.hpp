// The storage that holds the data of a scenario while it is played.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "struere/conformance.hpp"
#include "struere/repository/database.hpp"

namespace struere::conformance {

// The value of `--storage`.
struct StorageChoice {
  enum class Kind { memory, temporary_file, file, made, url };

  Kind kind = Kind::temporary_file;
  std::filesystem::path path = {};              // of `file`
  StorageFactory make = {};                     // of `made`
  std::shared_ptr<const std::string> url = {};  // of `url`: a database that exists as long as this

  // Makes the storages of a URL postgresql://…; set by a program that has them (postgres/empty_databases.hpp).
  static inline std::function<StorageFactory(const std::string& url)> of_url = {};
  // One for several processes.
  static inline std::function<std::shared_ptr<const std::string>(const std::string& url)> own_of_url = {};
  static StorageChoice shared_by_url(const std::string& url);

  // Throws std::invalid_argument with a message for the user.
  static StorageChoice parse(const std::string& text);
};

// An empty storage for one scenario. It removes a temporary file at the end, but keeps a file given by its path.
class ScenarioStorage {
 public:
  explicit ScenarioStorage(const StorageChoice& choice);
  ~ScenarioStorage();
  ScenarioStorage(const ScenarioStorage&) = delete;
  ScenarioStorage& operator=(const ScenarioStorage&) = delete;

  // The database must not outlive this object.
  Database open(DatabaseOptions options) const;

  // The directory of a temporary file.
  const std::filesystem::path& directory() const { return directory_.value(); }

 private:
  std::optional<std::filesystem::path> directory_;  // made here, and removed with all that is in it
  std::optional<std::filesystem::path> file_;       // none: in memory, made, or at a URL
  std::shared_ptr<const std::string> url_;
  StorageFactory make_;
};

}  // namespace struere::conformance
