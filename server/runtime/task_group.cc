#include "server/runtime/task_group.h"

#include <utility>

#include "server/base/check.h"
#include "server/runtime/runtime.h"
#include "server/runtime/spawned.h"

namespace duet::runtime {

// One task of the group; frees itself at the task's end, while the group still counts it.
class TaskGroup::Member final : public internal::Spawned<void> {
 public:
  Member(TaskGroup* group, Task<> task, Gate::Pass pass)
      : Spawned(std::move(task)), group_(group), pass_(std::move(pass)) {}

 private:
  void OnDone() override {
    TaskGroup* const group = group_;
    const Gate::Pass pass = std::move(pass_);  // the runtime outlives the last wake-up
    delete this;
    group->OnTaskDone();
  }

  TaskGroup* const group_;
  Gate::Pass pass_;
};

TaskGroup::~TaskGroup() { DUET_CHECK(size() == 0, "a TaskGroup died before its tasks: join it"); }

bool TaskGroup::Spawn(Task<> task) { return SpawnOn(runtime_.HomeWorker(), std::move(task)); }

bool TaskGroup::SpawnOn(Worker& worker, Task<> task) {
  Gate::Pass pass = runtime_.tasks().Enter();
  if (!pass) return false;
  {
    absl::MutexLock lock(&mutex_);
    ++running_;
  }
  worker.Post(new Member(this, std::move(task), std::move(pass)));
  return true;
}

size_t TaskGroup::size() const {
  absl::MutexLock lock(&mutex_);
  return running_;
}

void TaskGroup::OnTaskDone() {
  absl::MutexLock lock(&mutex_);
  if (--running_ == 0) waiters_.FinishAll(WaitOutcome::kGranted);
}

bool TaskGroup::JoinBlocking(absl::Duration limit) {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(
                                     +[](size_t* running) { return *running == 0; }, &running_),
                                 limit);
}

}  // namespace duet::runtime
