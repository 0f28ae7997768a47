// duet-server: flags -> Config -> Server -> exit code.
//
// Exit codes: 0 after a drain, and for --help, --version, --check-config or --healthcheck where all
// is well; 1 with one line on stderr where a flag, a file, a port or a limit does not allow the
// start, or the check says no.
#include <cstdio>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "server/config.h"
#include "server/server.h"
#include "server/supervisor.h"

extern char** environ;

namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "duet-server: %.*s\n", static_cast<int>(status.message().size()),
               status.message().data());
  return 1;
}

void Print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
#ifdef NDEBUG
  // Debian's Abseil is built with its deadlock detector on, which gRPC pays at every lock that it
  // takes: several per call. Debug builds keep it.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
#endif
  const absl::StatusOr<duet::Config> config = duet::LoadConfigBlocking(argc, argv, environ);
  if (!config.ok()) return Fail(config.status());
  if (config->action == duet::Config::Action::kHelp) {
    Print(duet::HelpText());
    return 0;
  }
  if (config->action == duet::Config::Action::kVersion) {
    Print(duet::VersionText());
    return 0;
  }
  if (config->action == duet::Config::Action::kCheck) {
    Print("the configuration is right\n");
    return 0;
  }
  if (config->action == duet::Config::Action::kHealthcheck) {
    const absl::Status health = duet::CheckHealthBlocking(*config);
    return health.ok() ? 0 : Fail(health);
  }
  absl::StatusOr<std::unique_ptr<duet::Server>> server = duet::Server::Start(*config);
  if (!server.ok()) return Fail(server.status());
  for (const duet::ListeningDoor& door : (*server)->listening()) {
    Print(door.door + " " + door.address + "\n");
  }
  Print("ready\n");
  duet::NotifySystemd("READY=1");
  (*server)->WaitForSignalBlocking();
  Print("draining\n");
  duet::NotifySystemd("STOPPING=1");
  (*server)->DrainBlocking();
  Print("done\n");
  return 0;
}
