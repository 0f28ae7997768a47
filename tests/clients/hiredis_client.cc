// Debian's libhiredis, the C client: values, a pipeline, a transaction, pub/sub, client-side
// caching with REDIRECT (as RESP2 does it), and a reconnect. run_client.py runs it.
#include <cstdio>
#include <cstdlib>
#include <hiredis/hiredis.h>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

void Check(bool condition, std::string_view what) {
  if (condition) return;
  std::cout << "failed: " << what << std::endl;
  std::exit(1);
}

class Client {
 public:
  Client() : context_(redisConnectWithTimeout("127.0.0.1", Port(), timeval{20, 0})) {
    Check(context_ != nullptr && context_->err == 0, "connect");
    redisSetTimeout(context_, timeval{20, 0});
  }
  ~Client() { redisFree(context_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  template <typename... Args>
  Reply Call(const char* format, Args... args) {
    return Reply(static_cast<redisReply*>(redisCommand(context_, format, args...)));
  }
  template <typename... Args>
  void Append(const char* format, Args... args) {
    redisAppendCommand(context_, format, args...);
  }
  Reply Next() {
    void* reply = nullptr;
    Check(redisGetReply(context_, &reply) == REDIS_OK, "a reply");
    return Reply(static_cast<redisReply*>(reply));
  }
  bool Reconnect() { return redisReconnect(context_) == REDIS_OK; }

 private:
  static int Port() { return std::atoi(std::getenv("DUET_PORT")); }
  redisContext* context_;
};

std::string_view Text(const redisReply& reply) { return {reply.str, reply.len}; }

bool IsArray(const Reply& reply, std::initializer_list<std::string_view> texts) {
  if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != texts.size()) return false;
  size_t i = 0;
  for (const std::string_view text : texts) {
    const redisReply& element = *reply->element[i++];
    if (element.type == REDIS_REPLY_INTEGER ? std::to_string(element.integer) != text
                                            : Text(element) != text) {
      return false;
    }
  }
  return true;
}

void Values(Client& client) {
  constexpr std::string_view kBinary("\0\r\n\xff$", 5);
  Check(Text(*client.Call("SET k v EX 100")) == "OK", "SET");
  Check(Text(*client.Call("GET k")) == "v", "GET");
  client.Call("SET binary %b", kBinary.data(), kBinary.size());
  Check(Text(*client.Call("GET binary")) == kBinary, "a binary value");
  Check(client.Call("GET missing")->type == REDIS_REPLY_NIL, "a missing key");
  Check(client.Call("INCR k")->type == REDIS_REPLY_ERROR, "an error");
}

void Pipeline(Client& client) {
  constexpr int kCommands = 1000;
  for (int i = 0; i < kCommands; ++i) client.Append("INCR pipelined");
  for (int i = 0; i < kCommands; ++i) Check(client.Next()->integer == i + 1, "a pipeline");
}

void Transaction(Client& client, Client& other) {
  client.Call("MULTI");
  Check(Text(*client.Call("SET t 1")) == "QUEUED", "MULTI queues");
  client.Call("INCR t");
  Check(IsArray(client.Call("EXEC"), {"OK", "2"}), "EXEC");
  client.Call("WATCH t");
  other.Call("SET t changed");
  client.Call("MULTI");
  client.Call("SET t lost");
  Check(client.Call("EXEC")->type == REDIS_REPLY_NIL, "WATCH");
  Check(Text(*client.Call("GET t")) == "changed", "nothing executed");
}

void PublishSubscribe(Client& client) {
  Client subscriber;
  Check(IsArray(subscriber.Call("SUBSCRIBE news"), {"subscribe", "news", "1"}), "SUBSCRIBE");
  Check(client.Call("PUBLISH news hello")->integer == 1, "PUBLISH");
  Check(IsArray(subscriber.Next(), {"message", "news", "hello"}), "a message");
  Check(subscriber.Call("GET k")->type == REDIS_REPLY_ERROR, "no GET while subscribed");
}

void Caching(Client& client, Client& other) {
  Client invalidations;
  const long long id = invalidations.Call("CLIENT ID")->integer;
  invalidations.Call("SUBSCRIBE __redis__:invalidate");
  Check(Text(*client.Call("CLIENT TRACKING ON REDIRECT %lld", id)) == "OK", "TRACKING");
  client.Call("GET k");
  other.Call("SET k changed");
  const Reply message = invalidations.Next();
  Check(message->elements == 3 && Text(*message->element[1]) == "__redis__:invalidate" &&
            Text(*message->element[2]->element[0]) == "k",
        "an invalidation");
  client.Call("CLIENT TRACKING OFF");
}

void Restart(Client& client) {
  std::cout << "restart" << std::endl;
  std::string restarted;
  std::getline(std::cin, restarted);
  Check(client.Call("GET k") == nullptr, "the old connection is gone");
  Check(client.Reconnect(), "reconnect");
  Check(client.Call("GET k")->type == REDIS_REPLY_NIL, "a new, empty server");
}

}  // namespace

int main() {
  Client client;
  Client other;
  Values(client);
  Pipeline(client);
  Transaction(client, other);
  PublishSubscribe(client);
  Caching(client, other);
  Restart(client);
  return 0;
}
