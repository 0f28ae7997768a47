#include "server/resp/encoder.h"

#include <cstring>

#include "server/base/check.h"
#include "server/base/numbers.h"

namespace duet::resp {
namespace {

constexpr size_t kMaxDigits = 20;                  // of an int64, its sign included
constexpr size_t kMaxHeader = 1 + kMaxDigits + 2;  // type, digits, CR LF

inline char* PutCrLf(char* p) {
  p[0] = '\r';
  p[1] = '\n';
  return p + 2;
}

// Lengths and counts are short most of the time.
inline char* PutDigits(char* p, uint64_t value) {
  if (value < 10) {
    *p = static_cast<char>('0' + value);
    return p + 1;
  }
  if (value < 100) {
    p[0] = static_cast<char>('0' + value / 10);
    p[1] = static_cast<char>('0' + value % 10);
    return p + 2;
  }
  return p + FormatInt64(static_cast<int64_t>(value), p);
}

inline char* PutHeader(char* p, char type, uint64_t value) {
  *p++ = type;
  return PutCrLf(PutDigits(p, value));
}

void AppendHeader(OutputBuffer& out, char type, uint64_t value) {
  char* const begin = out.Reserve(kMaxHeader);
  out.Commit(static_cast<size_t>(PutHeader(begin, type, value) - begin));
}

void AppendBulk(OutputBuffer& out, std::string_view bytes) {
  // A copy that nobody gets may take as long as all memory takes to copy.
  if (out.overflowed()) [[unlikely]]
    return;
  char* const begin = out.Reserve(kMaxHeader + bytes.size() + 2);
  char* p = PutHeader(begin, '$', bytes.size());
  if (!bytes.empty()) std::memcpy(p, bytes.data(), bytes.size());
  p = PutCrLf(p + bytes.size());
  out.Commit(static_cast<size_t>(p - begin));
}

void AppendLine(OutputBuffer& out, char type, std::string_view text) {
  char* const begin = out.Reserve(1 + text.size() + 2);
  char* p = begin;
  *p++ = type;
  for (const char c : text) *p++ = c == '\r' || c == '\n' ? ' ' : c;
  p = PutCrLf(p);
  out.Commit(static_cast<size_t>(p - begin));
}

}  // namespace

void RespWriter::SimpleString(std::string_view text) {
  if (text == "OK") {
    out_->Append("+OK\r\n");
  } else {
    AppendLine(*out_, '+', text);
  }
}

void RespWriter::WriteError(const duet::Error& error) { AppendLine(*out_, '-', error.text); }

void RespWriter::Integer(int64_t value) {
  char* const begin = out_->Reserve(kMaxHeader);
  char* p = begin;
  *p++ = ':';
  p = value >= 0 ? PutDigits(p, static_cast<uint64_t>(value)) : p + FormatInt64(value, p);
  p = PutCrLf(p);
  out_->Commit(static_cast<size_t>(p - begin));
}

void RespWriter::Bulk(std::string_view bytes) { AppendBulk(*out_, bytes); }

void RespWriter::BulkInteger(int64_t value) {
  char digits[kMaxDigits];
  AppendBulk(*out_, std::string_view(digits, FormatInt64(value, digits)));
}

void RespWriter::Null() { out_->Append(resp3() ? "_\r\n" : "$-1\r\n"); }

void RespWriter::NullArray() { out_->Append(resp3() ? "_\r\n" : "*-1\r\n"); }

void RespWriter::Double(double value) {
  if (resp3()) {
    AppendLine(*out_, ',', FormatDouble(value));
  } else {
    AppendBulk(*out_, FormatDouble(value));
  }
}

void RespWriter::Boolean(bool value) {
  if (resp3()) {
    out_->Append(value ? "#t\r\n" : "#f\r\n");
  } else {
    out_->Append(value ? ":1\r\n" : ":0\r\n");
  }
}

void RespWriter::BigNumber(std::string_view digits) {
  if (resp3()) {
    AppendLine(*out_, '(', digits);
  } else {
    AppendBulk(*out_, digits);
  }
}

void RespWriter::Verbatim(std::string_view format, std::string_view text) {
  DUET_CHECK(format.size() == 3, "a verbatim string's format has three characters");
  if (!resp3()) return AppendBulk(*out_, text);
  AppendHeader(*out_, '=', format.size() + 1 + text.size());
  out_->Append(format);
  out_->Append(":");
  out_->Append(text);
  out_->Append("\r\n");
}

void RespWriter::Array(size_t count) { AppendHeader(*out_, '*', count); }

void RespWriter::Map(size_t pairs) {
  if (resp3()) {
    AppendHeader(*out_, '%', pairs);
  } else {
    AppendHeader(*out_, '*', pairs * 2);
  }
}

void RespWriter::Set(size_t count) { AppendHeader(*out_, resp3() ? '~' : '*', count); }

void RespWriter::Push(size_t count) { AppendHeader(*out_, resp3() ? '>' : '*', count); }

bool RespWriter::Attribute(size_t pairs) {
  if (resp3()) AppendHeader(*out_, '|', pairs);
  return resp3();
}

void AppendCommand(Argv argv, OutputBuffer& out) {
  AppendHeader(out, '*', argv.size());
  for (const std::string_view arg : argv) AppendBulk(out, arg);
}

}  // namespace duet::resp
