// Cost of the codec alone: pipelined requests parsed, replies encoded. items_per_second is requests
// or replies; its inverse is what a request pays.
#include <benchmark/benchmark.h>
#include <string>

#include "server/resp/encoder.h"
#include "server/resp/parser.h"
#include "server/resp/reply_parser.h"

namespace duet::resp {
namespace {

constexpr int kPipeline = 100;

std::string Repeated(const std::string& frame) {
  std::string out;
  for (int i = 0; i < kPipeline; ++i) out += frame;
  return out;
}

const char kGet[] = "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000012345\r\n";
const char kSet[] =
    "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000012345\r\n$32\r\n01234567890123456789012345678901\r\n";

void ParseRequests(benchmark::State& state, const std::string& frame) {
  const std::string input = Repeated(frame);
  const Limits limits;
  RequestParser parser(limits);
  CommandBatch batch;
  for (auto _ : state) {
    batch.Clear();
    const ParseResult result = parser.Parse(input, batch, 1024);
    benchmark::DoNotOptimize(result);
    if (batch.size() != kPipeline) state.SkipWithError("not parsed");
  }
  state.SetItemsProcessed(state.iterations() * kPipeline);
}

void BM_ParseGet(benchmark::State& state) { ParseRequests(state, kGet); }
BENCHMARK(BM_ParseGet);
void BM_ParseSet32(benchmark::State& state) { ParseRequests(state, kSet); }
BENCHMARK(BM_ParseSet32);
void BM_ParseSet1K(benchmark::State& state) {
  ParseRequests(state, "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000012345\r\n$1024\r\n" +
                           std::string(1024, 'v') + "\r\n");
}
BENCHMARK(BM_ParseSet1K);
void BM_ParseInlineGet(benchmark::State& state) {
  ParseRequests(state, "GET key:000000012345\r\n");
}
BENCHMARK(BM_ParseInlineGet);

// A SET that comes in two reads: what remembering and the second pass cost.
void BM_ParseSplitSet(benchmark::State& state) {
  const std::string_view input = kSet;
  const Limits limits;
  RequestParser parser(limits);
  CommandBatch batch;
  for (auto _ : state) {
    batch.Clear();
    benchmark::DoNotOptimize(parser.Parse(input.substr(0, 40), batch, 1024));
    benchmark::DoNotOptimize(parser.Parse(input, batch, 1024));
    if (batch.size() != 1) state.SkipWithError("not parsed");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ParseSplitSet);

template <typename Write>
void EncodeReplies(benchmark::State& state, Write write) {
  OutputBuffer out;
  Relaxed<int> protocol{2};
  RespWriter writer(out, &protocol);
  ReplyWriter* reply = &writer;
  benchmark::DoNotOptimize(reply);  // keeps the calls virtual, as handlers make them
  for (auto _ : state) {
    out.Clear();
    for (int i = 0; i < kPipeline; ++i) write(*reply, i);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kPipeline);
}

void BM_EncodeOk(benchmark::State& state) {
  EncodeReplies(state, [](ReplyWriter& w, int) { w.Ok(); });
}
BENCHMARK(BM_EncodeOk);
void BM_EncodeInteger(benchmark::State& state) {
  EncodeReplies(state, [](ReplyWriter& w, int i) { w.Integer(i * 1000); });
}
BENCHMARK(BM_EncodeInteger);
void BM_EncodeNull(benchmark::State& state) {
  EncodeReplies(state, [](ReplyWriter& w, int) { w.Null(); });
}
BENCHMARK(BM_EncodeNull);
void BM_EncodeBulk(benchmark::State& state) {
  const std::string value(static_cast<size_t>(state.range(0)), 'v');
  EncodeReplies(state, [&](ReplyWriter& w, int) { w.Bulk(value); });
}
BENCHMARK(BM_EncodeBulk)->Arg(32)->Arg(1024);

void BM_ParseBulkReply(benchmark::State& state) {
  const std::string input = Repeated("$32\r\n01234567890123456789012345678901\r\n");
  ReplyParser parser;
  Value value;
  for (auto _ : state) {
    std::string_view rest = input;
    while (!rest.empty()) rest.remove_prefix(parser.Parse(rest, &value).consumed);
  }
  state.SetItemsProcessed(state.iterations() * kPipeline);
}
BENCHMARK(BM_ParseBulkReply);

}  // namespace
}  // namespace duet::resp
