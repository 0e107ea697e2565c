// Certificates of a test: an authority of its own, and what it signs.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace struere::test {

// A key and its certificate.
class Certificate {
 public:
  // `names` is a subjectAltName, such as "DNS:localhost,IP:127.0.0.1"; an authority if it is empty. Signed by `issuer`,
  // or by itself.
  explicit Certificate(const std::string& names = {}, const Certificate* issuer = nullptr)
      : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    static long serial = 1;
    X509* const made = certificate_.get();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    constexpr long day = 24 * 60 * 60;
    X509_gmtime_adj(X509_getm_notBefore(made), -day);
    X509_gmtime_adj(X509_getm_notAfter(made), day);
    X509_set_pubkey(made, key_.get());
    const std::string common_name = names.empty() ? "authority of a test" : "server of a test";
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, X509_get_subject_name(issuer ? issuer->certificate_.get() : made));
    add(NID_basic_constraints, names.empty() ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!names.empty()) add(NID_subject_alt_name, names);
    if (X509_sign(made, (issuer ? *issuer : *this).key_.get(), EVP_sha256()) == 0)
      throw std::runtime_error("the certificate cannot be signed");
  }

  std::string pem() const {
    return text_of([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
  }
  std::string key_pem() const {
    return text_of(
        [&](BIO* out) { return PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

 private:
  void add(int extension, const std::string& value) {
    const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> made(
        X509V3_EXT_conf_nid(nullptr, nullptr, extension, value.c_str()), X509_EXTENSION_free);
    if (!made || X509_add_ext(certificate_.get(), made.get(), -1) != 1)
      throw std::runtime_error("the certificate cannot have " + value);
  }

  template <class Write>
  static std::string text_of(Write&& write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> out(BIO_new(BIO_s_mem()), BIO_free);
    if (write(out.get()) != 1) throw std::runtime_error("the certificate cannot be written");
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace struere::test
