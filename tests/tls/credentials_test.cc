#include "server/tls/credentials.h"

#include <ctime>
#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/tls/client.h"
#include "tests/tls/identity.h"

namespace duet::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using tls::Credentials;

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() { files_.Put(first_, authority_); }

  // The name that a client is shown that connects now.
  std::string Shown(const Credentials& credentials) {
    const auto session = credentials.NewSession();
    TlsClient client(authority_);
    std::string received;
    Exchange(client, *session, 1 << 14, &received);
    return client.server_name();
  }
  // Does a client that knows the authority accept what it is shown?
  bool Served(const std::unique_ptr<Credentials>& credentials) {
    const auto session = credentials->NewSession();
    TlsClient client(authority_);
    std::string received;
    Exchange(client, *session, 1 << 14, &received);
    return client.Handshake();
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(files_.path(name), std::ios::trunc) << text;
  }

  const Identity authority_ = MakeAuthority("authority");
  const Identity first_ = MakeIdentity("first", authority_);
  const Identity second_ = MakeIdentity("second", authority_);
  IdentityFiles files_;
};

TEST_F(CredentialsTest, NewFilesCountForNewSessions) {
  const auto credentials = *Credentials::LoadBlocking(files_.options());
  EXPECT_EQ(Shown(*credentials), "first");
  EXPECT_FALSE(*credentials->ReloadBlocking());

  const auto early = credentials->NewSession();
  files_.Put(second_, authority_);
  EXPECT_TRUE(*credentials->ReloadBlocking());
  EXPECT_EQ(Shown(*credentials), "second");
  EXPECT_FALSE(*credentials->ReloadBlocking());

  TlsClient client(authority_);
  std::string received;
  Exchange(client, *early, 1 << 14, &received);
  EXPECT_EQ(client.server_name(), "first");
}

TEST_F(CredentialsTest, HalfOfANewPairIsNotUsed) {
  const auto credentials = *Credentials::LoadBlocking(files_.options());
  Write("tls.crt", second_.cert_pem);
  EXPECT_EQ(credentials->ReloadBlocking().status().message(),
            "tls-key-file " + files_.path("tls.key") +
                ": does not belong to the certificate in tls-cert-file (key values mismatch)");
  EXPECT_EQ(Shown(*credentials), "first");
  Write("tls.key", second_.key_pem);
  EXPECT_TRUE(*credentials->ReloadBlocking());
  EXPECT_EQ(Shown(*credentials), "second");
}

TEST_F(CredentialsTest, KnowsWhenTheCertificateEnds) {
  const auto credentials = *Credentials::LoadBlocking(files_.options());
  EXPECT_GT(credentials->expires_s(), time(nullptr));
  EXPECT_LE(credentials->expires_s(), time(nullptr) + 3600);
}

TEST_F(CredentialsTest, SendsTheWholeChain) {
  // The client knows the root alone; the authority between comes with the certificate.
  const Identity between = MakeAuthority("between", &authority_);
  const Identity third = MakeIdentity("third", between);
  files_.Put(third, authority_);
  EXPECT_EQ(Served(*Credentials::LoadBlocking(files_.options())), false);
  files_.Put({third.cert_pem + between.cert_pem, third.key_pem}, authority_);
  EXPECT_EQ(Served(*Credentials::LoadBlocking(files_.options())), true);
}

TEST_F(CredentialsTest, SaysWhatIsWrongWithAFile) {
  const auto refusal = [this](TlsClientAuth auth) {
    return std::string(Credentials::LoadBlocking(files_.options(auth)).status().message());
  };
  Write("ca.crt", "");
  EXPECT_EQ(refusal(TlsClientAuth::kNo), "");  // nobody asks for it
  EXPECT_THAT(refusal(TlsClientAuth::kYes),
              StartsWith("tls-ca-cert-file " + files_.path("ca.crt") + ": has no certificate"));
  Write("ca.crt", authority_.cert_pem + "-----BEGIN CERTIFICATE-----\nAAAA\n");
  EXPECT_THAT(refusal(TlsClientAuth::kYes), HasSubstr(": is damaged ("));
  Write("tls.key", first_.cert_pem);
  EXPECT_THAT(refusal(TlsClientAuth::kNo), HasSubstr("has no private key in PEM form"));
  Write("tls.crt", std::string(2 << 20, 'x'));
  EXPECT_THAT(refusal(TlsClientAuth::kNo),
              StartsWith("tls-cert-file " + files_.path("tls.crt") + " cannot be read: "));
}

}  // namespace
}  // namespace duet::testing
