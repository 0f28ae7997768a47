// Any cut of a stream of requests gives the same commands and the same error as the whole, and no
// input makes the parser read outside of it.
//
// The first byte of the input chooses limits and how the rest is cut.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "server/base/check.h"
#include "tests/fuzz/cut.h"
#include "tests/resp/request_feed.h"

namespace duet::resp {
namespace {

Limits SmallLimits() {
  Limits limits;
  limits.max_args = 12;
  limits.max_bulk_bytes = 64;
  limits.max_inline_bytes = 48;
  limits.max_request_bytes = 256;
  limits.max_args_unauthenticated = 4;
  limits.max_bulk_bytes_unauthenticated = 16;
  return limits;
}

void CheckCut(const Parsed& whole, const Parsed& cut) {
  DUET_CHECK(whole.commands == cut.commands, "a cut changes the commands");
  DUET_CHECK(whole.error == cut.error, "a cut changes the error");
  if (whole.error.empty()) {
    DUET_CHECK(whole.rest == cut.rest, "a cut changes what is left");
    DUET_CHECK(whole.need_bytes == cut.need_bytes, "a cut changes what is missing");
  }
}

void CheckPeek(std::string_view bytes, const Parsed& whole) {
  const HeapCopy input(bytes);
  const std::string_view argument = PeekFirstArgument(input.view());
  if (argument.empty() || whole.commands.empty()) return;
  const Command& first = whole.commands.front();
  DUET_CHECK(first.size() >= 2 && first[1] == argument, "another argument than the first");
}

void Run(uint8_t choice, std::string_view bytes) {
  const Limits limits = (choice & 1) != 0 ? SmallLimits() : Limits();
  const bool authenticated = (choice & 2) == 0;
  RequestFeed whole(limits, authenticated);
  whole.Feed(bytes, (choice & 4) != 0 ? 1 : 64);
  CheckPeek(bytes, whole.out());

  RequestFeed cut(limits, authenticated);
  FeedInPieces(choice, bytes, [&cut](std::string_view piece) { cut.Feed(piece); });
  if (!bytes.empty()) CheckCut(whole.out(), cut.out());
}

}  // namespace
}  // namespace duet::resp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  duet::resp::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
