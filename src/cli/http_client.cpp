#include "cli/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <memory>

#include "cli/workspace.hpp"
#include "struere/core/error.hpp"

namespace struere::cli {
namespace {

namespace net = boost::asio;
namespace ssl = net::ssl;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds connect_time(10), answer_time(120);
constexpr std::uint64_t most_answer_bytes = std::uint64_t{256} << 20;

constexpr std::array all_codes{ErrorCode::unauthenticated, ErrorCode::permission_denied, ErrorCode::not_found,
                               ErrorCode::invalid_data,    ErrorCode::invalid_reference, ErrorCode::invalid_definition,
                               ErrorCode::invalid_query,   ErrorCode::invalid_cursor,    ErrorCode::conflict,
                               ErrorCode::storage};

// The code of a problem that the server refused before the library was asked.
ErrorCode code_of(unsigned status, const std::string& word) {
  for (const ErrorCode code : all_codes)
    if (to_string(code) == word) return code;
  switch (status) {
    case 401: return ErrorCode::unauthenticated;
    case 403: return ErrorCode::permission_denied;
    case 404: return ErrorCode::not_found;
    case 409:
    case 412: return ErrorCode::conflict;
    default: return status >= 500 || status == 429 ? ErrorCode::storage : ErrorCode::invalid_query;
  }
}

[[noreturn]] void throw_problem(unsigned status, const std::string& body) {
  const Json problem = Json::parse(body, nullptr, false);
  const auto text = [&](const char* name) {
    return problem.is_object() && problem.contains(name) && problem.at(name).is_string()
               ? problem.at(name).get<std::string>()
               : std::string();
  };
  const std::string detail = text("detail");
  throw Error(code_of(status, text("code")),
              detail.empty() ? fmt::format("the server answered {}; is it a server of struere?", status) : detail);
}

[[noreturn]] void throw_unreachable(const ServerAddress& address, const std::string& why) {
  throw Error(ErrorCode::storage, fmt::format("{} cannot be reached: {}", address.url(), why)).transient();
}

// A connection for one request. Every wait has an end.
class Connection {
 public:
  explicit Connection(const ServerAddress& address)
      : address_(address), context_(ssl::context::tls_client), stream_(io_, context_) {
    if (address.is_secure) {
      error_code fault;
      context_.set_default_verify_paths(fault);
      stream_.set_verify_mode(ssl::verify_peer);
      stream_.set_verify_callback(ssl::host_name_verification(address.host));
      if (SSL_set_tlsext_host_name(stream_.native_handle(), address.host.c_str()) != 1)
        throw_unreachable(address, "its name cannot be sent");
    }
    net::ip::tcp::resolver resolver(io_);
    net::ip::tcp::resolver::results_type found;
    wait(connect_time, [&](auto done) {
      resolver.async_resolve(address_.host, address_.port, [&, done](error_code fault, auto results) {
        found = std::move(results);
        done(fault);
      });
    });
    wait(connect_time,
         [&](auto done) { lowest().async_connect(found, [done](error_code fault, const auto&) { done(fault); }); });
    if (address.is_secure)
      wait(connect_time, [&](auto done) { stream_.async_handshake(ssl::stream_base::client, done); });
  }

  void send(http::request<http::string_body>& request) {
    with_stream([&](auto& stream) {
      wait(answer_time, [&](auto done) {
        http::async_write(stream, request, [done](error_code fault, std::size_t) { done(fault); });
      });
    });
  }

  void read_head(http::response_parser<http::buffer_body>& parser) {
    with_stream([&](auto& stream) {
      wait(answer_time, [&](auto done) {
        http::async_read_header(stream, buffer_, parser, [done](error_code fault, std::size_t) { done(fault); });
      });
    });
  }

  // The next part of the body; empty at its end. `has_end`: whether a long silence is an error.
  std::string read_part(http::response_parser<http::buffer_body>& parser, bool has_end) {
    std::array<char, 16384> bytes{};
    while (!parser.is_done()) {
      parser.get().body().data = bytes.data();
      parser.get().body().size = bytes.size();
      with_stream([&](auto& stream) {
        wait(has_end ? std::optional(answer_time) : std::nullopt, [&](auto done) {
          http::async_read_some(stream, buffer_, parser, [done](error_code fault, std::size_t) {
            done(fault == http::error::need_buffer ? error_code() : fault);
          });
        });
      });
      if (const std::size_t got = bytes.size() - parser.get().body().size; got > 0) return {bytes.data(), got};
    }
    return {};
  }

