// Which certificate gRPC's TLS port shows, asked for at each handshake, so that a renewed one
// counts for the next connection.
//
// gRPC's C++ interface has two ways: credentials that never change, and a watcher of files
// (experimental) that refuses every connection from the moment at which certificate and key do not
// fit each other until they do. The core's certificate fetcher keeps what it has until something
// better is there; it can be had in C only.
#pragma once

#include <functional>
#include <memory>

#include "grpcpp/security/server_credentials.h"

#include "server/base/tls_options.h"

namespace duet::rpc {

// What to show now, checked; never null. Another pointer means that the files have changed.
// Thread-safe, and quick: gRPC calls it between accepting a connection and its handshake.
using TlsFilesSource = std::function<std::shared_ptr<const TlsFiles>()>;

// Of one listening address. gRPC speaks TLS 1.2 and 1.3; its ciphers are GRPC_SSL_CIPHER_SUITES.
// The server that uses the credentials must be gone before them.
std::shared_ptr<::grpc::ServerCredentials> MakeTlsCredentials(TlsClientAuth client_auth,
                                                              TlsFilesSource source);

}  // namespace duet::rpc
