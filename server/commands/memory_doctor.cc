#include "server/commands/memory_doctor.h"

#include "server/commands/info_text.h"

namespace duet::commands {
namespace {

constexpr uint64_t kMb = 1024 * 1024;
// Below this the figures are those of the program itself.
constexpr uint64_t kLittle = 5 * kMb;
// What is wasted may be this much before it is worth a word.
constexpr uint64_t kMuch = 10 * kMb;
constexpr uint64_t kBigClient = 200 * 1024;

// `whole` is more than `ratio` times `part`, and by a lot.
bool Exceeds(uint64_t whole, uint64_t part, double ratio) {
  return part > 0 && whole > part && whole - part > kMuch && RatioOf(whole, part) > ratio;
}

}  // namespace

std::string ExamineMemory(const MemoryReport& report) {
  if (report.used < kLittle) {
    return "The server holds hardly any data (" + HumanBytes(report.used) +
           "): there is nothing to tell yet.\n";
  }
  const AllocatorFigures& allocator = report.allocator;
  const uint64_t resident = report.process.resident_bytes;
  std::string findings;
  const auto find = [&findings](bool found, const std::string& sentence) {
    if (found) findings.append("* ").append(sentence).append("\n");
  };
  find(RatioOf(report.peak, report.used) > 1.5,
       "Peak: at its most the server used " + HumanBytes(report.peak) + ", now " +
           HumanBytes(report.used) +
           ". The allocator may keep pages of that time; MEMORY PURGE gives back what is free.");
  find(Exceeds(resident, report.used, 1.4),
       "Resident memory: " + HumanBytes(resident) + " for " + HumanBytes(report.used) +
           " in use. With huge pages, memory comes back when two megabytes in a row are free.");
  find(Exceeds(allocator.active_bytes, allocator.allocated_bytes, 1.1),
       "Fragmentation: the allocator's pages hold " + HumanBytes(allocator.active_bytes) + " for " +
           HumanBytes(allocator.allocated_bytes) +
           ". Values of changing sizes, or many evictions, bring that about.");
  find(Exceeds(allocator.resident_bytes, allocator.active_bytes, 1.1),
       "Pages kept: the allocator has " + HumanBytes(allocator.resident_bytes) + " and uses " +
           HumanBytes(allocator.active_bytes) + "; MEMORY PURGE gives back the rest.");
  find(Exceeds(resident, allocator.resident_bytes, 1.1),
       "Outside of the allocator: " + HumanBytes(resident - allocator.resident_bytes) +
           " belong to code, stacks and libraries.");
  find(report.client_count > 0 && report.clients / report.client_count > kBigClient,
       "Clients: their buffers take " + HumanBytes(report.clients) + ", more than " +
           HumanBytes(kBigClient) + " each. CLIENT LIST (omem, qbuf) shows whose.");
  if (findings.empty()) return "Memory is used as it should be.\n";
  return "What is unusual about the use of memory:\n" + findings;
}

}  // namespace duet::commands
