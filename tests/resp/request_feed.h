// Feeds requests to a RequestParser the way a connection does, cut as a test likes. The fuzzer uses
// it too, so it needs no GoogleTest.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/resp/parser.h"
#include "tests/resp/heap_copy.h"

namespace duet::resp {

using Command = std::vector<std::string>;

// Everything that came out of one stream of bytes.
struct Parsed {
  std::vector<Command> commands;
  std::string error;  // empty: none
  std::string rest;   // the partial command at the end
  size_t need_bytes = 0;

  bool operator==(const Parsed&) const = default;
};

class RequestFeed {
 public:
  explicit RequestFeed(const Limits& limits, bool authenticated = true) : parser_(limits) {
    parser_.set_authenticated(authenticated);
  }

  // The next piece of the stream. What is left over of the last one is moved, as a connection does.
  void Feed(std::string_view piece, size_t max_commands = 64) {
    if (!out_.error.empty()) return;
    out_.rest.append(piece);
    for (;;) {
      const HeapCopy input(out_.rest);
      CommandBatch batch;
      const ParseResult result = parser_.Parse(input.view(), batch, max_commands);
      for (size_t i = 0; i < batch.size(); ++i) {
        out_.commands.emplace_back(batch[i].begin(), batch[i].end());
      }
      out_.rest.erase(0, result.consumed);
      out_.need_bytes = result.need_bytes;
      if (result.status == ParseStatus::kProtocolError) out_.error = parser_.error();
      if (result.status != ParseStatus::kOk || out_.rest.empty()) return;
    }
  }

  const Parsed& out() const { return out_; }

 private:
  RequestParser parser_;
  Parsed out_;
};

inline Parsed ParseWhole(std::string_view bytes, const Limits& limits = Limits(),
                         bool authenticated = true) {
  RequestFeed feed(limits, authenticated);
  feed.Feed(bytes);
  return feed.out();
}

}  // namespace duet::resp
