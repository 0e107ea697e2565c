// Hashes, secrets and sealed texts. This is the only code that uses OpenSSL.
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
// The digest of the concatenation, computed without building it.
Digest sha256(std::span<const unsigned char> first, std::string_view second);

// Random bytes for secrets, from OpenSSL's private generator. Throws Error{storage} if it fails.
void random_bytes(std::span<unsigned char> out);
// A random number for an id, from OpenSSL's generator of this thread, which the operating system seeds and reseeds.
// It is fast, because ids are made in great numbers.
std::uint64_t random_number();
// Random bytes for a salt, which is stored beside what it protects: from random_number(), and as fast.
void random_salt(std::span<unsigned char> out);

// 256 random bits as 43 characters: letters, digits, - and _.
std::string random_token();

std::string to_hex(std::span<const unsigned char> bytes);
std::optional<Digest> digest_from_hex(std::string_view hex);

// Takes the same time wherever the texts differ.
bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

// Encrypts `text` so that only a holder of `key` can read or make it, bound to `context`. Equal inputs give equal
// results, so it reveals only equality. (Synthetic IV: HMAC-SHA256 over context and text; then AES-256-CTR with that
// IV.)
std::string seal(const Digest& key, std::string_view context, std::string_view text);
// Returns nullopt for any text that seal() did not make with this key and context.
std::optional<std::string> unseal(const Digest& key, std::string_view context, std::string_view sealed);

}  // namespace struere
