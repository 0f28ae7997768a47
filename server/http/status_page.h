// The page at "/": what the server does now, for a browser. status_page.html is compiled in.
#pragma once

#include <string_view>

namespace duet::http {

// HTML with inline style and script; it asks nobody but this server.
std::string_view StatusPage();

}  // namespace duet::http
