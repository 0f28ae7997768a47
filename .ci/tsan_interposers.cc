// Shows ThreadSanitizer the synchronisation inside of Debian's Abseil and gRPC.
//
// Those libraries are not built with it, so it does not see that absl::Mutex orders threads, nor
// that what is written before an RPC operation starts is read after its tag has come out of a
// completion queue, and it would report every such pair as a race. The functions below stand in
// the executable, so the dynamic linker finds them first, for our code and for gRPC's own calls;
// each tells the sanitizer and goes on to the real one. This file itself is built without
// -fsanitize=thread and linked into the executables of .ci/run's tsan build.
//
// A condition (Await, LockWhen) may be evaluated by the thread that unlocks, inside of the library
// and after what the sanitizer takes for the unlock: its reads are not looked at.

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <grpc/grpc.h>
#include <grpcpp/alarm.h>
#include <string>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

extern "C" {
void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
}

namespace {

// All of gRPC's queues at once: coarser than the truth, and enough for our own data.
char g_grpc;

void* Real(const std::string& name) {
  void* found = dlsym(RTLD_NEXT, name.c_str());
  if (found == nullptr) {
    std::fprintf(stderr, "tsan_interposers: no %s\n", name.c_str());
    std::abort();
  }
  return found;
}

// The symbol of a method in absl's inline namespace: "_ZN4absl7debian3" and what follows.
#define DUET_STRING_(x) #x
#define DUET_STRING(x) DUET_STRING_(x)
std::string AbslSymbol(const std::string& rest) {
  const std::string space = DUET_STRING(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  return "_ZN4absl" + std::to_string(space.size()) + space + rest;
}

struct IgnoreReads {
  IgnoreReads() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~IgnoreReads() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

template <typename Result, typename... Args>
Result Call(void* real, Args... args) {
  const IgnoreReads ignore;
  return reinterpret_cast<Result (*)(Args...)>(real)(args...);
}

}  // namespace

#define DUET_REAL(rest) static void* const real = Real(AbslSymbol(rest))

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  DUET_REAL("5Mutex4LockEv");
  Call<void>(real, this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  DUET_REAL("5Mutex6UnlockEv");
  __tsan_release(this);
  Call<void>(real, this);
}

bool Mutex::TryLock() {
  DUET_REAL("5Mutex7TryLockEv");
  const bool locked = Call<bool>(real, this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::ReaderLock() {
  DUET_REAL("5Mutex10ReaderLockEv");
  Call<void>(real, this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  DUET_REAL("5Mutex12ReaderUnlockEv");
  __tsan_release(this);
  Call<void>(real, this);
}

bool Mutex::ReaderTryLock() {
  DUET_REAL("5Mutex13ReaderTryLockEv");
  const bool locked = Call<bool>(real, this);
  if (locked) __tsan_acquire(this);
  return locked;
}

void Mutex::LockWhen(const Condition& cond) {
  DUET_REAL("5Mutex8LockWhenERKNS0_9ConditionE");
  Call<void>(real, this, &cond);
  __tsan_acquire(this);
}

void Mutex::Await(const Condition& cond) {
  DUET_REAL("5Mutex5AwaitERKNS0_9ConditionE");
  __tsan_release(this);
  Call<void>(real, this, &cond);
  __tsan_acquire(this);
}

bool Mutex::AwaitWithTimeout(const Condition& cond, Duration timeout) {
  DUET_REAL("5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  __tsan_release(this);
  const bool met = Call<bool>(real, this, &cond, timeout);
  __tsan_acquire(this);
  return met;
}

bool Mutex::AwaitWithDeadline(const Condition& cond, Time deadline) {
  DUET_REAL("5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  __tsan_release(this);
  const bool met = Call<bool>(real, this, &cond, deadline);
  __tsan_acquire(this);
  return met;
}

bool Mutex::LockWhenWithTimeout(const Condition& cond, Duration timeout) {
  DUET_REAL("5Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  const bool met = Call<bool>(real, this, &cond, timeout);
  __tsan_acquire(this);
  return met;
}

bool Mutex::LockWhenWithDeadline(const Condition& cond, Time deadline) {
  DUET_REAL("5Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE");
  const bool met = Call<bool>(real, this, &cond, deadline);
  __tsan_acquire(this);
  return met;
}

void CondVar::Wait(Mutex* mu) {
  DUET_REAL("7CondVar4WaitEPNS0_5MutexE");
  __tsan_release(mu);
  Call<void>(real, this, mu);
  __tsan_acquire(mu);
}

bool CondVar::WaitWithTimeout(Mutex* mu, Duration timeout) {
  DUET_REAL("7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  __tsan_release(mu);
  const bool timed_out = Call<bool>(real, this, mu, timeout);
  __tsan_acquire(mu);
  return timed_out;
}

bool CondVar::WaitWithDeadline(Mutex* mu, Time deadline) {
  DUET_REAL("7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  __tsan_release(mu);
  const bool timed_out = Call<bool>(real, this, mu, deadline);
  __tsan_acquire(mu);
  return timed_out;
}

void Notification::Notify() {
  DUET_REAL("12Notification6NotifyEv");
  __tsan_release(this);
  Call<void>(real, this);
}

void Notification::WaitForNotification() const {
  static void* const real =
      Real("_ZNK" + AbslSymbol("12Notification19WaitForNotificationEv").substr(3));
  Call<void>(real, this);
  __tsan_acquire(const_cast<Notification*>(this));
}

bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  static void* const real =
      Real("_ZNK" +
           AbslSymbol("12Notification30WaitForNotificationWithTimeoutENS0_8DurationE").substr(3));
  const bool notified = Call<bool>(real, this, timeout);
  if (notified) __tsan_acquire(const_cast<Notification*>(this));
  return notified;
}

bool BlockingCounter::DecrementCount() {
  DUET_REAL("15BlockingCounter14DecrementCountEv");
  __tsan_release(this);
  return Call<bool>(real, this);
}

void BlockingCounter::Wait() {
  DUET_REAL("15BlockingCounter4WaitEv");
  Call<void>(real, this);
  __tsan_acquire(this);
}

ABSL_NAMESPACE_END
}  // namespace absl

// gRPC: whatever starts an operation releases, whatever takes a tag out acquires.

extern "C" grpc_event grpc_completion_queue_next(grpc_completion_queue* queue,
                                                 gpr_timespec deadline, void* reserved) {
  static void* const real = Real("grpc_completion_queue_next");
  const auto event = Call<grpc_event>(real, queue, deadline, reserved);
  __tsan_acquire(&g_grpc);
  return event;
}

extern "C" grpc_event grpc_completion_queue_pluck(grpc_completion_queue* queue, void* tag,
                                                  gpr_timespec deadline, void* reserved) {
  static void* const real = Real("grpc_completion_queue_pluck");
  const auto event = Call<grpc_event>(real, queue, tag, deadline, reserved);
  __tsan_acquire(&g_grpc);
  return event;
}

extern "C" grpc_call_error grpc_call_start_batch(grpc_call* call, const grpc_op* ops, size_t count,
                                                 void* tag, void* reserved) {
  static void* const real = Real("grpc_call_start_batch");
  __tsan_release(&g_grpc);
  return Call<grpc_call_error>(real, call, ops, count, tag, reserved);
}

extern "C" grpc_call_error grpc_server_request_call(grpc_server* server, grpc_call** call,
                                                    grpc_call_details* details,
                                                    grpc_metadata_array* metadata,
                                                    grpc_completion_queue* bound,
                                                    grpc_completion_queue* queue, void* tag) {
  static void* const real = Real("grpc_server_request_call");
  __tsan_release(&g_grpc);
  return Call<grpc_call_error>(real, server, call, details, metadata, bound, queue, tag);
}

extern "C" grpc_call_error grpc_server_request_registered_call(
    grpc_server* server, void* method, grpc_call** call, gpr_timespec* deadline,
    grpc_metadata_array* metadata, grpc_byte_buffer** payload, grpc_completion_queue* bound,
    grpc_completion_queue* queue, void* tag) {
  static void* const real = Real("grpc_server_request_registered_call");
  __tsan_release(&g_grpc);
  return Call<grpc_call_error>(real, server, method, call, deadline, metadata, payload, bound,
                               queue, tag);
}

extern "C" void grpc_completion_queue_shutdown(grpc_completion_queue* queue) {
  static void* const real = Real("grpc_completion_queue_shutdown");
  __tsan_release(&g_grpc);
  Call<void>(real, queue);
}

extern "C" void grpc_server_shutdown_and_notify(grpc_server* server, grpc_completion_queue* queue,
                                                void* tag) {
  static void* const real = Real("grpc_server_shutdown_and_notify");
  __tsan_release(&g_grpc);
  Call<void>(real, server, queue, tag);
}

namespace grpc {

void Alarm::SetInternal(CompletionQueue* queue, gpr_timespec deadline, void* tag) {
  static void* const real =
      Real("_ZN4grpc5Alarm11SetInternalEPNS_15CompletionQueueE12gpr_timespecPv");
  __tsan_release(&g_grpc);
  Call<void>(real, this, queue, deadline, tag);
}

void Alarm::Cancel() {
  static void* const real = Real("_ZN4grpc5Alarm6CancelEv");
  __tsan_release(&g_grpc);
  Call<void>(real, this);
}

}  // namespace grpc
