// Splits an inline command into its words, quotes and escapes included, as Redis' sdssplitargs.
#pragma once

#include <memory>
#include <string_view>

#include "server/api/argv.h"

namespace duet::resp {

// Appends the words of `line`, which has no line end, to the unfinished command of `batch`. Words
// without quotes are views into `line`; if there are quotes, *storage is set to the block that the
// others are views into. False: a quote is not closed, or a word goes on behind a closing one; the
// caller drops what was appended.
[[nodiscard]] bool SplitInlineWords(std::string_view line, CommandBatch& batch,
                                    std::unique_ptr<char[]>* storage);

}  // namespace duet::resp
