// A client of one connection that sends whatever a test wants, also what no client should.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/json.hpp"
#include "support/json_in_passing.hpp"

namespace struere::test {

struct HttpAnswer : AnswerWithBody {
  int status = 0;                                         // 0: the server closed the connection without an answer
  std::map<std::string, std::string> headers;             // names in lower case
  std::string code() const { return json().at("code"); }  // of a problem
};

class HttpClient {
 public:
  // `from`: another address of this machine than the usual one, such as 127.0.0.2.
  explicit HttpClient(std::uint16_t port, const char* from = nullptr);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // False if the server has closed the connection.
  bool send(std::string_view bytes);
  void end_sending();  // the server sees the end of what it reads
  // What comes until the server closes the connection. Throws if nothing comes for `time`.
  std::string read_to_end(std::chrono::milliseconds time);
  // `has_body` false: the answer to HEAD.
  HttpAnswer read(bool has_body = true);
  // What comes until `text` is in it, or `time` is over.
  std::string read_until(std::string_view text, std::chrono::milliseconds time);
  bool is_closed_by_server(std::chrono::milliseconds time);

  using Headers = std::vector<std::pair<std::string, std::string>>;
  // With Host, Content-Length, and Content-Type: application/json if there is a body.
  HttpAnswer ask(const std::string& method, const std::string& target, const Headers& headers = {},
                 const std::optional<std::string>& body = {});

 private:
  bool receive(std::chrono::milliseconds time);

  int socket_;
  std::string received_;
};

// As a segment of a path, or a value of a query.
std::string url_encoded(std::string_view text);

}  // namespace struere::test
