// Any cut of a stream of HTTP requests gives the same requests and the same error as the whole. The
// first byte chooses how the rest is cut.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/base/check.h"
#include "server/http/request_parser.h"
#include "tests/fuzz/cut.h"

namespace duet::http {
namespace {

// Small ones, so that inputs meet them.
constexpr ParserLimits kLimits{.max_head_bytes = 256, .max_headers = 4, .max_body_bytes = 32};

class Feeder {
 public:
  void Feed(std::string_view piece) {
    parser_.Feed(piece);
    while (!failed_) {
      const Result<std::optional<Request>, ParseError> next = parser_.Next();
      if (!next.ok()) {
        failed_ = true;
        printed_ += "error " + std::to_string(next.error().status) + ": ";
        printed_ += next.error().reason;
        return;
      }
      if (!next->has_value()) return;
      Print(**next);
    }
  }
  const std::string& printed() const { return printed_; }

 private:
  void Print(const Request& request) {
    DUET_CHECK(!request.method.empty() && !request.path.empty(), "a request without its parts");
    for (const std::string_view part :
         {request.method, request.path, request.query, request.accept}) {
      printed_.append(part) += '|';
    }
    printed_ += request.keep_alive ? "keep\n" : "close\n";
  }

  RequestParser parser_{kLimits};
  std::string printed_;
  bool failed_ = false;
};

void Run(uint8_t choice, std::string_view bytes) {
  Feeder whole;
  whole.Feed(bytes);
  Feeder cut;
  FeedInPieces(choice, bytes, [&cut](std::string_view piece) { cut.Feed(piece); });
  DUET_CHECK(whole.printed() == cut.printed(), "a cut changes the requests");
}

}  // namespace
}  // namespace duet::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  duet::http::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
