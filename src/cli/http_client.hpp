// Requests to a server of struere (docs/http.md).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "struere/core/json.hpp"

namespace struere::cli {

// Where a server is: https://host[:port], or http:// where it is on this machine.
struct ServerAddress {
  bool is_secure = true;
  std::string host, port;

  // Throws UsageError for any other text. `what` names where it stands, such as "`server` in struere.yaml".
  static ServerAddress parse(const std::string& url, const std::string& what);
  std::string url() const;
};

enum class PageUse {
  kept,         // its items stay in memory
  passed_over,  // nothing of it does
  last,         // no further page is needed
};

// Verifies the server's certificate against those that this machine trusts (SSL_CERT_FILE names others). Follows no
// redirect. Each request is a connection of its own. Not for several threads.
class HttpClient {
 public:
  HttpClient(ServerAddress address, std::string bearer, std::map<std::string, std::string> headers = {});

  const ServerAddress& address() const noexcept { return address_; }
  // The same with these headers, and without those.
  HttpClient with(const std::map<std::string, std::string>& headers,
                  const std::vector<std::string>& without = {}) const;

  // The JSON of the answer; null if it has none. Throws the Error that a problem of the server describes, and
  // Error{storage} if the server cannot be reached, or answers something else; of a change that the server may have
  // made nevertheless, that is OutcomeUnknown.
  Json call(const std::string& method, const std::string& target, const std::optional<Json>& body = {}) const;
  // The same for a body of JSON texts, one a line.
  Json send_lines(const std::string& target, std::string lines) const;
  // Hands over each page of a list, with its `items`. Throws Error{storage} if the kept pages are larger than 256 MiB.
  void pages(const std::function<std::string(const std::optional<std::string>& cursor)>& target_after,
             const std::function<PageUse(const Json& page)>& visit) const;
  // Hands over each line of an answer that is a stream, until it ends, which for events is never. Throws Error{storage}
  // also if nothing comes for a minute.
  void lines(const std::string& target, const std::function<void(std::string_view line)>& visit) const;

 private:
  Json json_of(const std::string& answer) const;

  ServerAddress address_;
  std::string bearer_;
  std::map<std::string, std::string> headers_;
};

// A path of segments, and a query; all encoded. Parameters without a value are left out.
std::string target_of(const std::vector<std::string>& segments,
                      const std::vector<std::pair<std::string, std::optional<std::string>>>& parameters = {});

}  // namespace struere::cli
