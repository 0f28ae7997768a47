#include "server/http/router.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace duet::http {
namespace {

const char* ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace

Response ErrorResponse(int status, std::string_view detail) {
  Response response;
  response.status = status;
  response.body = absl::StrCat(status, " ", ReasonPhrase(status), ": ", std::string(detail), "\n");
  return response;
}

void Router::Add(std::string path, Handler handler) {
  routes_.push_back({std::move(path), std::move(handler)});
}

Response Router::Handle(const Request& request) const {
  const auto route = std::ranges::find(routes_, request.path, &Route::path);
  if (route == routes_.end()) {
    std::string paths;
    for (const Route& known : routes_)
      absl::StrAppend(&paths, paths.empty() ? "" : ", ", known.path);
    return ErrorResponse(404, "there is nothing here, but at " + paths);
  }
  if (request.method != "GET" && request.method != "HEAD") {
    return ErrorResponse(405, "only GET and HEAD are allowed");
  }
  return route->handler(request);
}

std::string FormatResponse(const Response& response, bool head_only, bool keep_alive,
                           int64_t now_ms) {
  const std::string date = absl::FormatTime("%a, %d %b %E4Y %H:%M:%S GMT",
                                            absl::FromUnixMillis(now_ms), absl::UTCTimeZone());
  std::string text =
      absl::StrCat("HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status),
                   "\r\nDate: ", date, "\r\nContent-Type: ", response.content_type,
                   "\r\nContent-Length: ", response.body.size(), "\r\nCache-Control: no-store\r\n");
  if (response.status == 405) absl::StrAppend(&text, "Allow: GET, HEAD\r\n");
  absl::StrAppend(&text, "Connection: ", keep_alive ? "keep-alive" : "close", "\r\n\r\n");
  if (!head_only) text += response.body;
  return text;
}

}  // namespace duet::http
