// The options that every connected socket gets.
#pragma once

namespace duet::runtime {

// Non-blocking and close-on-exec; TCP also TCP_NODELAY (replies are written in one piece) and
// keep-alive probes after 300 s of silence (Redis' tcp-keepalive), so that dead peers are noticed.
void PrepareConnectedSocket(int fd);

}  // namespace duet::runtime
