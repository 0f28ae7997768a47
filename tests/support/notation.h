// Commands and replies as one line of readable text.
//
// Words of a command are separated by spaces; a word in double quotes may hold \" \\ \r \n \t \0
// and \xHH; "x"*1000 repeats. Replies:
//
//   +OK               simple string; the rest of the line. Inside of an aggregate: one word, or
//   -ERR text         error; likewise                     +"two words"
//   :42               integer
//   "hello"           bulk string
//   nil, *nil         missing value, missing array
//   ["a" :1 [nil]]    array
//   RESP3 only:  _ null  #t #f  ,1.5 double  (123 big number  =txt:"text" verbatim
//                %{"k" "v"} map  ~["a"] set  >["a"] push
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace duet::testing {

// Ends the test program with a message where the text is malformed: cases are code.
std::vector<std::string> ParseWords(std::string_view line);
// The RESP bytes of a reply in this notation.
std::string ReplyBytes(std::string_view notation);
// The notation of RESP bytes; of several replies in a row, separated by spaces.
std::string Notation(std::string_view resp_bytes);
// `bytes` as a quoted word.
std::string Quoted(std::string_view bytes);

}  // namespace duet::testing
