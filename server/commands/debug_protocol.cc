#include "server/commands/debug_protocol.h"

#include <string_view>

namespace duet::commands {
namespace {

void ReplyThree(ReplyWriter& reply) {
  for (int i = 0; i < 3; ++i) reply.Integer(i);
}

void ReplyArray(CommandContext& ctx) {
  ctx.reply.Array(3);
  ReplyThree(ctx.reply);
}

void ReplySet(CommandContext& ctx) {
  ctx.reply.Set(3);
  ReplyThree(ctx.reply);
}

void ReplyMap(CommandContext& ctx) {
  ctx.reply.Map(3);
  for (int i = 0; i < 3; ++i) {
    ctx.reply.Integer(i);
    ctx.reply.Boolean(i == 1);
  }
}

void ReplyAttribute(CommandContext& ctx) {
  if (ctx.reply.Attribute(1)) {
    ctx.reply.Bulk("key-popularity");
    ctx.reply.Array(2);
    ctx.reply.Bulk("key:123");
    ctx.reply.Integer(90);
  }
  ctx.reply.Bulk("Some real reply following the attribute");
}

// A push and the reply, without which a client that drops pushes would wait for one.
void ReplyPush(CommandContext& ctx) {
  if (ctx.session.door != Door::kResp || ctx.session.protocol < 3) {
    return ctx.reply.Error(
        MakeError(ErrorCode::kGeneric, "ERR RESP2 is not supported by this command"));
  }
  ctx.reply.Push(2);
  ctx.reply.Bulk("server-cpu-usage");
  ctx.reply.Integer(42);
  ctx.reply.Bulk("Some real reply following the push reply");
}

struct SampleReply {
  std::string_view type;
  Handler reply;
};

// What Redis replies to each, so that its clients' tests find what they look for.
constexpr SampleReply kSampleReplies[] = {
    {"string", [](CommandContext& ctx) { ctx.reply.Bulk("Hello World"); }},
    {"integer", [](CommandContext& ctx) { ctx.reply.Integer(12345); }},
    {"double", [](CommandContext& ctx) { ctx.reply.Double(3.141); }},
    {"bignum",
     [](CommandContext& ctx) { ctx.reply.BigNumber("1234567999999999999999999999999999999"); }},
    {"null", [](CommandContext& ctx) { ctx.reply.Null(); }},
    {"array", ReplyArray},
    {"set", ReplySet},
    {"map", ReplyMap},
    {"attrib", ReplyAttribute},
    {"push", ReplyPush},
    {"verbatim",
     [](CommandContext& ctx) { ctx.reply.Verbatim("txt", "This is a verbatim\nstring"); }},
    {"true", [](CommandContext& ctx) { ctx.reply.Boolean(true); }},
    {"false", [](CommandContext& ctx) { ctx.reply.Boolean(false); }},
};

}  // namespace

void DebugProtocol(CommandContext& ctx) {
  for (const SampleReply& sample : kSampleReplies) {
    if (EqualsIgnoreCase(sample.type, ctx.args[2])) return sample.reply(ctx);
  }
  ctx.reply.Error(
      MakeError(ErrorCode::kSyntax,
                "ERR Wrong protocol type name. Please use one of the following: "
                "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"));
}

}  // namespace duet::commands
