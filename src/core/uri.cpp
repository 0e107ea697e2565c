#include "core/uri.hpp"

#include <algorithm>
#include <optional>

namespace struere {
namespace {

constexpr bool uri_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool uri_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool uri_hex(char c) { return uri_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Whether a text consists of unreserved characters, percent escapes, sub-delimiters and the characters of `more`.
bool is_made_of(std::string_view text, std::string_view more) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !uri_hex(text[i + 1]) || !uri_hex(text[i + 2])) return false;
      i += 2;
    } else if (!uri_letter(c) && !uri_digit(c) &&
               std::string_view("-._~!$&'()*+,;=").find(c) == std::string_view::npos &&
               more.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

struct UriParts {
  std::optional<std::string_view> scheme, authority;
  std::string_view path;
  std::optional<std::string_view> query, fragment;
};

bool is_scheme(std::string_view text) {
  return !text.empty() && uri_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return uri_letter(c) || uri_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

UriParts split_uri(std::string_view text) {
  UriParts out;
  const auto cut = [&](char c) -> std::optional<std::string_view> {
    const auto at = text.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view behind = text.substr(at + 1);
    text = text.substr(0, at);
    return behind;
  };
  out.fragment = cut('#');
  out.query = cut('?');
  if (const auto colon = text.find(':'); colon < text.find('/') && is_scheme(text.substr(0, colon))) {
    out.scheme = text.substr(0, colon);
    text.remove_prefix(colon + 1);
  }
  if (text.starts_with("//")) {
    const auto slash = std::min(text.find('/', 2), text.size());
    out.authority = text.substr(2, slash - 2);
    text.remove_prefix(slash);
  }
  out.path = text;
  return out;
}

bool is_authority(std::string_view text) {
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    if (!is_made_of(text.substr(0, at), ":")) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    const std::string_view inner = text.substr(1, end - 1);
    host = text.substr(end + 1);
    if (!host.empty() && host.front() != ':') return false;
    port = host.empty() ? host : host.substr(1);
    host = {};
    const auto dot = inner.find('.');
    const bool is_future = inner.size() > 3 && (inner.front() == 'v' || inner.front() == 'V') &&
                           dot != std::string_view::npos && dot > 1 &&
                           std::ranges::all_of(inner.substr(1, dot - 1), uri_hex) && dot + 1 < inner.size() &&
                           inner.find('%') == std::string_view::npos && is_made_of(inner.substr(dot + 1), ":");
    if (!is_ipv6(inner) && !is_future) return false;
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  return is_made_of(host, "") && std::ranges::all_of(port, uri_digit);
}

bool is_well_made(const UriParts& parts) {
  if (parts.authority && !is_authority(*parts.authority)) return false;
  if (!parts.authority && parts.path.starts_with("//")) return false;
  // The first segment of a relative path must not contain a colon, because it would then be a scheme.
  if (!parts.scheme && !parts.authority && parts.path.find(':') < parts.path.find('/')) return false;
  return is_made_of(parts.path, ":@/") && is_made_of(parts.query.value_or(""), ":@/?") &&
         is_made_of(parts.fragment.value_or(""), ":@/?");
}

std::string without_dots(std::string_view path) {
  std::string out;
  const bool is_rooted = path.starts_with('/');
  while (!path.empty()) {
    const auto end = std::min(path.find('/', 1), path.size());
    std::string_view segment = path.substr(0, end);  // with the slash before it
    path.remove_prefix(end);
    const std::string_view name = segment.starts_with('/') ? segment.substr(1) : segment;
    if (name == "." || name == "..") {
      if (name == "..") out.resize(std::min(out.rfind('/'), out.size()));
      if (name == ".." && out.find('/') == std::string::npos && !is_rooted) out.clear();
      if (path.empty()) out += '/';
    } else {
      out += segment;
    }
  }
  return out;
}

}  // namespace

bool is_uri(std::string_view text) {
  const UriParts parts = split_uri(text);
  return parts.scheme && is_well_made(parts);
}

bool is_uri_reference(std::string_view text) { return is_well_made(split_uri(text)); }

bool is_ipv4(std::string_view text) {
  for (int group = 0; group < 4; ++group) {
    if (group > 0) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
    const auto length = static_cast<std::size_t>(std::ranges::find_if_not(text, uri_digit) - text.begin());
    if (length == 0 || length > 3 || (length > 1 && text.front() == '0')) return false;
    int value = 0;
    for (const char c : text.substr(0, length)) value = value * 10 + (c - '0');
    if (value > 255) return false;
    text.remove_prefix(length);
  }
  return text.empty();
}

bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool is_shortened = false;
  if (text.starts_with("::")) {
    is_shortened = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      if (!is_ipv4(text)) return false;
      groups += 2;
      break;
    }
    const auto length = static_cast<std::size_t>(std::ranges::find_if_not(text, uri_hex) - text.begin());
    if (length == 0 || length > 4) return false;
    ++groups;
    text.remove_prefix(length);
    if (text.empty()) break;
    if (text.front() != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
    if (text.front() == ':') {
      if (is_shortened) return false;
      is_shortened = true;
      text.remove_prefix(1);
    }
  }
  return is_shortened ? groups < 8 : groups == 8;
}

std::string resolve_uri(std::string_view base, std::string_view reference) {
  const UriParts from = split_uri(base);
  UriParts out = split_uri(reference);
  std::string path;
  if (out.scheme || out.authority) {
    path = without_dots(out.path);
    if (!out.scheme) out.scheme = from.scheme;
  } else {
    out.scheme = from.scheme;
    out.authority = from.authority;
    if (out.path.empty()) {
      path = from.path;
      if (!out.query) out.query = from.query;
    } else if (out.path.starts_with('/')) {
      path = without_dots(out.path);
    } else {
      const auto slash = from.path.rfind('/');
      std::string merged = slash != std::string_view::npos ? std::string(from.path.substr(0, slash + 1))
                           : from.authority                ? "/"
                                                           : "";
      merged += out.path;
      path = without_dots(merged);
    }
  }
  std::string whole;
  if (out.scheme) whole.append(*out.scheme).append(":");
  if (out.authority) whole.append("//").append(*out.authority);
  whole += path;
  if (out.query) whole.append("?").append(*out.query);
  if (out.fragment) whole.append("#").append(*out.fragment);
  return whole;
}

}  // namespace struere
