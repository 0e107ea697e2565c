#include "support/temporary_database.hpp"

#include <random>
#include <stdexcept>

namespace struere::test {

TemporaryFolder::TemporaryFolder() {
  std::random_device random;
  path_ = std::filesystem::temp_directory_path() /
          ("struere-test-" + std::to_string(random()) + "-" + std::to_string(random()));
  if (!std::filesystem::create_directory(path_)) throw std::runtime_error("no temporary folder");
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace struere::test
