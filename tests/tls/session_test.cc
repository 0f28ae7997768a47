#include "server/tls/session.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "server/tls/credentials.h"
#include "tests/tls/client.h"
#include "tests/tls/identity.h"

namespace duet::testing {
namespace {

using ::testing::HasSubstr;
using tls::Session;
using tls::SessionState;

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() { files_.Put(server_, authority_); }

  std::unique_ptr<Session> Accept(TlsClientAuth auth = TlsClientAuth::kNo) {
    credentials_ = *tls::Credentials::LoadBlocking(files_.options(auth));
    return credentials_->NewSession();
  }
  void Exchange(TlsClient& client, Session& session, size_t size = 1 << 14) {
    duet::testing::Exchange(client, session, size, &received_);
  }
  // What the session has to say, as the client reads it.
  static std::string ReadFrom(TlsClient& client, Session& session) {
    client.Receive(session.output());
    session.Sent(session.output().size());
    return client.Read();
  }

  const Identity authority_ = MakeAuthority("authority");
  const Identity server_ = MakeIdentity("server", authority_);
  const Identity known_ = MakeIdentity("client", authority_);
  IdentityFiles files_;
  std::unique_ptr<tls::Credentials> credentials_;
  std::string received_;
};

TEST_F(SessionTest, CarriesBytesBothWays) {
  const auto session = Accept();
  TlsClient client(authority_);
  Exchange(client, *session);
  EXPECT_TRUE(client.Handshake());
  EXPECT_EQ(client.server_name(), "server");
  client.Write("ping");
  Exchange(client, *session);
  EXPECT_EQ(received_, "ping");
  ASSERT_TRUE(session->Encrypt("pong"));
  EXPECT_EQ(session->output().find("pong"), std::string_view::npos);
  EXPECT_EQ(session->TakeEncrypted(), 4u);
  EXPECT_EQ(session->encrypted(), 0u);
  EXPECT_EQ(ReadFrom(client, *session), "pong");
}

TEST_F(SessionTest, InputMayArriveInAnyPieces) {
  for (const size_t size : {1, 2, 3, 7, 100, 1000}) {
    const auto session = Accept();
    TlsClient client(authority_);
    received_.clear();
    Exchange(client, *session, size);
    const std::string text(5000, 'x');
    client.Write(text);
    Exchange(client, *session, size);
    EXPECT_EQ(received_, text) << size;
  }
}

TEST_F(SessionTest, WhatTheReaderHasNoRoomForIsPending) {
  const auto session = Accept();
  TlsClient client(authority_);
  Exchange(client, *session);
  client.Write("0123456789");
  client.Write("abc");
  const std::string bytes = client.TakeOutput();
  std::copy(bytes.begin(), bytes.end(), session->InputRoom().begin());
  session->Received(bytes.size());
  char into[4];
  std::string all;
  for (int reads = 0; reads < 4; ++reads) {
    ASSERT_TRUE(session->has_pending());
    all.append(into, session->Decrypt(into));
  }
  EXPECT_EQ(all, "0123456789abc");
  EXPECT_FALSE(session->has_pending());
}

TEST_F(SessionTest, EncryptsNothingBeforeTheHandshake) {
  const auto session = Accept();
  EXPECT_FALSE(session->Encrypt("too early"));
  EXPECT_EQ(session->output(), "");
  EXPECT_EQ(session->state(), SessionState::kOpen);
  session->Close();
  EXPECT_EQ(session->output(), "");
}

TEST_F(SessionTest, AnswersNewKeysBetweenItsReplies) {
  const auto session = Accept();
  TlsClient client(authority_);
  Exchange(client, *session);
  ASSERT_TRUE(session->Encrypt("before "));
  client.UpdateKeys();
  client.Write("x");
  const std::string bytes = client.TakeOutput();
  std::copy(bytes.begin(), bytes.end(), session->InputRoom().begin());
  session->Received(bytes.size());
  char into[10];
  EXPECT_EQ(session->Decrypt(into), 1u);
  ASSERT_TRUE(session->Encrypt("after"));
  EXPECT_EQ(ReadFrom(client, *session), "before after");
}

TEST_F(SessionTest, BothSidesSayGoodbye) {
  const auto session = Accept();
  TlsClient client(authority_);
  Exchange(client, *session);
  session->Close();
  ReadFrom(client, *session);
  EXPECT_TRUE(client.closed());
  client.Close();
  Exchange(client, *session);
  EXPECT_EQ(session->state(), SessionState::kClosed);
  EXPECT_EQ(session->failure(), "");
}

TEST_F(SessionTest, RefusesWhatIsNoTlsAndSaysSo) {
  const auto session = Accept();
  const std::string_view text = "*1\r\n$4\r\nPING\r\n";
  std::copy(text.begin(), text.end(), session->InputRoom().begin());
  session->Received(text.size());
  char into[100];
  EXPECT_EQ(session->Decrypt(into), 0u);
  EXPECT_EQ(session->state(), SessionState::kFailed);
  EXPECT_EQ(session->failure(), "wrong version number");
  EXPECT_TRUE(session->has_pending());  // the failure is what there is to read
  EXPECT_FALSE(session->Encrypt("x"));
}

TEST_F(SessionTest, ADamagedRecordEndsIt) {
  const auto session = Accept();
  TlsClient client(authority_);
  Exchange(client, *session);
  client.Write("hello");
  std::string bytes = client.TakeOutput();
  bytes.back() ^= 1;
  std::copy(bytes.begin(), bytes.end(), session->InputRoom().begin());
  session->Received(bytes.size());
  char into[100];
  EXPECT_EQ(session->Decrypt(into), 0u);
  EXPECT_EQ(session->state(), SessionState::kFailed);
  ReadFrom(client, *session);  // the alert
  EXPECT_TRUE(client.failed());
}

TEST_F(SessionTest, ChecksTheClientsCertificate) {
  struct Case {
    TlsClientAuth auth;
    const Identity* shown;
    std::string failure;  // empty: it is served
  };
  const Identity other = MakeAuthority("other authority");
  const Identity stranger = MakeIdentity("stranger", other);
  const std::string none = "peer did not return a certificate";
  const std::string wrong = "certificate verify failed: unable to get local issuer certificate";
  for (const Case& c :
       {Case{TlsClientAuth::kNo, nullptr, ""}, Case{TlsClientAuth::kNo, &stranger, ""},
        Case{TlsClientAuth::kOptional, nullptr, ""}, Case{TlsClientAuth::kOptional, &known_, ""},
        Case{TlsClientAuth::kOptional, &stranger, wrong}, Case{TlsClientAuth::kYes, nullptr, none},
        Case{TlsClientAuth::kYes, &known_, ""}, Case{TlsClientAuth::kYes, &stranger, wrong}}) {
    const auto session = Accept(c.auth);
    TlsClient client(authority_, c.shown);
    Exchange(client, *session);
    EXPECT_EQ(session->failure(), c.failure);
    EXPECT_EQ(session->state(), c.failure.empty() ? SessionState::kOpen : SessionState::kFailed);
    EXPECT_EQ(session->Encrypt("x"), c.failure.empty());
  }
}

}  // namespace
}  // namespace duet::testing
