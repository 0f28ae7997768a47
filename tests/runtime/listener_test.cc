#include "server/runtime/listener.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "absl/strings/str_cat.h"

#include "server/runtime/address.h"
#include "tests/runtime/runtime_fixture.h"
#include "tests/support/temp_directory.h"

namespace duet::runtime {
namespace {

namespace fs = std::filesystem;
using Door = std::unique_ptr<Listener>;

class ListenerTest : public RuntimeTest {
 protected:
  std::string Path(const std::string& name) const { return directory_.path(name); }

  Door Tcp(const std::string& host = "127.0.0.1") {
    absl::StatusOr<Door> door = Listener::Tcp(worker(), host, 0);
    EXPECT_TRUE(door.ok()) << door.status();
    return std::move(*door);
  }
  static UniqueFd Connect(const std::string& host, int port) {
    const SocketAddress address = *ParseTcpAddress(host, port);
    UniqueFd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), address.get(), address.length) != 0) fd.Reset();
    return fd;
  }
  static UniqueFd ConnectUnix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      fd.Reset();
    }
    return fd;
  }
  // Listeners die on their worker.
  void Close(Door door) { Run(Drop(std::move(door))); }
  static Task<> Drop(Door door) {
    door.reset();
    co_return;
  }

  const testing::TempDirectory directory_;
};

Task<int> AcceptSome(Listener& listener, int n) {
  int accepted = 0;
  for (int i = 0; i < n; ++i) {
    AcceptResult result = co_await listener.Accept();
    if (result.status != IoStatus::kOk) break;
    ++accepted;
    const IoResult written = co_await result.stream->WriteAll("hi");
    EXPECT_TRUE(written.ok());
  }
  co_return accepted;
}
Task<IoStatus> AcceptStatus(Listener& listener) {
  const AcceptResult result = co_await listener.Accept();
  co_return result.status;
}
Task<std::string> AcceptPeer(Listener& listener) {
  const AcceptResult result = co_await listener.Accept();
  co_return result.stream->PeerAddress();
}

TEST_F(ListenerTest, PicksAFreePortAndAccepts) {
  Door door = Tcp();
  EXPECT_GT(door->port(), 0);
  EXPECT_EQ(door->address(), absl::StrCat("127.0.0.1:", door->port()));
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(Connect("127.0.0.1", door->port()));
  EXPECT_EQ(Run(AcceptSome(*door, 100)), 100);
  for (UniqueFd& client : clients) {
    char hi[2];
    EXPECT_EQ(::recv(client.get(), hi, 2, MSG_WAITALL), 2);
  }
  Close(std::move(door));
}

TEST_F(ListenerTest, WaitsForAConnection) {
  Door door = Tcp();
  auto accepting = runtime_.Spawn(AcceptPeer(*door));
  Settle();
  EXPECT_FALSE(accepting.done());
  const UniqueFd client = Connect("127.0.0.1", door->port());
  EXPECT_EQ(*accepting.JoinBlocking(), LocalAddressOf(client.get()));
  Close(std::move(door));
}

TEST_F(ListenerTest, ATakenPortIsOneClearLine) {
  Door door = Tcp();
  const absl::StatusOr<Door> second = Listener::Tcp(worker(), "127.0.0.1", door->port());
  EXPECT_EQ(second.status().message(),
            absl::StrCat("cannot listen on 127.0.0.1:", door->port(), ": Address already in use"));
}

TEST_F(ListenerTest, ABadAddressIsOneClearLine) {
  EXPECT_EQ(Listener::Tcp(worker(), "nowhere", 1).status().message(),
            "cannot listen on nowhere:1: 'nowhere' is not an IP address");
  EXPECT_EQ(Listener::Tcp(worker(), "192.0.2.1", 1).status().message(),
            "cannot listen on 192.0.2.1:1: Cannot assign requested address");
  EXPECT_EQ(Listener::Tcp(worker(), "::1", 70000).status().message(),
            "cannot listen on ::1:70000: port 70000 is not between 0 and 65535");
}

TEST_F(ListenerTest, Ipv6TakesOnlyIpv6) {
  absl::StatusOr<Door> door = Listener::Tcp(worker(), "::", 0);
  if (!door.ok()) GTEST_SKIP() << "no IPv6 here: " << door.status();
  EXPECT_EQ((*door)->address(), absl::StrCat("[::]:", (*door)->port()));
  EXPECT_FALSE(Connect("127.0.0.1", (*door)->port()).valid());
}

