// Certificates made in the test, valid for an hour, and the files that they stand in.
#pragma once

#include <string>

#include "server/base/tls_options.h"
#include "tests/support/temp_directory.h"

namespace duet::testing {

struct Identity {
  std::string cert_pem;
  std::string key_pem;
};

// A certificate for `name`, signed by `issuer`, or by itself.
Identity MakeIdentity(const std::string& name, const Identity& issuer);
Identity MakeAuthority(const std::string& name, const Identity* issuer = nullptr);

// A directory of a test's own with the three files; it goes with the object.
class IdentityFiles {
 public:
  // Writes tls.crt and tls.key, and ca.crt.
  void Put(const Identity& server, const Identity& authority);
  std::string path(const std::string& name) const { return directory_.path(name); }
  // Options that name the files.
  TlsOptions options(TlsClientAuth auth = TlsClientAuth::kNo) const;

 private:
  const TempDirectory directory_;
};

}  // namespace duet::testing
