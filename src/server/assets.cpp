#include "server/assets.hpp"

#include <algorithm>
#include <string>

#include "server/sign_in_page.hpp"

namespace struere::server {
namespace {

constexpr std::string_view without_dashboard =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>struere</title>"
    "<h1>struere</h1><p>The server runs; its API is below <a href=\"/v1/openapi.json\">/v1</a>.</p>"
    "<p>This build has no dashboard. Install npm and build with -DSTRUERE_BUILD_DASHBOARD=ON to have one.</p></html>\n";

const Asset* find_in(std::span<const Asset> all, std::string_view path) noexcept {
  const auto found = std::ranges::find(all, path, &Asset::path);
  return found == all.end() ? nullptr : &*found;
}

// The dashboard signs people in itself.
const Asset* find(std::string_view path) noexcept {
  const Asset* const built = find_in(assets(), path);
  return built || find_in(assets(), "/index.html") ? built : find_in(sign_in_assets(), path);
}

}  // namespace

bool is_asset(const Request& request) { return request.path() == "/" || find(request.path()); }

bool is_page(const Request& request) {
  const auto accept = request.header("accept");
  return accept && accept->find("text/html") != std::string_view::npos && request.segments.front() != "assets";
}

Response asset_response(const Request& request) {
  const Asset* asset = find(request.path());
  if (!asset) asset = find("/index.html");
  if (!asset) return text_response(std::string(without_dashboard), "text/html; charset=utf-8");
  Response out = text_response(std::string(asset->bytes), std::string(asset->type));
  out.is_public = asset->is_named_by_hash;
  return out;
}

}  // namespace struere::server
