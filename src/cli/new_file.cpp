#include "cli/new_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "struere/core/error.hpp"

namespace struere::cli {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& reason) {
  throw Error(ErrorCode::storage, fmt::format("{} cannot be written: {}", file.string(), reason));
}

}  // namespace

bool write_new_file(const std::filesystem::path& file, const std::string& text) {
  std::error_code failure;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failure);
  if (failure) fail(file, failure.message());
  std::FILE* const stream = std::fopen(file.c_str(), "wx");
  if (!stream && errno == EEXIST) return false;
  if (!stream) fail(file, std::strerror(errno));
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
  if (std::fclose(stream) != 0 || !is_written) {
    const int reason = errno;
    std::filesystem::remove(file, failure);  // half a file would be read as a whole one
    fail(file, std::strerror(reason));
  }
  return true;
}

}  // namespace struere::cli
