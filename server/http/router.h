// Which path is answered by what, and how an answer looks on the wire.
//
// Thread class: Router is built first and then only read: thread-safe from then on, as far as the
// handlers are.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/request_parser.h"

namespace duet::http {

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "text/plain; charset=utf-8";
};

// A one-line text body: "404 Not Found: there is nothing here\n".
Response ErrorResponse(int status, std::string_view detail);

class Router {
 public:
  // Runs to its end on the admin worker; whatever it takes longer than a millisecond the other
  // clients of the admin port wait.
  using Handler = std::function<Response(const Request&)>;

  void Add(std::string path, Handler handler);

  // GET and HEAD of a known path: its handler's answer. 404, with the paths that there are, and 405
  // otherwise.
  Response Handle(const Request& request) const;

 private:
  struct Route {
    std::string path;
    Handler handler;
  };
  std::vector<Route> routes_;
};

// The bytes of an answer. `now_ms`: milliseconds since the epoch, for Date. A HEAD's answer has the
// head that GET's has, and no body.
std::string FormatResponse(const Response& response, bool head_only, bool keep_alive,
                           int64_t now_ms);

}  // namespace duet::http
