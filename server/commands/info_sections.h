// The sections of INFO. A section is a function that writes it; info.cc lists them.
//
// Thread-safe as far as their context is; none holds a lock of the store when it is called.
#pragma once

namespace duet::commands {

struct CommandContext;
class InfoText;

using InfoSection = void (*)(CommandContext&, InfoText&);

// info_process.cc: the process and what it runs on.
void InfoServer(CommandContext& ctx, InfoText& out);
void InfoCpu(CommandContext& ctx, InfoText& out);
void InfoModules(CommandContext& ctx, InfoText& out);
void InfoCluster(CommandContext& ctx, InfoText& out);

// info_clients.cc
void InfoClients(CommandContext& ctx, InfoText& out);

// info_data.cc: what is stored, and what becomes of it.
void InfoPersistence(CommandContext& ctx, InfoText& out);
void InfoReplication(CommandContext& ctx, InfoText& out);
void InfoKeyspace(CommandContext& ctx, InfoText& out);

// info_memory.cc
void InfoMemory(CommandContext& ctx, InfoText& out);

// info_statistics.cc: what the workers counted.
void InfoStats(CommandContext& ctx, InfoText& out);
void InfoCommandStats(CommandContext& ctx, InfoText& out);
void InfoErrorStats(CommandContext& ctx, InfoText& out);
void InfoLatencyStats(CommandContext& ctx, InfoText& out);

}  // namespace duet::commands
