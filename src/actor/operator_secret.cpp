#include "actor/operator_secret.hpp"

#include <charconv>

#include "core/digest.hpp"
#include "core/text.hpp"

namespace struere {
namespace {

constexpr std::size_t token_length = 43;
constexpr char escape = '~';

std::string_view prefix_of(OperatorSessionKind kind) {
  return kind == OperatorSessionKind::invitation ? "invite_" : "op_";
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Only characters that a cookie and an address take as they are. Any other byte is `~` and two hexadecimal digits.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += escape;
    out += to_hex({&byte, 1});
  }
  return out;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_plain(text[at])) {
      out += text[at];
      continue;
    }
    unsigned char byte = 0;
    const std::string_view digits = text.substr(at + 1, 2);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (text[at] != escape || digits.size() != 2 || read.ec != std::errc() || read.ptr != digits.data() + 2)
      return std::nullopt;
    out += static_cast<char>(byte);
    at += 2;
  }
  return out;
}

}  // namespace

std::string new_operator_secret(OperatorSessionKind kind, const OrganizationId& organization) {
  return std::string(prefix_of(kind)) + escaped(organization.str()) + '.' + random_token();
}

std::optional<OrganizationId> organization_of_secret(OperatorSessionKind kind, std::string_view secret) {
  const std::string_view prefix = prefix_of(kind);
  const auto dot = secret.rfind('.');
  if (!secret.starts_with(prefix) || dot == std::string_view::npos || dot < prefix.size() ||
      secret.size() - dot - 1 != token_length || secret.size() > 4 * longest_name)
    return std::nullopt;
  auto organization = unescaped(secret.substr(prefix.size(), dot - prefix.size()));
  if (!organization || organization->empty() || !is_text(*organization, longest_name)) return std::nullopt;
  return OrganizationId(*std::move(organization));
}

}  // namespace struere
