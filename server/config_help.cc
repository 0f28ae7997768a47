// The texts of --help and --version.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

#include "server/config.h"
#include "server/config_table.h"

#ifndef DUET_VERSION
#define DUET_VERSION "0.1.0"
#endif

namespace duet {
namespace {

void AppendWrapped(std::string& out, std::string_view text, size_t indent, size_t width) {
  size_t column = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    if (column > 0 && indent + column + 1 + end > width) {
      out.append("\n").append(indent, ' ');
      column = 0;
    }
    if (column > 0) out.append(" "), ++column;
    out.append(text.substr(0, end));
    column += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out.append("\n");
}

std::string DefaultText(const SettingRow& row) {
  const std::string value = FormatSetting(row, Config{});
  return value.empty() ? "none" : value;
}

}  // namespace

std::string HelpText() {
  constexpr size_t kColumn = 6;
  constexpr size_t kWidth = 96;
  std::string help =
      "Usage: duet-server [--name value | --name=value]...\n"
      "\n"
      "A key-value service with two doors, gRPC and RESP (the Redis protocol), in front of one\n"
      "store. Each setting is also read from the environment, --max-args from DUET_MAX_ARGS, and\n"
      "from the file that --config names, in the syntax of redis.conf: max-args 1000. Flags win "
      "over\n"
      "the environment, which wins over the file.\n";
  std::string_view group;
  for (const SettingRow& row : SettingRows()) {
    if (row.group != group) absl::StrAppend(&help, "\n", std::string(group = row.group), "\n");
    absl::StrAppend(&help, "  ", "--", std::string(row.name), " (default ", DefaultText(row),
                    ")\n");
    help.append(kColumn, ' ');
    std::string meaning(row.meaning);
    if (row.kind != SettingKind::kText && row.kind != SettingKind::kSecret) {
      std::string allowed = AllowedValues(row);
      allowed[0] = static_cast<char>(allowed[0] >= 'a' ? allowed[0] - 'a' + 'A' : allowed[0]);
      absl::StrAppend(&meaning, " ", allowed, ".");
    }
    AppendWrapped(help, meaning, kColumn, kWidth);
  }
  absl::StrAppend(
      &help,
      "\nOther\n  --check-config\n"
      "      Read all settings, say what is wrong with them, and exit: 0 if nothing is.\n"
      "  --healthcheck\n"
      "      Ask the server that runs with these settings whether it is ready, and exit: 0 if it "
      "is.\n"
      "  --version\n      Print the version and exit.\n",
      "  --help\n      Print this and exit.\n");
  return help;
}

std::string VersionText() { return "duet-server " DUET_VERSION "\n"; }

std::string_view Version() { return DUET_VERSION; }

}  // namespace duet
