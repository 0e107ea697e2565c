// An answer before it is written, and the forms that most answers have.
#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "struere/core/json.hpp"

namespace struere::server {

// A body that is made while it is sent. Called on a thread for operations, never by two at once.
class BodyStream {
 public:
  struct Chunk {
    std::string bytes;
    bool is_last = false;
    std::chrono::milliseconds wait{};  // until the next call
  };

  virtual ~BodyStream() = default;
  // An exception cuts the answer off, so that the client notices.
  virtual Chunk next() = 0;
};

struct Response {
  unsigned status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::unique_ptr<BodyStream> stream = {};  // in place of `body`
  std::string code = "ok";                  // for metrics and the log: ok, or the code of the problem
  std::string hidden_detail = {};           // of an error of the server itself, for its log alone
  bool is_public = false;                   // the same for everybody; may be stored
};

Response json_response(const Json& value, unsigned status = 200);
Response text_response(std::string text, std::string content_type);
Response no_content();

// RFC 9457. `error` is an Error of the library, a Refusal, or anything else, whose message is not shown.
Response problem(const std::exception& error);

std::string_view reason_of(unsigned status) noexcept;

// The status line and all headers, with those for the security of browsers.
std::string head_of(const Response& response, bool keeps_connection);

}  // namespace struere::server
