// LATENCY GRAPH: the samples of an event as bars of characters.
//
//   command - high 500 ms, low 101 ms (all time high 500 ms)
//   --------------------------------------------------------------------------------
//      #_
//     _||
//    _|||
//   _||||
//
//   11186
//   542ss
//   sss
//
// A bar is up to four rows high; '_', 'o' and '#' fill a third, two thirds and all of its topmost
// row. Below it stands how long ago the sample was taken.
//
// Thread-safe: a function of its arguments only.
#pragma once

#include <cstdint>
#include <string>

#include "server/commands/latency_events.h"

namespace duet::commands {

std::string LatencyGraph(const LatencySeries& series, int64_t now_s);

}  // namespace duet::commands
