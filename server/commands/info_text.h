// The text of INFO while it is written: sections of "field:value" lines.
//
// Thread-compatible.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace duet::commands {

class InfoText {
 public:
  // Begins a section; an empty line parts it from the one before.
  void Section(std::string_view title) {
    if (!text_.empty()) text_ += "\r\n";
    text_.append("# ").append(title).append("\r\n");
  }
  void Field(std::string_view name, std::string_view value) {
    text_.append(name).append(":").append(value).append("\r\n");
  }
  void Field(std::string_view name, int64_t value) { Field(name, std::to_string(value)); }
  void Field(std::string_view name, uint64_t value) { Field(name, std::to_string(value)); }
  void Field(std::string_view name, int value) { Field(name, static_cast<int64_t>(value)); }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// "1.50M": as Redis prints bytes for people.
std::string HumanBytes(uint64_t bytes);
// `value` with `digits` places behind the point.
std::string Fixed(double value, int digits);

}  // namespace duet::commands
