// A closed-loop load generator for redis_compare.py: C connections, each with one batch of P
// commands in flight. redis-benchmark asks the same questions but tops out near 2.5 million
// requests a second, below what is measured here: it allocates a reply object per reply. This one
// patches random keys into a ready-made batch and only counts replies. It has one thread, so that
// it needs no more than the core that the server leaves. Needs no library: one file, one compiler.
//
//   redis_load PORT fill|set|get|mset --clients=50 --pipeline=1 --requests=N --keys=N
//       --value-bytes=32 --ttl=0|1 --seed=1 --steps=0|1
//
// `fill` sets key 0 .. keys-1 once each, in order. Keys are redis-benchmark's: "key:%012d", 16
// bytes. Prints one JSON object: requests, seconds, and percentiles of a batch's round trip. With
// --steps it says "connected" and waits for a line before the first request, and closes the
// connections when its standard input ends: who measures the server can leave connecting out.

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr size_t kKeyDigits = 12;
constexpr size_t kTtlDigits = 6;
constexpr uint64_t kMsetKeys = 10;

struct Options {
  int port = 0;
  std::string command;
  uint64_t clients = 50;
  uint64_t pipeline = 1;
  uint64_t requests = 1'000'000;
  uint64_t keys = 1'000'000;
  uint64_t value_bytes = 32;
  uint64_t ttl = 0;
  uint64_t seed = 1;
  uint64_t steps = 0;
};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "redis_load: %s\n", what.c_str());
  std::exit(1);
}

// Returns at the end of the input too.
void AwaitLine() {
  int c;
  do {
    c = std::getchar();
  } while (c != '\n' && c != EOF);
}

uint64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  if (argc < 3) Die("usage: redis_load PORT fill|set|get|mset [--NAME=VALUE...]");
  options.port = std::atoi(argv[1]);
  options.command = argv[2];
  const std::pair<const char*, uint64_t*> names[] = {{"--clients=", &options.clients},
                                                     {"--pipeline=", &options.pipeline},
                                                     {"--requests=", &options.requests},
                                                     {"--keys=", &options.keys},
                                                     {"--value-bytes=", &options.value_bytes},
                                                     {"--ttl=", &options.ttl},
                                                     {"--seed=", &options.seed},
                                                     {"--steps=", &options.steps}};
  for (int i = 3; i < argc; ++i) {
    bool known = false;
    for (const auto& [name, value] : names) {
      if (std::strncmp(argv[i], name, std::strlen(name)) != 0) continue;
      *value = std::strtoull(argv[i] + std::strlen(name), nullptr, 10);
      known = true;
    }
    if (!known) Die(std::string("unknown option ") + argv[i]);
  }
  if (options.command == "fill") options.requests = options.keys;
  return options;
}

// Latencies in buckets of at most 1/64 of their value.
class Histogram {
 public:
  void Record(uint64_t ns) {
    ++buckets_[Index(ns)];
    ++count_;
  }
  double PercentileUs(double fraction) const {
    const uint64_t rank = static_cast<uint64_t>(fraction * static_cast<double>(count_));
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen > rank) return static_cast<double>(UpperBound(i)) / 1000.0;
    }
    return 0;
  }

 private:
  static constexpr int kBits = 6;
  static size_t Index(uint64_t ns) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(ns)) - kBits - 1);
    return (static_cast<size_t>(shift) << kBits) + static_cast<size_t>(ns >> shift);
  }
  static uint64_t UpperBound(size_t index) {
    if (index < (2u << kBits)) return index;
    const size_t shift = (index >> kBits) - 1;
    return ((index & ((1u << kBits) - 1)) + (1u << kBits) + 1) << shift;
  }
  std::array<uint64_t, 64 << kBits> buckets_{};
  uint64_t count_ = 0;
};

// Bulk strings of one command; notes where the digits of each key and TTL stand.
class BatchBuilder {
 public:
  explicit BatchBuilder(const Options& options) : options_(options) {}
  void AddCommand() {
    const std::string value(options_.value_bytes, 'x');
    if (options_.command == "get") {
      Begin(2, "GET");
      Key();
    } else if (options_.command == "mset") {
      Begin(1 + 2 * kMsetKeys, "MSET");
      for (uint64_t i = 0; i < kMsetKeys; ++i) {
        Key();
        Bulk(value);
      }
    } else if (options_.command == "set" || options_.command == "fill") {
      Begin(options_.ttl != 0 ? 5 : 3, "SET");
      Key();
      Bulk(value);
      if (options_.ttl != 0) {
        Bulk("EX");
        ttl_offsets.push_back(bytes.size() + 4);  // after "$6\r\n"
        Bulk(std::string(kTtlDigits, '0'));
      }
    } else {
      Die("unknown command " + options_.command);
    }
  }

  std::string bytes;
  std::vector<size_t> key_offsets;
  std::vector<size_t> ttl_offsets;

 private:
  void Begin(uint64_t words, std::string_view name) {
    bytes += "*" + std::to_string(words) + "\r\n";
    Bulk(name);
  }
  void Bulk(std::string_view text) {
    bytes += "$" + std::to_string(text.size()) + "\r\n";
    bytes.append(text).append("\r\n");
  }
  void Key() {
    key_offsets.push_back(bytes.size() + 9);  // after "$16\r\nkey:"
    Bulk("key:" + std::string(kKeyDigits, '0'));
  }
  const Options& options_;
};

// What is left of the replies to one batch.
struct Replies {
  uint64_t wanted = 0;
  size_t skip = 0;   // bytes of a bulk string still to come
  std::string line;  // the beginning of a reply's first line, when a read cut it