 private:
  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  template <class Use>
  void with_stream(Use&& use) {
    if (address_.is_secure)
      use(stream_);
    else
      use(lowest());
  }

  template <class Start>
  void wait(std::optional<std::chrono::seconds> most, Start&& start) {
    error_code result = net::error::would_block;
    if (most)
      lowest().expires_after(*most);
    else
      lowest().expires_never();
    start([&result](error_code fault) { result = fault; });
    io_.restart();
    io_.run();
    if (result) throw_unreachable(address_, result.message());
  }

  const ServerAddress& address_;
  net::io_context io_;
  ssl::context context_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
};

http::request<http::string_body> request_of(const ServerAddress& address, const std::string& bearer,
                                            const std::map<std::string, std::string>& headers,
                                            const std::string& method, const std::string& target) {
  http::request<http::string_body> out;
  out.version(11);
  out.method_string(method);
  out.target(target);
  const bool is_v6 = address.host.find(':') != std::string::npos;
  out.set(http::field::host, (is_v6 ? "[" + address.host + "]" : address.host) + ":" + address.port);
  out.set(http::field::connection, "close");
  out.set(http::field::user_agent, "struere");
  const auto require_line = [](std::string_view value) {
    if (std::ranges::any_of(value, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }))
      throw UsageError("a key or user with control characters cannot be sent to a server");
  };
  require_line(bearer);
  for (const auto& [name, value] : headers) require_line(value);
  if (!bearer.empty()) out.set(http::field::authorization, "Bearer " + bearer);
  for (const auto& [name, value] : headers) out.set(name, value);
  return out;
}

void begin(http::response_parser<http::buffer_body>& parser) {
  parser.body_limit(boost::none);  // the parts are counted where they are kept
  parser.header_limit(64 * 1024);
}

std::string rest_of(Connection& connection, http::response_parser<http::buffer_body>& parser,
                    const ServerAddress& address) {
  std::string out;
  for (std::string part = connection.read_part(parser, true); !part.empty();
       part = connection.read_part(parser, true)) {
    out += part;
    if (out.size() > most_answer_bytes) throw_unreachable(address, "its answer is larger than 256 MiB");
  }
  return out;
}

}  // namespace

HttpClient::HttpClient(ServerAddress address, std::string bearer, std::map<std::string, std::string> headers)
    : address_(std::move(address)), bearer_(std::move(bearer)), headers_(std::move(headers)) {}

Json HttpClient::call(const std::string& method, const std::string& target, const std::optional<Json>& body) const {
  auto request = request_of(address_, bearer_, headers_, method, target);
  if (body) {
    request.set(http::field::content_type, "application/json");
    request.body() = body->dump();
  }
  request.prepare_payload();
  Connection connection(address_);
  connection.send(request);
  http::response_parser<http::buffer_body> parser;
  begin(parser);
  connection.read_head(parser);
  const std::string text = rest_of(connection, parser, address_);
  const unsigned status = parser.get().result_int();
  if (status < 200 || status >= 300) throw_problem(status, text);
  if (text.empty()) return nullptr;
  Json out = Json::parse(text, nullptr, false);
  if (out.is_discarded())
    throw Error(ErrorCode::storage, fmt::format("{} did not answer JSON; is it a server of struere?", address_.url()));
  return out;
}

void HttpClient::lines(const std::string& target, const std::function<void(std::string_view line)>& visit) const {
  auto request = request_of(address_, bearer_, headers_, "GET", target);
  request.prepare_payload();
  Connection connection(address_);
  connection.send(request);
  http::response_parser<http::buffer_body> parser;
  begin(parser);
  connection.read_head(parser);
  const unsigned status = parser.get().result_int();
  if (status < 200 || status >= 300) throw_problem(status, rest_of(connection, parser, address_));
  std::string held;
  for (std::string part = connection.read_part(parser, false); !part.empty();
       part = connection.read_part(parser, false)) {
    held += part;
    std::size_t begin_of_line = 0;
    for (std::size_t end = 0; (end = held.find('\n', begin_of_line)) != std::string::npos; begin_of_line = end + 1)
      visit(std::string_view(held).substr(begin_of_line, end - begin_of_line));
    held.erase(0, begin_of_line);
    if (held.size() > most_answer_bytes) throw_unreachable(address_, "a line of its answer is larger than 256 MiB");
  }
  if (!held.empty()) visit(held);
}

}  // namespace struere::cli
