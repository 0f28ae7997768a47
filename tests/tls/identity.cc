#include "tests/tls/identity.h"

#include <atomic>
#include <fstream>
#include <memory>

#include "openssl/bio.h"
#include "openssl/evp.h"
#include "openssl/pem.h"
#include "openssl/x509v3.h"

#include "server/base/check.h"

namespace duet::testing {
namespace {

// What `write` puts into a BIO.
template <typename Write>
std::string Pem(Write write) {
  BIO* const bio = BIO_new(BIO_s_mem());
  DUET_CHECK(write(bio) == 1, "OpenSSL cannot write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

template <typename Read>
auto FromPem(const std::string& pem, Read read) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  auto* const object = read(bio, nullptr, nullptr, nullptr);
  BIO_free(bio);
  DUET_CHECK(object != nullptr, "OpenSSL cannot read PEM");
  return object;
}

void AddExtension(X509* cert, int nid, const char* value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
  X509_add_ext(cert, extension, -1);
  X509_EXTENSION_free(extension);
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc) << text;
}

Identity Make(const std::string& name, const Identity* issuer, const char* constraints) {
  static std::atomic<int64_t> serial{1};
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const cert = X509_new();
  X509_set_version(cert, X509_VERSION_3);
  ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), serial.fetch_add(1));
  X509_gmtime_adj(X509_getm_notBefore(cert), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()),
                             static_cast<int>(name.size()), -1, 0);
  X509_set_pubkey(cert, key);
  AddExtension(cert, NID_basic_constraints, constraints);
  if (issuer == nullptr) {
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_sign(cert, key, EVP_sha256());
  } else {
    X509* const issuer_cert = FromPem(issuer->cert_pem, &PEM_read_bio_X509);
    EVP_PKEY* const issuer_key = FromPem(issuer->key_pem, &PEM_read_bio_PrivateKey);
    X509_set_issuer_name(cert, X509_get_subject_name(issuer_cert));
    X509_sign(cert, issuer_key, EVP_sha256());
    X509_free(issuer_cert);
    EVP_PKEY_free(issuer_key);
  }
  Identity identity;
  identity.cert_pem = Pem([cert](BIO* bio) { return PEM_write_bio_X509(bio, cert); });
  identity.key_pem = Pem([key](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(cert);
  EVP_PKEY_free(key);
  return identity;
}

}  // namespace

Identity MakeIdentity(const std::string& name, const Identity& issuer) {
  return Make(name, &issuer, "CA:FALSE");
}

Identity MakeAuthority(const std::string& name, const Identity* issuer) {
  return Make(name, issuer, "critical,CA:TRUE");
}

void IdentityFiles::Put(const Identity& server, const Identity& authority) {
  Write(path("tls.crt"), server.cert_pem);
  Write(path("tls.key"), server.key_pem);
  Write(path("ca.crt"), authority.cert_pem);
}

TlsOptions IdentityFiles::options(TlsClientAuth auth) const {
  TlsOptions options;
  options.cert_file = path("tls.crt");
  options.key_file = path("tls.key");
  options.ca_file = path("ca.crt");
  options.client_auth = auth;
  return options;
}

}  // namespace duet::testing
