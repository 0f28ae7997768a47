#include "server/commands/invalidation.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"

namespace duet::commands {
namespace {

void AppendBulk(std::string_view bytes, std::string& text) {
  absl::StrAppend(&text, "$", bytes.size(), "\r\n");
  text.append(bytes).append("\r\n");
}

// No keys stand for all of them, which each protocol has its null for.
pubsub::Message Encode(std::string text, std::span<const std::string_view> keys,
                       std::string_view null) {
  if (keys.empty()) {
    text += null;
  } else {
    absl::StrAppend(&text, "*", keys.size(), "\r\n");
    for (const std::string_view key : keys) AppendBulk(key, text);
  }
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

const pubsub::Message& Invalidation::push() {
  if (push_ == nullptr) {
    std::string text = ">2\r\n";
    AppendBulk("invalidate", text);
    push_ = Encode(std::move(text), keys_, "_\r\n");
  }
  return push_;
}

const pubsub::Message& Invalidation::channel_message() {
  if (channel_message_ == nullptr) {
    std::string text = ">3\r\n";
    AppendBulk("message", text);
    AppendBulk("__redis__:invalidate", text);
    channel_message_ = Encode(std::move(text), keys_, "$-1\r\n");
  }
  return channel_message_;
}

pubsub::Message RedirectBroken(uint64_t redirect) {
  std::string text = ">2\r\n";
  AppendBulk("tracking-redir-broken", text);
  absl::StrAppend(&text, ":", redirect, "\r\n");
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace duet::commands
