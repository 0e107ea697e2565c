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

#include "cli/place.hpp"
#include "cli/remote_answer.hpp"
#include "cli/workspace.hpp"
#include "struere/core/error.hpp"

namespace struere::cli {
namespace {

namespace net = boost::asio;
namespace ssl = net::ssl;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr std::chrono::seconds connect_time(10), answer_time(120), whole_answer_time(900), silence_time(60);
constexpr std::size_t most_line_bytes = std::size_t{8} << 20;

[[noreturn]] void throw_too_large(const ServerAddress& address, const char* what, std::size_t most) {
  throw Error(ErrorCode::storage, fmt::format("{} of {} is larger than {} MiB; is it a server of struere?", what,
                                              address.url(), most >> 20));
}

[[noreturn]] void throw_unreachable(const ServerAddress& address, const std::string& why) {
  throw Error(ErrorCode::storage, fmt::format("{} cannot be reached: {}", address.url(), why)).transient();
}

// Not transient: asking again gets the same certificate.
[[noreturn]] void throw_untrusted(const ServerAddress& address, long verdict) {
  const bool is_other_name = verdict == X509_V_ERR_HOSTNAME_MISMATCH || verdict == X509_V_ERR_IP_ADDRESS_MISMATCH;
  throw Error(
      ErrorCode::storage,
      is_other_name
          ? fmt::format("the certificate of {} is for another name, so it may be another server; nothing was sent",
                        address.url())
          : fmt::format("the certificate of {} is not trusted on this machine ({}), and nothing was sent; "
                        "SSL_CERT_FILE can name the file of another CA",
                        address.url(), X509_verify_cert_error_string(verdict)));
}

// A connection for one request. Every wait has an end.
class Connection {
 public:
  explicit Connection(const ServerAddress& address)
      : address_(address), context_(ssl::context::tls_client), stream_(io_, context_) {
    buffer_.reserve(most_read);  // Beast reads no more than there is room for, and 512 bytes if there is none
    if (address.is_secure) {
      error_code fault;
      context_.set_default_verify_paths(fault);
      stream_.set_verify_mode(ssl::verify_peer);
      require_certificate_for(address.host);
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
    if (!address.is_secure) return;
    try {
      wait(connect_time, [&](auto done) { stream_.async_handshake(ssl::stream_base::client, done); });
    } catch (const Error&) {
      const long verdict = SSL_get_verify_result(stream_.native_handle());
      if (verdict == X509_V_OK) throw;
      throw_untrusted(address, verdict);
    }
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

  // The next part of the body; empty at its end. A silence of more than `most` is an error.
  std::string read_part(http::response_parser<http::buffer_body>& parser, std::chrono::seconds most) {
    std::array<char, most_read> bytes{};
    while (!parser.is_done()) {
      parser.get().body().data = bytes.data();
      parser.get().body().size = bytes.size();
      with_stream([&](auto& stream) {
        wait(most, [&](auto done) {
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
  // OpenSSL itself compares the name, so that its verdict says which of the checks failed.
  void require_certificate_for(const std::string& host) {
    SSL* const handle = stream_.native_handle();
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(handle);
    error_code is_name;
    (void)net::ip::make_address(host, is_name);
    const int done = is_name ? X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) &
                                   static_cast<int>(SSL_set_tlsext_host_name(handle, host.c_str()))
                             : X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str());
    if (done != 1) throw_unreachable(address_, "its name cannot be checked");
  }

  beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  template <class Use>
  void with_stream(Use&& use) {
    if (address_.is_secure)
      use(stream_);
    else
      use(lowest());
  }

  template <class Start>
  void wait(std::chrono::seconds most, Start&& start) {
    error_code result = net::error::would_block;
    lowest().expires_after(most);
    start([&result](error_code fault) { result = fault; });
    io_.restart();
    io_.run();
    if (result) throw_unreachable(address_, result.message());
  }

  static constexpr std::size_t most_read = 65536;  // bytes at once

  const ServerAddress& address_;
  net::io_context io_;
  ssl::context context_;
  beast::ssl_stream<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
};

struct Body {
  std::string_view type;
  std::string text;
};

http::request<http::string_body> request_of(const ServerAddress& address, const std::string& bearer,
                                            const std::map<std::string, std::string>& headers,
                                            const std::string& method, const std::string& target,
                                            std::optional<Body> body) {
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
  if (body) {
    out.set(http::field::content_type, body->type);
    out.body() = std::move(body->text);
  }
  out.prepare_payload();
  return out;
}

// A request and the head of its answer, which is a success.
class Exchange {
 public:
  Exchange(const ServerAddress& address, http::request<http::string_body> request)
      : address_(address), is_change_(request.method() != http::verb::get), connection_(address) {
    const auto read_head = [&] {
      connection_.send(request);
      parser_.body_limit(boost::none);  // the parts are counted where they are kept
      parser_.header_limit(64 * 1024);
      connection_.read_head(parser_);
    };
    after_sending(read_head);
    const unsigned status = parser_.get().result_int();
    if (status >= 200 && status < 300) return;
    const std::string body = rest();
    require_agreed_environment(body);
    const Error error = error_of_answer(status, body);
    // A server that is busy did nothing. Any other failure of a server or a proxy leaves that open.
    if (is_change_ && error.code() == ErrorCode::storage && !error.is_transient()) throw OutcomeUnknown(error);
    throw error;
  }

  // The next part of the body; empty at its end. A silence of more than `most` is an error.
  std::string part(std::chrono::seconds most) { return connection_.read_part(parser_, most); }

  std::string rest() {
    std::string out;
    const auto read = [&] { out = read_rest(); };
    after_sending(read);
    return out;
  }

 private:
  template <class Step>
  void after_sending(Step&& step) {
    try {
      step();
    } catch (const Error& error) {
      if (is_change_) throw OutcomeUnknown(error);
      throw;
    }
  }

  std::string read_rest() {
    const auto end = std::chrono::steady_clock::now() + whole_answer_time;
    std::string out;
    for (std::string next = part(answer_time); !next.empty(); next = part(answer_time)) {
      out += next;
      if (out.size() > most_answer_bytes) throw_too_large(address_, "the answer", most_answer_bytes);
      if (std::chrono::steady_clock::now() > end)
        throw_unreachable(address_, "its answer did not end within 15 minutes");
    }
    return out;
  }

  const ServerAddress& address_;
  const bool is_change_;
  Connection connection_;
  http::response_parser<http::buffer_body> parser_;
};

}  // namespace

HttpClient::HttpClient(ServerAddress address, std::string bearer, std::map<std::string, std::string> headers)
    : address_(std::move(address)), bearer_(std::move(bearer)), headers_(std::move(headers)) {}

Json HttpClient::call(const std::string& method, const std::string& target, const std::optional<Json>& body) const {
  std::optional<Body> sent;
  if (body) sent = Body{"application/json", body->dump()};
  Exchange exchange(address_, request_of(address_, bearer_, headers_, method, target, std::move(sent)));
  return json_of(exchange.rest());
}

Json HttpClient::json_of(const std::string& answer) const {
  return answer.empty() ? Json() : read_answer(answer, address_.url());
}

void HttpClient::pages(const std::function<std::string(const std::optional<std::string>& cursor)>& target_after,
                       const std::function<PageUse(const Json& page)>& visit) const {
  constexpr std::size_t least_of_page = 256 * 1024;  // so that empty pages come to an end as well
  std::size_t bytes = 0;
  std::optional<std::string> cursor;
  do {
    Exchange exchange(address_, request_of(address_, bearer_, headers_, "GET", target_after(cursor), std::nullopt));
    const std::string answer = exchange.rest();
    const Json page = json_of(answer);
    const PageUse use = visit(page);
    if (use == PageUse::last) return;
    if (use == PageUse::kept || page.at("items").empty()) bytes += std::max(answer.size(), least_of_page);
    if (bytes > most_list_bytes) throw_too_large(address_, "a list", most_list_bytes);
    const Json next = page.value("cursor", Json());
    cursor = next.is_string() ? std::optional(next.get<std::string>()) : std::nullopt;
  } while (cursor);
}

Json HttpClient::send_lines(const std::string& target, std::string lines) const {
  Exchange exchange(address_, request_of(address_, bearer_, headers_, "POST", target,
                                         Body{"application/x-ndjson", std::move(lines)}));
  return json_of(exchange.rest());
}

void HttpClient::lines(const std::string& target, const std::function<void(std::string_view line)>& visit) const {
  Exchange exchange(address_, request_of(address_, bearer_, headers_, "GET", target, std::nullopt));
  std::string held;
  for (std::string part = exchange.part(silence_time); !part.empty(); part = exchange.part(silence_time)) {
    std::size_t begin_of_line = 0, searched = held.size();
    held += part;
    for (std::size_t end = 0; (end = held.find('\n', searched)) != std::string::npos;
         begin_of_line = searched = end + 1)
      visit(std::string_view(held).substr(begin_of_line, end - begin_of_line));
    held.erase(0, begin_of_line);
    if (held.size() > most_line_bytes) throw_too_large(address_, "a line of the answer", most_line_bytes);
  }
  if (!held.empty()) visit(held);
}

}  // namespace struere::cli
