#include "struere/spi/backend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "struere/core/error.hpp"

namespace struere {
inline namespace spi {
namespace {

struct Backends {
  std::mutex mutex;
  std::map<std::string, OpenBackend, std::less<>> by_scheme;
};

// Made with its first use, which may be before this file's own objects are.
Backends& backends() {
  static Backends out;
  return out;
}

bool is_scheme(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  });
}

}  // namespace

void register_backend(std::string scheme, OpenBackend open) {
  Backends& all = backends();
  const std::scoped_lock lock(all.mutex);
  all.by_scheme.insert_or_assign(std::move(scheme), open);
}

std::string_view scheme_of(std::string_view url_or_path) {
  const std::size_t end = url_or_path.find("://");
  return end == std::string_view::npos ? std::string_view() : url_or_path.substr(0, end + 3);
}

std::unique_ptr<Storage> open_backend(const std::string& url, const BackendOptions& options) {
  const std::string_view with_separator = scheme_of(url);
  const std::string_view scheme = with_separator.substr(0, with_separator.size() - 3);
  OpenBackend open = nullptr;
  {
    Backends& all = backends();
    const std::scoped_lock lock(all.mutex);
    if (const auto found = all.by_scheme.find(scheme); found != all.by_scheme.end()) open = found->second;
  }
  if (open) return open(url, options);
  if (scheme == "postgresql" || scheme == "postgres")
    throw Error(ErrorCode::storage,
                "this program has no PostgreSQL storage; link struere::postgres (CMake, pkg-config: struere-postgres)");
  throw Error(ErrorCode::storage,
              fmt::format("no storage is known by the scheme {}; name a file, or a URL that begins with postgresql://",
                          is_scheme(scheme) ? fmt::format("`{}`", scheme) : "of this URL"));
}

}  // namespace spi
}  // namespace struere