TEST_F(ListenerTest, CancelledBeforeAndDuring) {
  Door door = Tcp();
  auto accepting = runtime_.Spawn(AcceptStatus(*door));
  Settle();
  door->CancelFromAnyThread();
  EXPECT_EQ(*accepting.JoinBlocking(), IoStatus::kCancelled);
  EXPECT_FALSE(Connect("127.0.0.1", door->port()).valid());  // refused at once
  EXPECT_EQ(Run(AcceptStatus(*door)), IoStatus::kCancelled);
  for (int i = 0; i < 10; ++i) Settle();
  Close(std::move(door));
}

Task<IoStatus> CancelHere(Runtime& runtime, Listener& listener) {
  JoinHandle<IoStatus> accepting = runtime.Spawn(AcceptStatus(listener));
  co_await SwitchTo(listener.worker());
  listener.Cancel();
  const JoinResult<IoStatus> status = co_await accepting.Join();
  co_return *status;
}
TEST_F(ListenerTest, CancelledOnItsWorker) {
  Door door = Tcp();
  EXPECT_EQ(Run(CancelHere(runtime_, *door)), IoStatus::kCancelled);
  Close(std::move(door));
}

TEST_F(ListenerTest, UnixSocketWithItsModeAndRemovedAfterwards) {
  const std::string path = Path("duet.sock");
  absl::StatusOr<Door> door = Listener::Unix(worker(), path, 0620);
  ASSERT_TRUE(door.ok()) << door.status();
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0620u);
  EXPECT_EQ((*door)->address(), path);
  const UniqueFd client = ConnectUnix(path);
  EXPECT_EQ(Run(AcceptPeer(**door)), path + ":0");
  auto accepting = runtime_.Spawn(AcceptStatus(**door));
  Settle();
  (*door)->CancelFromAnyThread();
  EXPECT_EQ(*accepting.JoinBlocking(), IoStatus::kCancelled);
  Close(std::move(*door));
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(ListenerTest, UnixStaleSocketIsReplacedAndALiveOneIsNot) {
  const std::string path = Path("duet.sock");
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ASSERT_TRUE(fs::exists(path));
  const absl::StatusOr<Door> door = Listener::Unix(worker(), path);
  ASSERT_TRUE(door.ok()) << door.status();
  EXPECT_EQ(Listener::Unix(worker(), path).status().message(),
            absl::StrCat("cannot listen on ", path, ": Address already in use"));
  EXPECT_TRUE(fs::exists(path));
}

TEST_F(ListenerTest, UnixLeavesOtherFilesAlone) {
  const std::string path = Path("file");
  std::ofstream(path) << "precious";
  EXPECT_EQ(Listener::Unix(worker(), path).status().message(),
            absl::StrCat("cannot listen on ", path, ": File exists"));
  EXPECT_EQ(fs::file_size(path), 8u);
  EXPECT_EQ(Listener::Unix(worker(), Path("no/such/dir")).status().message(),
            absl::StrCat("cannot listen on ", Path("no/such/dir"), ": No such file or directory"));
  const std::string longest(107, 'x');
  EXPECT_EQ(Listener::Unix(worker(), longest + "x").status().message(),
            absl::StrCat("cannot listen on ", longest, "x: File name too long"));
}

// Without descriptors it pauses instead of spinning, and goes on when there are some again.
TEST_F(ListenerTest, PausesWithoutDescriptors) {
  Door door = Tcp();
  const UniqueFd client = Connect("127.0.0.1", door->port());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  auto accepting = runtime_.Spawn(AcceptStatus(*door));
  while (door->pauses() == 0) Settle();
  const uint64_t events = worker().figures().events.Value();
  for (int i = 0; i < 20; ++i) Settle();
  EXPECT_LE(worker().figures().events.Value() - events, 41u);
  EXPECT_EQ(door->pauses(), 1u);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(accepting.done());
  Advance(100);
  EXPECT_EQ(*accepting.JoinBlocking(), IoStatus::kOk);
  Close(std::move(door));
}

}  // namespace
}  // namespace duet::runtime
