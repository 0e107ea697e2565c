// What the server refuses itself, before the library is asked.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace struere::server {

class Refusal : public std::runtime_error {
 public:
  // `code` is a word for programs, beside those of SPEC 9: docs/http.md lists them.
  Refusal(unsigned status, std::string code, const std::string& detail,
          std::vector<std::pair<std::string, std::string>> headers = {})
      : std::runtime_error(detail), status_(status), code_(std::move(code)), headers_(std::move(headers)) {}

  unsigned status() const noexcept { return status_; }
  const std::string& code() const noexcept { return code_; }
  const std::vector<std::pair<std::string, std::string>>& headers() const noexcept { return headers_; }

 private:
  unsigned status_;
  std::string code_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

}  // namespace struere::server