  // Counts the replies in `data`.
  void Consume(std::string_view data) {
    while (!data.empty()) {
      if (skip > 0) {
        const size_t n = std::min(skip, data.size());
        data.remove_prefix(n);
        skip -= n;
        if (skip == 0) --wanted;
        continue;
      }
      const size_t end = data.find('\n');
      if (end == data.npos) {
        line.append(data);
        return;
      }
      if (line.empty()) {
        OnLine(data.substr(0, end));
      } else {
        line.append(data.substr(0, end));
        OnLine(line);
        line.clear();
      }
      data.remove_prefix(end + 1);
    }
  }

 private:
  void OnLine(std::string_view text) {
    if (text[0] == '$' && text[1] != '-') {
      size_t length = 0;
      for (size_t i = 1; i + 1 < text.size(); ++i) {
        length = length * 10 + static_cast<size_t>(text[i] - '0');
      }
      skip = length + 2;
      return;
    }
    if (text[0] == '-') Die("error reply: " + std::string(text));
    --wanted;
  }
};

struct Connection {
  int fd = -1;
  std::string unsent;  // of its batch: what the socket did not take
  uint64_t started_ns = 0;
  Replies replies;
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options), builder_(options), random_(options.seed * 0x9E3779B97F4A7C15u + 1) {
    for (uint64_t i = 0; i < options_.pipeline; ++i) builder_.AddCommand();
    epoll_ = epoll_create1(0);
    connections_.resize(options_.clients);
    for (Connection& connection : connections_) Connect(connection);
  }

  void Run() {
    const uint64_t start = NowNs();
    for (Connection& connection : connections_) StartBatch(connection);
    std::array<epoll_event, 256> events;
    while (in_flight_ > 0) {
      const int n = epoll_wait(epoll_, events.data(), events.size(), 10'000);
      if (n == 0) Die("no reply for 10 s");
      for (int i = 0; i < n; ++i) OnEvent(*static_cast<Connection*>(events[i].data.ptr), events[i]);
    }
    const double seconds = static_cast<double>(NowNs() - start) / 1e9;
    std::printf(
        "{\"requests\": %llu, \"seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
        "\"p999_us\": %.1f}\n",
        static_cast<unsigned long long>(started_), seconds, latency_.PercentileUs(0.5),
        latency_.PercentileUs(0.99), latency_.PercentileUs(0.999));
  }

 private:
  void Connect(Connection& connection) {
    connection.fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(options_.port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
      Die(std::string("connect: ") + std::strerror(errno));
    }
    const int one = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    fcntl(connection.fd, F_SETFL, O_NONBLOCK);
    Watch(connection, EPOLL_CTL_ADD, EPOLLIN);
  }

  void Watch(Connection& connection, int operation, uint32_t events) {
    epoll_event event{.events = events, .data = {.ptr = &connection}};
    epoll_ctl(epoll_, operation, connection.fd, &event);
  }

  uint64_t NextKey() {
    if (options_.command == "fill") return std::min(next_key_++, options_.keys - 1);
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return (random_ >> 11) % options_.keys;
  }

  static void WriteDigits(char* at, size_t digits, uint64_t value) {
    for (size_t i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
  }

  void StartBatch(Connection& connection) {
    if (started_ >= options_.requests) return;
    // One buffer for all, as the server's: a thousand batches would not stay in the cache.
    char* bytes = builder_.bytes.data();
    for (size_t i = 0; i < builder_.key_offsets.size(); ++i) {
      const uint64_t key = NextKey();
      WriteDigits(bytes + builder_.key_offsets[i], kKeyDigits, key);
      if (!builder_.ttl_offsets.empty()) {
        WriteDigits(bytes + builder_.ttl_offsets[i], kTtlDigits, 500'000 + key % 400'000);
      }
    }
    started_ += options_.pipeline;
    ++in_flight_;
    connection.replies.wanted = options_.pipeline;
    connection.started_ns = NowNs();
    const std::string_view unsent = Send(connection, builder_.bytes);
    if (unsent.empty()) return;
    connection.unsent = unsent;
    Watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }

  // What the socket does not take now.
  static std::string_view Send(const Connection& connection, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) break;
      if (n < 0) Die(std::string("send: ") + std::strerror(errno));
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return bytes;
  }

  void SendRest(Connection& connection) {
    connection.unsent = std::string(Send(connection, connection.unsent));
    if (connection.unsent.empty()) Watch(connection, EPOLL_CTL_MOD, EPOLLIN);
  }

  void OnEvent(Connection& connection, const epoll_event& event) {
    if ((event.events & EPOLLOUT) != 0) SendRest(connection);
    if ((event.events & ~static_cast<uint32_t>(EPOLLOUT)) == 0) return;
    const ssize_t n = recv(connection.fd, read_buffer_.data(), read_buffer_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) Die("the server closed a connection");
    connection.replies.Consume({read_buffer_.data(), static_cast<size_t>(n)});
    if (connection.replies.wanted > 0) return;
    latency_.Record(NowNs() - connection.started_ns);
    --in_flight_;
    StartBatch(connection);
  }

  const Options options_;
  BatchBuilder builder_;
  uint64_t random_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::array<char, kReadBytes> read_buffer_;
  uint64_t next_key_ = 0;
  uint64_t started_ = 0;
  uint64_t in_flight_ = 0;  // batches
  Histogram latency_;
};

}  // namespace

int main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  static Load load(options);
  if (options.steps != 0) {
    std::puts("connected");
    std::fflush(stdout);
    AwaitLine();
  }
  load.Run();
  if (options.steps != 0) {
    std::fflush(stdout);
    AwaitLine();
  }
  return 0;
}
