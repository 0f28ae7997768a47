// What is said of a setting that is wrong, whether a flag, the environment or a file gave it.
//
// Thread-safe: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "server/config_table.h"

namespace duet {

// The name of a setting that was probably meant; empty where none is near.
std::string NearestSetting(std::string_view name);
// The same among all flags: "help", "version", ... too.
std::string NearestFlag(std::string_view name);

// "invalid value 'x' for --threads: must be ...". `where` is how the user named the setting:
// "--threads", "DUET_THREADS". Secrets are not shown.
std::string InvalidValue(const SettingRow& row, std::string_view where, std::string_view text);
// The same without the value: "invalid value for threads: must be ...".
std::string InvalidValue(const SettingRow& row, std::string_view where);

}  // namespace duet
