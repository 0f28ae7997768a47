#include "server/resp/outbox.h"

#include <algorithm>
#include <utility>

#include "server/base/check.h"

namespace duet::resp {

bool Outbox::Stage(Sender& sender, std::string_view replies) {
  // While it sends, a sender may run and have more to say: that is no part of this turn.
  if (sending_ || replies.size() > kMaxBytes) return false;
  if (staged_.empty()) {
    if (!worker_.has_more_events()) return false;
    worker_.RunAfterEvents(this);
  }
  staged_.push_back({&sender, bytes_.size(), replies.size()});
  bytes_.Append(replies);
  return true;
}

void Outbox::SendNow(Sender& sender) {
  const auto found = std::ranges::find(staged_, &sender, &Staged::sender);
  DUET_CHECK(found != staged_.end(), "nothing is staged");
  Send(static_cast<size_t>(found - staged_.begin()));
}

void Outbox::Send(size_t index) {
  Sender* const sender = std::exchange(staged_[index].sender, nullptr);
  if (sender == nullptr) return;
  sender->SendStaged(bytes_.view().substr(staged_[index].begin, staged_[index].size));
}

// As a worker does for the handlers of its events: with many connections they have left the cache.
void Outbox::PrefetchBehind(size_t next) const {
  if (next + 1 < staged_.size()) __builtin_prefetch(staged_[next + 1].sender);
  if (next < staged_.size() && staged_[next].sender != nullptr) staged_[next].sender->Prefetch();
}

void Outbox::Complete(bool /*ok*/) {
  sending_ = true;
  for (size_t i = 0; i < staged_.size(); ++i) {
    PrefetchBehind(i + 1);
    Send(i);
  }
  sending_ = false;
  staged_.clear();
  bytes_.Clear();
}

}  // namespace duet::resp
