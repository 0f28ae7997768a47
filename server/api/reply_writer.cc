#include "server/api/reply_writer.h"

#include "server/base/numbers.h"

namespace duet {

void ReplyWriter::BulkInteger(int64_t value) {
  char digits[20];
  Bulk(std::string_view(digits, FormatInt64(value, digits)));
}

}  // namespace duet
