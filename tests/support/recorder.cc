#include "tests/support/recorder.h"

#include <utility>

#include "server/base/numbers.h"

namespace duet::testing {

std::string ReplyRecorder::Take() { return std::exchange(bytes_, {}); }

void ReplyRecorder::Line(char type, std::string_view text) {
  bytes_ += type;
  for (const char c : text) bytes_ += c == '\r' || c == '\n' ? ' ' : c;
  bytes_ += "\r\n";
}

void ReplyRecorder::Header(char type, size_t count) { Line(type, std::to_string(count)); }

void ReplyRecorder::SimpleString(std::string_view text) { Line('+', text); }
void ReplyRecorder::Integer(int64_t value) { Line(':', std::to_string(value)); }
void ReplyRecorder::Bulk(std::string_view bytes) {
  Header('$', bytes.size());
  bytes_.append(bytes).append("\r\n");
}
void ReplyRecorder::Null() { bytes_ += resp3() ? "_\r\n" : "$-1\r\n"; }
void ReplyRecorder::NullArray() { bytes_ += resp3() ? "_\r\n" : "*-1\r\n"; }
void ReplyRecorder::Double(double value) {
  resp3() ? Line(',', FormatDouble(value)) : Bulk(FormatDouble(value));
}
void ReplyRecorder::Boolean(bool value) {
  resp3() ? Line('#', value ? "t" : "f") : Integer(value ? 1 : 0);
}
void ReplyRecorder::BigNumber(std::string_view digits) {
  resp3() ? Line('(', digits) : Bulk(digits);
}
void ReplyRecorder::Verbatim(std::string_view format, std::string_view text) {
  if (!resp3()) return Bulk(text);
  Header('=', text.size() + 4);
  bytes_.append(format).append(":").append(text).append("\r\n");
}
void ReplyRecorder::Array(size_t count) { Header('*', count); }
void ReplyRecorder::Map(size_t pairs) { resp3() ? Header('%', pairs) : Header('*', 2 * pairs); }
void ReplyRecorder::Set(size_t count) { Header(resp3() ? '~' : '*', count); }
void ReplyRecorder::Push(size_t count) { Header(resp3() ? '>' : '*', count); }
bool ReplyRecorder::Attribute(size_t pairs) {
  if (resp3()) Header('|', pairs);
  return resp3();
}
void ReplyRecorder::WriteError(const duet::Error& error) { Line('-', error.text); }

}  // namespace duet::testing
