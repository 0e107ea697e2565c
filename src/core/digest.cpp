#include "core/digest.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "core/fork_count.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr std::size_t iv_size = 16;

[[noreturn]] void crypto_failed(const char* what) {
  throw Error(ErrorCode::storage,
              std::string("the cryptographic library failed: ") + what + "; check the installed OpenSSL");
}

const unsigned char* as_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Fetches the algorithm once, because EVP_sha256() would look it up again for every digest.
class Sha256 {
 public:
  Sha256()
      : algorithm_(EVP_MD_fetch(nullptr, "SHA256", nullptr), EVP_MD_free), context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (!algorithm_ || !context_) crypto_failed("SHA-256");
  }
  Digest operator()(std::span<const unsigned char> first, std::string_view second) {
    Digest out;
    if (EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(context_.get(), first.data(), first.size()) != 1 ||
        EVP_DigestUpdate(context_.get(), second.data(), second.size()) != 1 ||
        EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) != 1)
      crypto_failed("SHA-256");
    return out;
  }

 private:
  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// Computes HMAC-SHA256 with one key.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key)
      : algorithm_(EVP_MAC_fetch(nullptr, "HMAC", nullptr), EVP_MAC_free), context_(nullptr, EVP_MAC_CTX_free) {
    if (algorithm_) context_.reset(EVP_MAC_CTX_new(algorithm_.get()));
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                     OSSL_PARAM_construct_end()};
    if (!context_ || EVP_MAC_init(context_.get(), as_bytes(key), key.size(), parameters) != 1) crypto_failed("HMAC");
  }
  Digest operator()(std::string_view text) {
    Digest out;
    std::size_t size = 0;
    if (EVP_MAC_init(context_.get(), nullptr, 0, nullptr) != 1 ||  // starts a new message with the same key
        EVP_MAC_update(context_.get(), as_bytes(text), text.size()) != 1 ||
        EVP_MAC_final(context_.get(), out.data(), &size, out.size()) != 1 || size != out.size())
      crypto_failed("HMAC");
    return out;
  }

 private:
  std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> algorithm_;
  std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_;
};

// Encrypts and decrypts with one key, whose schedule it keeps.
class Aes256Ctr {
 public:
  explicit Aes256Ctr(const Digest& key)
      : algorithm_(EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr), EVP_CIPHER_free),
        context_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free) {
    if (!algorithm_ || !context_ ||
        EVP_EncryptInit_ex2(context_.get(), algorithm_.get(), key.data(), nullptr, nullptr) != 1)
      crypto_failed("AES");
  }
  std::string operator()(std::string_view iv, std::string_view text) {
    std::string out(text.size(), '\0');
    int written = 0;
    if (EVP_EncryptInit_ex2(context_.get(), nullptr, nullptr, as_bytes(iv), nullptr) != 1 ||
        EVP_EncryptUpdate(context_.get(), reinterpret_cast<unsigned char*>(out.data()), &written, as_bytes(text),
                          static_cast<int>(text.size())) != 1)
      crypto_failed("AES");
    return out;
  }

 private:
  std::unique_ptr<EVP_CIPHER, decltype(&EVP_CIPHER_free)> algorithm_;
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context_;
};

std::string_view as_text(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Seals with one key. A database has one key, so a thread usually needs the same key as the last time.
class Sealer {
 public:
  static Sealer& of(const Digest& key) {
    thread_local std::optional<Sealer> sealer;
    if (!sealer || sealer->key_ != key) sealer.emplace(key);
    return *sealer;
  }

  explicit Sealer(const Digest& key)
      : key_(key),
        mac_(as_text(HmacSha256(as_text(key))("struere.seal.mac"))),
        stream_(HmacSha256(as_text(key))("struere.seal.stream")) {}

  std::string synthetic_iv(std::string_view context, std::string_view text) {
    std::string message = std::to_string(context.size());
    message.append(":").append(context).append(text);
    const Digest mac = mac_(message);
    return std::string(as_text(mac).substr(0, iv_size));
  }
  std::string apply_stream(std::string_view iv, std::string_view text) { return stream_(iv, text); }

 private:
  Digest key_;
  HmacSha256 mac_;
  Aes256Ctr stream_;
};

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string to_base64url(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  const auto byte = [&](std::size_t at) -> std::uint32_t {
    return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
  };
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::uint32_t group = byte(at) << 16 | byte(at + 1) << 8 | byte(at + 2);
    const std::array<char, 4> digits{alphabet[group >> 18], alphabet[group >> 12 & 63], alphabet[group >> 6 & 63],
                                     alphabet[group & 63]};
    out.append(digits.data(), std::min<std::size_t>(bytes.size() - at, 3) + 1);
  }
  return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string out;
  std::uint32_t buffer = 0;
  int bits = 0;
  for (const char c : text) {
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    buffer = (buffer << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>((buffer >> bits) & 255));
    }
  }
  return out;
}

}  // namespace

Digest sha256(std::span<const unsigned char> first, std::string_view second) {
  thread_local Sha256 hash;
  return hash(first, second);
}

Digest sha256(std::string_view bytes) { return sha256({}, bytes); }

void random_bytes(std::span<unsigned char> out) {
  if (RAND_priv_bytes(out.data(), static_cast<int>(out.size())) != 1) crypto_failed("the random generator");
}

std::uint64_t random_number() {
  // One call fetches bytes for many ids, because a call of OpenSSL costs more than the bytes.
  thread_local std::array<std::uint64_t, 64> pool;
  thread_local std::size_t used = pool.size();
  thread_local std::uint64_t forks = 0;
  if (used == pool.size() || forks != fork_count()) {  // a child process must not return the parent's numbers
    if (RAND_bytes(reinterpret_cast<unsigned char*>(pool.data()), static_cast<int>(sizeof pool)) != 1)
      crypto_failed("the random generator");
    forks = fork_count();
    used = 0;
  }
  return pool[used++];
}

void random_salt(std::span<unsigned char> out) {
  for (; !out.empty(); out = out.subspan(std::min(out.size(), sizeof(std::uint64_t)))) {
    const std::uint64_t number = random_number();
    std::memcpy(out.data(), &number, std::min(out.size(), sizeof number));
  }
}

std::string random_token() {
  Digest bytes;
  random_bytes(bytes);
  return to_base64url(as_text(bytes));
}

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    out.push_back(digits[byte >> 4]);
    out.push_back(digits[byte & 15]);
  }
  return out;
}

std::optional<Digest> digest_from_hex(std::string_view hex) {
  Digest out;
  if (hex.size() != out.size() * 2) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = digit(hex[2 * i]), low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string seal(const Digest& key, std::string_view context, std::string_view text) {
  Sealer& sealer = Sealer::of(key);
  const std::string iv = sealer.synthetic_iv(context, text);
  return to_base64url(iv + sealer.apply_stream(iv, text));
}

std::optional<std::string> unseal(const Digest& key, std::string_view context, std::string_view sealed) {
  const auto bytes = from_base64url(sealed);
  // Base64 has several spellings of the same bytes; only the one that seal() writes is accepted.
  if (!bytes || bytes->size() < iv_size || to_base64url(*bytes) != sealed) return std::nullopt;
  const std::string_view iv = std::string_view(*bytes).substr(0, iv_size);
  Sealer& sealer = Sealer::of(key);
  std::string text = sealer.apply_stream(iv, std::string_view(*bytes).substr(iv_size));
  if (!equal_in_constant_time(sealer.synthetic_iv(context, text), iv)) return std::nullopt;
  return text;
}

}  // namespace struere
