// Messages as they lie in a mailbox.
#pragma once

#include <initializer_list>
#include <string_view>

#include "server/pubsub/mailbox.h"

namespace duet::pubsub {

// A push of bulk strings: {"message", channel, payload}.
Message EncodePush(std::initializer_list<std::string_view> words);

}  // namespace duet::pubsub
