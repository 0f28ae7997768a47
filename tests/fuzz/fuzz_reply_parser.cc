// Any cut of a stream of replies gives the same values and the same error as the whole, and no
// input makes the parser read outside of it. The first byte chooses how the rest is cut.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/check.h"
#include "server/resp/reply_parser.h"
#include "tests/fuzz/cut.h"
#include "tests/resp/heap_copy.h"

namespace duet::resp {
namespace {

// Unlike operator==, holds for two NaNs: their text is the same.
void Print(const Value& value, std::string& out) {
  out += std::to_string(static_cast<int>(value.type)) + " " + std::to_string(value.integer) + " " +
         value.format + " " + value.text + " [";
  for (const Value& item : value.items) Print(item, out);
  out += "]";
}

class ReplyFeed {
 public:
  void Feed(std::string_view piece) {
    if (failed_) return;
    rest_.append(piece);
    for (;;) {
      const HeapCopy input(rest_);
      Value value;
      const ReplyResult result = parser_.Parse(input.view(), &value);
      rest_.erase(0, result.consumed);
      if (result.status == ReplyStatus::kProtocolError) {
        failed_ = true;
        printed_.append("error: ").append(parser_.error());
      }
      if (result.status != ReplyStatus::kOk) return;
      Print(value, printed_);
    }
  }
  const std::string& printed() const { return printed_; }

 private:
  ReplyParser parser_;
  std::string rest_;
  std::string printed_;
  bool failed_ = false;
};

void Run(uint8_t choice, std::string_view bytes) {
  ReplyFeed whole;
  whole.Feed(bytes);
  ReplyFeed cut;
  FeedInPieces(choice, bytes, [&cut](std::string_view piece) { cut.Feed(piece); });
  DUET_CHECK(whole.printed() == cut.printed(), "a cut changes the replies");
}

}  // namespace
}  // namespace duet::resp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  duet::resp::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
