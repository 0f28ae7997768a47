// Where the gRPC door can listen, found out before gRPC tries: gRPC says of a taken port only that
// it could not start, and gives each address a free port of its own.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace duet::rpc {

struct ListenPlan {
  int port = 0;
  std::vector<std::string> targets;  // as gRPC wants them: "127.0.0.1:50051", "[::1]:50051"
};

// Resolves the addresses (numbers or host names) and looks whether `port` is free on each; 0 picks
// one that is. An address of a family that the machine does not have is left out, unless none is
// left. An error is one line for the operator. Blocks where a name must be looked up.
absl::StatusOr<ListenPlan> PlanListeningBlocking(const std::vector<std::string>& addresses,
                                                 int port);

}  // namespace duet::rpc
