#include "server/resp/inline_words.h"

#include "server/base/quoted_words.h"

namespace duet::resp {

bool SplitInlineWords(std::string_view line, CommandBatch& batch,
                      std::unique_ptr<char[]>* storage) {
  if (HasQuotes(line)) *storage = std::make_unique_for_overwrite<char[]>(line.size());
  return ForEachWord(line, storage->get(), [&batch](std::string_view word) { batch.Add(word); });
}

}  // namespace duet::resp
