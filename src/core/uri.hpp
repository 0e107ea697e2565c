// Checks and resolves URIs as RFC 3986 defines them.
#pragma once

#include <string>
#include <string_view>

namespace struere {

bool is_uri(std::string_view text);            // absolute: with a scheme
bool is_uri_reference(std::string_view text);  // absolute or relative

// IPv4 is four numbers without leading zeros (RFC 2673); IPv6 has the groups of RFC 4291, without a zone.
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

// Resolves `reference` relative to `base` (RFC 3986, 5.2), with its fragment.
std::string resolve_uri(std::string_view base, std::string_view reference);

}  // namespace struere
