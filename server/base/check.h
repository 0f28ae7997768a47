// Programmer's errors end the process with a message; they are never a user's fault.
#pragma once

namespace duet {
// Prints "file:line: CHECK failed: condition: message" to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const char* message);
}  // namespace duet

#define DUET_CHECK(condition, message)               \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::duet::CheckFailed(__FILE__, __LINE__, #condition, (message)))

#ifdef NDEBUG
#define DUET_DCHECK(condition, message) static_cast<void>(sizeof(!(condition)))
#else
#define DUET_DCHECK(condition, message) DUET_CHECK(condition, message)
#endif
