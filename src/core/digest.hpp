// Hashes, secrets and sealed texts: the only place that speaks to OpenSSL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/companion.hpp"
#include "struere/core/digest.hpp"

namespace STRUERE_COMPANION_API struere {

Digest sha256(std::string_view bytes);
// The digest of the concatenation, without building it.
Digest sha256(std::span<const unsigned char> first, std::string_view second);

// From the operating system's generator, for secrets. Throws Error{storage} if it fails.
void random_bytes(std::span<unsigned char> out);
// From a generator of this thread that the operating system seeds and reseeds: for ids, which are made by the million.
std::uint64_t random_number();

// 256 random bits as 43 letters, digits, - and _.
std::string random_token();

std::string to_hex(std::span<const unsigned char> bytes);
std::optional<Digest> digest_from_hex(std::string_view hex);

// Takes the same time, wherever the texts differ.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

// A text that only the holder of `key` can read or make, bound to `context`; the same text for the same input, so that
// it reveals only whether inputs are equal. (Synthetic IV: HMAC-SHA256 over context and text; AES-256-CTR under it.)
std::string seal(const Digest& key, std::string_view context, std::string_view text);
// nullopt for any text that seal() did not make with this key and context.
std::optional<std::string> unseal(const Digest& key, std::string_view context, std::string_view sealed);

}  // namespace struere
