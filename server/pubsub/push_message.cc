#include "server/pubsub/push_message.h"

#include <string>
#include <utility>

#include "server/base/numbers.h"

namespace duet::pubsub {
namespace {

constexpr size_t kMaxHeader = 1 + 20 + 2;  // type, digits, CR LF

void AppendHeader(std::string& text, char type, size_t count) {
  char digits[20];
  text += type;
  text.append(digits, FormatInt64(static_cast<int64_t>(count), digits)).append("\r\n");
}

}  // namespace

Message EncodePush(std::initializer_list<std::string_view> words) {
  size_t room = kMaxHeader;
  for (const std::string_view word : words) room += kMaxHeader + word.size() + 2;
  std::string text;
  text.reserve(room);
  AppendHeader(text, '>', words.size());
  for (const std::string_view word : words) {
    AppendHeader(text, '$', word.size());
    text.append(word).append("\r\n");
  }
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace duet::pubsub
