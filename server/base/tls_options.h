// Which certificate the TLS doors show, and what they ask of their clients. The names are those of
// redis.conf's tls- settings.
//
// Thread class: plain data.
#pragma once

#include <cstdint>
#include <string>

namespace duet {

// Whether clients have to show a certificate that tls-ca-cert-file's authorities have signed. With
// kOptional one that shows none is served too; one that shows a wrong one is not.
enum class TlsClientAuth : uint8_t { kNo, kYes, kOptional };

enum class TlsVersions : uint8_t { k12And13, k13Only, k12Only };

struct TlsOptions {
  // PEM: the server's certificate, then the authorities between it and a root.
  std::string cert_file;
  std::string key_file;  // PEM: its private key, without a passphrase
  std::string ca_file;   // PEM: the authorities that clients' certificates are checked against
  TlsClientAuth client_auth = TlsClientAuth::kYes;
  TlsVersions versions = TlsVersions::k12And13;
  std::string ciphers;       // of TLS 1.2, as OpenSSL lists them; empty: OpenSSL's default
  std::string ciphersuites;  // of TLS 1.3; empty: OpenSSL's default
};

// What stands in the three files, in PEM.
struct TlsFiles {
  std::string cert;
  std::string key;
  std::string ca;  // empty where clients are not asked for a certificate
  bool operator==(const TlsFiles&) const = default;
};

}  // namespace duet
