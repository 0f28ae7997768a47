// The typed RPCs that take several keys.
#include <string_view>
#include <vector>

#include "server/grpc/bindings.h"
#include "server/grpc/capture_reply.h"
#include "server/grpc/status.h"
#include "server/grpc/validation.h"

namespace duet::rpc {
namespace {

using ::grpc::Status;

// MGET's reply: a value or none for each key. What cannot fit into a message is dropped.
class ResultsReply final : public TypedReply {
 public:
  ResultsReply(v1::BatchGetResponse& response, size_t max_bytes)
      : response_(response), max_bytes_(max_bytes) {}

  bool overflowed() const { return bytes_ > max_bytes_; }

  void Bulk(std::string_view bytes) override {
    bytes_ += bytes.size();
    if (overflowed()) return;
    v1::BatchGetResult& result = *response_.add_results();
    result.set_found(true);
    result.set_value(bytes.data(), bytes.size());
  }
  void Null() override { response_.add_results(); }

 private:
  v1::BatchGetResponse& response_;
  const size_t max_bytes_;
  size_t bytes_ = 0;  // of values
};

// The replies of a batch of DEL commands of one key.
class DeletedReply final : public TypedReply {
 public:
  explicit DeletedReply(v1::BatchDeleteResponse& response) : response_(response) {}

  void Integer(int64_t value) override { response_.add_deleted(value == 1); }

 private:
  v1::BatchDeleteResponse& response_;
};

Status CheckRequest(BindingContext& context, uint32_t database, const Keys& keys) {
  if (Status status = context.UseDatabase(database); !status.ok()) return status;
  return CheckKeys(context.limits, keys);
}

// `command` with all of the keys.
void RunOverKeys(BindingContext& context, std::string_view command, const Keys& keys,
                 ReplyWriter& reply) {
  std::vector<std::string_view> args;
  args.reserve(static_cast<size_t>(keys.size()) + 1);
  args.push_back(command);
  args.insert(args.end(), keys.begin(), keys.end());
  context.Run(args, reply);
}

Status CheckEntries(BindingContext& context, const v1::BatchSetRequest& request) {
  Status status = context.UseDatabase(request.database());
  if (status.ok()) status = CheckCount(context.limits, "entries", request.entries_size(), 2);
  for (int i = 0; status.ok() && i < request.entries_size(); ++i) {
    const v1::BatchSetEntry& entry = request.entries(i);
    if (entry.key().size() <= context.limits.max_key_bytes &&
        entry.value().size() <= context.limits.max_value_bytes) [[likely]] {
      continue;
    }
    const std::string field = "entries[" + std::to_string(i) + "]";
    status = CheckKey(context.limits, field + ".key", entry.key());
    if (status.ok()) status = CheckValue(context.limits, field + ".value", entry.value());
  }
  return status;
}

}  // namespace

Status Delete(BindingContext& context, const v1::DeleteRequest& request,
              v1::DeleteResponse& response) {
  Status status = CheckRequest(context, request.database(), request.keys());
  if (!status.ok()) return status;
  CaptureReply reply;
  RunOverKeys(context, "DEL", request.keys(), reply);
  response.set_deleted(static_cast<uint64_t>(reply.integer()));
  return reply.error() ? ToStatus(*reply.error()) : Status();
}

Status Exists(BindingContext& context, const v1::ExistsRequest& request,
              v1::ExistsResponse& response) {
  Status status = CheckRequest(context, request.database(), request.keys());
  if (!status.ok()) return status;
  CaptureReply reply;
  RunOverKeys(context, "EXISTS", request.keys(), reply);
  response.set_existing(static_cast<uint64_t>(reply.integer()));
  return reply.error() ? ToStatus(*reply.error()) : Status();
}

Status BatchGet(BindingContext& context, const v1::BatchGetRequest& request,
                v1::BatchGetResponse& response) {
  Status status = CheckRequest(context, request.database(), request.keys());
  if (!status.ok()) return status;
  ResultsReply reply(response, context.limits.grpc_max_message_bytes);
  RunOverKeys(context, "MGET", request.keys(), reply);
  if (reply.overflowed()) return ResponseTooLong(context.limits);
  return reply.error() ? ToStatus(*reply.error()) : Status();
}

Status BatchSet(BindingContext& context, const v1::BatchSetRequest& request,
                v1::BatchSetResponse& response) {
  if (Status status = CheckEntries(context, request); !status.ok()) return status;
  std::vector<std::string_view> args;
  args.reserve(2 * static_cast<size_t>(request.entries_size()) + 1);
  args.push_back(request.only_if_all_absent() ? "MSETNX" : "MSET");
  for (const v1::BatchSetEntry& entry : request.entries()) {
    args.push_back(entry.key());
    args.push_back(entry.value());
  }
  CaptureReply reply;
  context.Run(args, reply);
  response.set_applied(!request.only_if_all_absent() || reply.integer() == 1);
  return reply.error() ? ToStatus(*reply.error()) : Status();
}

Status BatchDelete(BindingContext& context, const v1::BatchDeleteRequest& request,
                   v1::BatchDeleteResponse& response) {
  Status status = CheckRequest(context, request.database(), request.keys());
  if (!status.ok()) return status;
  CommandBatch batch;
  for (const std::string& key : request.keys()) {
    batch.Add("DEL");
    batch.Add(key);
    batch.EndCommand();
  }
  DeletedReply reply(response);
  context.dispatcher.ExecuteBatch(context.session, batch, 0, reply, nullptr, nullptr);
  return reply.error() ? ToStatus(*reply.error()) : Status();
}

}  // namespace duet::rpc
