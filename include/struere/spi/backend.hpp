// Storages that Database::open finds by the scheme of a URL, such as `postgresql://…`.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "struere/spi/storage.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {

// What every backend is opened with.
struct BackendOptions {
  std::chrono::milliseconds busy_timeout{5000};  // how long a writer waits for those before it
  bool must_exist = false;                       // otherwise what is missing is made
  bool read_only = false;                        // each write throws Error{storage}
};

using OpenBackend = std::unique_ptr<Storage> (*)(const std::string& url, const BackendOptions& options);

// A library that has a storage calls this before main(), by an object of namespace scope; the later one of a scheme
// prevails. `scheme` is lower case, without `://`.
void register_backend(std::string scheme, OpenBackend open);

// The scheme of a URL; empty for a path of the file system, which `file:x` is too. `a://b` has one, whatever `a` is.
std::string_view scheme_of(std::string_view url_or_path);

// Throws Error{storage}, which says what to link, if no backend has the scheme of the URL.
std::unique_ptr<Storage> open_backend(const std::string& url, const BackendOptions& options);

}  // namespace spi
}  // namespace struere
