// MEMORY DOCTOR: what is unusual about the use of memory, in sentences.
//
// Thread-safe: a function of its argument only.
#pragma once

#include <string>

#include "server/commands/memory_report.h"

namespace duet::commands {

// One line a finding, each ended by a line feed; one that says so if there is none.
std::string ExamineMemory(const MemoryReport& report);

}  // namespace duet::commands
