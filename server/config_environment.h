// Settings in environment variables: --max-args is DUET_MAX_ARGS.
//
// Thread-safe: a pure function.
#pragma once

#include "absl/status/status.h"

#include "server/config.h"

namespace duet {

// Reads the variables whose names begin with DUET_ into `config`; of the names of one setting
// (DUET_PORT, DUET_RESP_PORT) the one that is last in the alphabet counts. One that names no
// setting is an error, with what may have been meant: a password in a misspelt variable must not be
// passed over.
//
// Passed over are the variables that Kubernetes and Docker put beside a Service whose name begins
// with "duet": DUET_X_SERVICE_HOST, DUET_X_SERVICE_PORT_Y, DUET_X_PORT=tcp://...,
// DUET_X_PORT_6379_TCP_ADDR.
// Source: https://kubernetes.io/docs/tutorials/services/connect-applications-service/
absl::Status ReadEnvironment(const Environment& env, Config& config);

}  // namespace duet
