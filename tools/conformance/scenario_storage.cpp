#include "scenario_storage.hpp"

#include <random>
#include <stdexcept>
#include <string_view>

namespace struere::conformance {
namespace {

std::filesystem::path make_temporary_directory() {
  std::random_device random;
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() /
      ("struere-conformance-" + std::to_string(random()) + "-" + std::to_string(random()));
  if (!std::filesystem::create_directory(path)) throw std::runtime_error("cannot make a directory " + path.string());
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

void remove_database(const std::filesystem::path& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::filesystem::path part = path;
    part += suffix;
    std::filesystem::remove(part);
  }
}

}  // namespace

StorageChoice StorageChoice::parse(const std::string& text) {
  constexpr std::string_view file = "sqlite:";
  if (text == "memory") return {Kind::memory};
  if (text == "sqlite") return {Kind::temporary_file};
  if (text.starts_with(file) && text.size() > file.size()) return {Kind::file, text.substr(file.size())};
  if (text.starts_with("postgresql://") || text.starts_with("postgres://")) {
    if (of_url) return {Kind::made, {}, of_url(text), {}};
    throw std::invalid_argument("this build has no PostgreSQL storage: use memory, sqlite or sqlite:PATH");
  }
  throw std::invalid_argument("there is no storage `" + text + "`: use memory, sqlite or sqlite:PATH");
}

StorageChoice StorageChoice::shared_by_url(const std::string& url) {
  if (!own_of_url) throw std::invalid_argument("this build has no PostgreSQL storage");
  return {Kind::url, {}, {}, own_of_url(url)};
}

ScenarioStorage::ScenarioStorage(const StorageChoice& choice) {
  switch (choice.kind) {
    case StorageChoice::Kind::memory: break;
    case StorageChoice::Kind::made: make_ = choice.make; break;
    case StorageChoice::Kind::url: url_ = choice.url; break;
    case StorageChoice::Kind::temporary_file:
      directory_ = make_temporary_directory();
      file_ = *directory_ / "scenario.db";
      break;
    case StorageChoice::Kind::file:
      remove_database(choice.path);
      file_ = choice.path;
      break;
  }
}

ScenarioStorage::~ScenarioStorage() {
  std::error_code ignored;  // a file that cannot be removed from the temporary directory must not stop the run
  if (directory_) std::filesystem::remove_all(*directory_, ignored);
}

Database ScenarioStorage::open(DatabaseOptions options) const {
  if (make_) return Database::with_storage(make_(), options);
  if (url_) return Database::open(*url_, options);
  if (!file_) return Database::in_memory(options);
  options.sqlite.durability = Durability::normal;  // the data is discarded, so it need not survive a loss of power
  return Database::open(file_->string(), options);
}

}  // namespace struere::conformance
