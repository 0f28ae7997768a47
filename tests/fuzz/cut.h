// Cuts a stream of bytes into pieces, the same ones for the same choice.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string_view>

namespace duet {

// Calls feed(piece) for all pieces of `bytes`, in order. The upper three bits of `choice` say how
// long they may be: 1 to 128 bytes.
template <typename Feed>
void FeedInPieces(uint8_t choice, std::string_view bytes, Feed feed) {
  std::minstd_rand random(choice);
  const size_t max_piece = size_t{1} << (choice >> 5);
  for (size_t at = 0; at < bytes.size();) {
    const size_t piece = std::min(bytes.size() - at, 1 + random() % max_piece);
    feed(bytes.substr(at, piece));
    at += piece;
  }
}

}  // namespace duet
