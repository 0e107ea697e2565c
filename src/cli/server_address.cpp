// The parts of addresses, which need no network.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "cli/http_client.hpp"
#include "cli/workspace.hpp"

namespace struere::cli {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

// No name but localhost is: the machine of a name such as 127.example.org is somebody else's.
bool is_this_machine(const std::string& host) {
  constexpr std::uint32_t first_byte = 24, loopback = 127;
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> first_byte == loopback;
  return host == "localhost" || (inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6));
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_plain(c))
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// Ids that a path cannot have as they are (docs/http.md). No route that the tool calls ends in /export.
std::string segment_of(const std::string& text) {
  const std::string_view rest = std::string_view(text).substr(std::min(text.find_first_not_of('~'), text.size()));
  return (rest == "." || rest == ".." || rest == "export" ? "~" : "") + encoded(text);
}

}  // namespace

ServerAddress ServerAddress::parse(const std::string& url, const std::string& what) {
  const auto refuse = [&](const std::string& why) { throw UsageError(fmt::format("{} `{}`: {}", what, url, why)); };
  ServerAddress out;
  std::string_view rest = url;
  if (rest.starts_with("https://"))
    rest.remove_prefix(8);
  else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    out.is_secure = false;
  } else if (url.starts_with("postgres")) {  // it may have a password
    throw UsageError(what + " begins with https://; a PostgreSQL database is named by `database` in struere.yaml");
  } else {
    refuse("an address begins with https://");
  }
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const auto bracket = rest.find(']');  // [::1]:8080
  const auto colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  out.host = std::string(rest.substr(0, colon));
  out.port = colon == std::string_view::npos ? (out.is_secure ? "443" : "80") : std::string(rest.substr(colon + 1));
  if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const bool is_named =
      !out.host.empty() && std::ranges::all_of(out.host, [](char c) { return is_plain(c) || c == ':'; });
  if (!is_named || out.port.empty() || out.port.size() > 5 || !std::ranges::all_of(out.port, is_digit))
    refuse("an address is https://HOST or https://HOST:PORT, without a path");
  if (!out.is_secure && !is_this_machine(out.host))
    refuse("http:// is for a server on this machine; another one needs https://");
  return out;
}

std::string ServerAddress::url() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}", is_secure ? "https" : "http", is_v6 ? "[" + host + "]" : host, port);
}

HttpClient HttpClient::with(const std::map<std::string, std::string>& headers,
                            const std::vector<std::string>& without) const {
  HttpClient out = *this;
  for (const std::string& name : without) out.headers_.erase(name);
  for (const auto& [name, value] : headers) out.headers_[name] = value;
  return out;
}

std::string target_of(const std::vector<std::string>& segments,
                      const std::vector<std::pair<std::string, std::optional<std::string>>>& parameters) {
  std::string out;
  for (const std::string& segment : segments) out += "/" + segment_of(segment);
  char before = '?';
  for (const auto& [name, value] : parameters) {
    if (!value) continue;
    out += fmt::format("{}{}={}", before, name, encoded(*value));
    before = '&';
  }
  return out;
}

}  // namespace struere::cli
