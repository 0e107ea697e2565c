#include "server/listener.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "server/header_scan.hpp"
#include "server/refusal.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t counted_bytes = 16 * 1024;     // of an answer; smaller ones are bounded by the connections
constexpr std::size_t written_at_once = 256 * 1024;  // each part has `write_time`

// The rest of a refused request is read and dropped, so that the client is not reset before it has read the answer:
// until it ends, or the client is silent for `linger_pause`, or `linger_time` is over.
constexpr std::chrono::seconds linger_pause(5), linger_time(30), linger_time_of_stop(2);
constexpr std::chrono::seconds closing_time(5);  // after a deadline, if the read did not end by it
constexpr std::chrono::seconds refusal_time(2);  // for the headers of a connection that is one too many

PlainStream& lowest(PlainStream& stream) { return stream; }
PlainStream& lowest(TlsStream& stream) { return stream.next_layer(); }

auto ignoring(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

[[noreturn]] void refuse_of(const error_code& error) {
  if (error == http::error::body_limit) throw Refusal(413, "too_large", "the body is larger than this route takes");
  if (error == beast::error::timeout) throw Refusal(408, "timeout", "the body took too long");
  if (error == http::error::header_limit) throw Refusal(431, "too_large", "the headers are too long");
  throw Refusal(400, "malformed_request", "the request is not HTTP/1.1: " + error.message());
}

// Who opens connections: an IPv4 address, or the network of 64 bits that a client of IPv6 usually has for itself.
std::string client_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  if (address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return asio::ip::address_v6(bytes).to_string();
}

// Whether the client has closed its end, where the system tells: the next bytes to it would, at the earliest.
bool has_left(int socket) {
#ifdef POLLRDHUP
  pollfd event{socket, POLLRDHUP, 0};
  return poll(&event, 1, 0) > 0;
#else
  (void)socket;
  return false;
#endif
}

template <class Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Core& core, Stream stream, const tcp::endpoint& peer)
      : core_(core),
        stream_(std::move(stream)),
        read_timer_(lowest(stream_).get_executor()),
        buffer_(core.limits().header_bytes + written_at_once) {
    peer_ = peer.address().to_string();
    is_loopback_ = peer.address().is_loopback();
    client_ = client_of(peer.address());
  }
  ~Connection() {
    if (number_) core_.remove_connection(number_);
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  auto executor() { return lowest(stream_).get_executor(); }

  // False if there are too many connections even to say so.
  bool enlist() {
    std::weak_ptr<Connection> weak = this->weak_from_this();
    const auto how_to_close = [weak](bool force) {
      if (const auto self = weak.lock())
        asio::post(lowest(self->stream_).get_executor(), [self, force] {
          if (force || self->is_idle_) self->close();
        });
    };
    number_ = core_.add_connection(client_, Core::Place::served, how_to_close);
    if (number_ != 0) return true;
    is_too_many_ = true;
    number_ = core_.add_connection(client_, Core::Place::refused, how_to_close);
    return number_ != 0;
  }

  asio::awaitable<void> run() {
    try {
      if constexpr (std::is_same_v<Stream, TlsStream>) {
        lowest(stream_).expires_after(is_too_many_ ? refusal_time : core_.limits().header_time);
        co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
      }
      for (std::size_t served = 1;; ++served) {
        const bool is_last = served >= core_.limits().requests_per_connection;
        if (!co_await serve_one(is_last)) break;
      }
      co_await end();
    } catch (const std::exception&) {  // the client is gone, or too slow
    }
    close();
  }

 private:
  using Parser = http::request_parser<http::string_body>;

  // Ends a read that takes longer than `time`, and leaves the connection open for the answer that says so.
  class ReadDeadline {
   public:
    ReadDeadline(Connection& connection, std::chrono::milliseconds time) : connection_(connection) {
      connection.is_late_ = false;
      lowest(connection.stream_).expires_after(time + closing_time);
      connection.read_timer_.expires_after(time);
      connection.read_timer_.async_wait(
          [weak = connection.weak_from_this(), number = ++connection.read_deadlines_](const error_code& error) {
            const auto self = weak.lock();
            if (error || !self || number != self->read_deadlines_) return;
            self->is_late_ = true;
            lowest(self->stream_).cancel();
          });
    }
    ~ReadDeadline() {
      ++connection_.read_deadlines_;
      connection_.read_timer_.cancel();
    }
    ReadDeadline(const ReadDeadline&) = delete;
    ReadDeadline& operator=(const ReadDeadline&) = delete;

   private:
    Connection& connection_;
  };

  void close() {
    is_closed_ = true;
    error_code ignored;
    lowest(stream_).socket().close(ignored);
  }

  // True if the connection can take another request.
  asio::awaitable<bool> serve_one(bool is_last) {
    Request request;
    request.peer = peer_;
    request.is_loopback = is_loopback_;
    request.is_secure = std::is_same_v<Stream, TlsStream>;
    Response response;
    bool keeps = false;
    std::optional<Shares::Part> held_body, held_answer;
    Admission admission;
    auto begun = std::chrono::steady_clock::now();
    bool is_whole = false;  // nothing of the request is left, which would be read as the next one
    try {
      const std::size_t size = co_await read_header();
      if (size == 0) co_return false;
      Parser parser;
      read_message(parser, size, request);
      is_whole = parser.is_done();
      if (is_too_many_) {
        is_whole = false;
        throw Refusal(503, "busy", "there are too many connections from this address; use fewer, or try again later",
                      {{"Retry-After", "1"}});
      }
      keeps = parser.keep_alive() && !is_last && !core_.is_stopping();
      begun = std::chrono::steady_clock::now();
      admission = co_await admitted(request);
      co_await read_body(parser, request, admission, held_body);
      is_whole = true;
      response = co_await carried_out(request, admission);
      hold_answer(admission, response.body.size(), held_answer);
    } catch (const boost::system::system_error&) {  // the client is gone
      throw;
    } catch (...) {  // also what the host's own sign-in throws
      response = core_.application().refused();
    }
    if (!is_whole) keeps = false;
    for (auto& header : admission.headers) response.headers.push_back(std::move(header));
    core_.application().note(request, admission, response, std::chrono::steady_clock::now() - begun);
    request.body = {};  // not while the client reads the answer
    held_body.reset();
    co_await write(request, admission, response, keeps);
    co_return keeps;
  }

  // The size of the header in the buffer; 0 if the client has closed the connection.
  asio::awaitable<std::size_t> read_header() {
    HeaderScan scan;
    is_idle_ = buffer_.size() == 0;
    const std::chrono::milliseconds header_time = is_too_many_ ? refusal_time : core_.limits().header_time;
    lowest(stream_).expires_after(is_too_many_ ? header_time : core_.limits().idle_time);
    std::optional<ReadDeadline> deadline;
    for (;;) {
      switch (scan.scan(text_of_buffer())) {
        case HeaderScan::State::done:
          if (scan.size() > core_.limits().header_bytes) refuse_of(http::error::header_limit);
          is_idle_ = false;
          co_return scan.size();
        case HeaderScan::State::fault:
          throw Refusal(400, "malformed_request",
                        "the headers are not lines of a name, a colon and a value that end in CR LF");
        case HeaderScan::State::more: break;
      }
      if (buffer_.size() >= core_.limits().header_bytes) refuse_of(http::error::header_limit);
      if (is_idle_ && core_.is_stopping()) co_return 0;
      if (!is_idle_ && !deadline) deadline.emplace(*this, header_time);
      error_code error;
      const std::size_t room = std::min<std::size_t>(16 * 1024, buffer_.max_size() - buffer_.size());
      const std::size_t got = co_await stream_.async_read_some(buffer_.prepare(room), ignoring(error));
      // Closed while these bytes were on their way: nothing of the request is carried out, as nobody would be told.
      if (is_closed_) co_return 0;
      buffer_.commit(got);
      if (deadline && is_late_) throw Refusal(408, "timeout", "the headers took too long");
      if (error) co_return 0;
      is_idle_ = false;
    }
  }

  std::string_view text_of_buffer() const {
    const auto data = buffer_.data();
    return {static_cast<const char*>(data.data()), data.size()};
  }

  void read_message(Parser& parser, std::size_t size, Request& request) {
    parser.header_limit(static_cast<std::uint32_t>(core_.limits().header_bytes + 1));
    parser.body_limit(boost::none);  // set once the route is known, before any of the body is read
    parser.eager(false);
    error_code error;
    const std::size_t used = parser.put(asio::buffer(buffer_.data(), size), error);
    if (error && error != http::error::need_more) refuse_of(error);
    if (!parser.is_header_done() || used != size) refuse_of(http::error::bad_field);
    buffer_.consume(used);
    const auto& message = parser.get();
    if (message.version() != 11 && message.version() != 10)
      throw Refusal(505, "malformed_request", "the server speaks HTTP/1.1");
    const std::string method(message.method_string());
    request.is_head = method == "HEAD";
    request.is_http_1_0 = message.version() == 10;
    const auto known = request.is_head ? Method::get : parse_method(method);
    if (!known) throw Refusal(501, "method_not_allowed", "the server knows GET, HEAD, POST, PUT, PATCH and DELETE");
    request.method = *known;
    request.target = std::string(message.target());
    for (const auto& field : message) {
      std::string name(field.name_string());
      std::ranges::transform(name, name.begin(),
                             [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
      request.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    // Beast takes a list of equal lengths.
    if (const auto length = request.header("content-length");
        length && !std::ranges::all_of(*length, [](char c) { return c >= '0' && c <= '9'; }))
      refuse_of(http::error::bad_content_length);
    if (const auto coding = request.header("transfer-encoding")) {
      if (*coding != "chunked" || message.version() != 11 || request.header("content-length"))
        throw Refusal(400, "malformed_request", "Transfer-Encoding can only be chunked, without a Content-Length");
    }
  }

  asio::awaitable<void> read_body(Parser& parser, Request& request, const Admission& admission,
                                  std::optional<Shares::Part>& held) {
    const auto length = parser.content_length();
    if (length && *length > admission.body_bytes) refuse_of(http::error::body_limit);
    if (parser.is_done() || (!parser.chunked() && length.value_or(0) == 0)) co_return;
    const std::size_t bytes = length ? static_cast<std::size_t>(*length) : admission.body_bytes;
    if (!core_.bodies().take(admission.organization(), bytes))
      throw Refusal(503, "busy", "the server holds too many bodies; try again", {{"Retry-After", "1"}});
    held.emplace(core_.bodies(), admission.organization(), bytes);
    const bool is_long = admission.body_bytes > core_.limits().body_bytes;
    const ReadDeadline deadline(*this, core_.limits().body_time * (is_long ? 2 : 1));
    if (const auto expectation = request.header("expect")) {
      if (lower_case(*expectation) != "100-continue")
        throw Refusal(417, "malformed_request", "the only expectation that is met is 100-continue");
      constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await asio::async_write(stream_, asio::buffer(go_on), asio::use_awaitable);
    }
    parser.body_limit(admission.body_bytes);
    error_code error;
    co_await http::async_read(stream_, buffer_, parser, ignoring(error));
    if (error) refuse_of(is_late_ ? error_code(beast::error::timeout) : error);
    request.body = std::move(parser.get().body());
  }

  // Where the database is on another machine, nothing on the thread of the connection waits for it: what needs none,
  // such as /healthz, is answered all the same.
  asio::awaitable<Admission> admitted(Request& request) {
    const Application& application = core_.application();
    Admission out = application.route(request);
    WorkQueue* const queue = out.needs_database() ? core_.admissions() : nullptr;
    if (!queue) {
      application.admit(request, out);
      co_return out;
    }
    lowest(stream_).expires_never();
    std::exception_ptr failure;
    const bool done = co_await run_elsewhere(*queue, client_, [&] {
      try {
        application.admit(request, out);
      } catch (...) {
        failure = std::current_exception();
      }
    });
    if (!done) throw Refusal(429, "limit", "too many requests wait; try again later", {{"Retry-After", "1"}});
    if (failure) std::rethrow_exception(failure);
    co_return out;
  }

  // Runs `work` on a thread of the queue, and goes on here when it is done. False if too much waits.
  asio::awaitable<bool> run_elsewhere(WorkQueue& queue, const std::string& organization, std::function<void()> work) {
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(bool)>(
        [&](auto handler) {
          auto shared = std::make_shared<decltype(handler)>(std::move(handler));
          const auto executor = lowest(stream_).get_executor();
          const auto resume = [shared, executor](bool done) {
            asio::post(executor, [shared, done] { std::move (*shared)(done); });
          };
          if (!queue.submit(organization, [work = std::move(work), resume] {
                work();
                resume(true);
              }))
            resume(false);
        },
        asio::use_awaitable);
  }

  asio::awaitable<Response> carried_out(const Request& request, const Admission& admission) {
    const Application& application = core_.application();
    lowest(stream_).expires_never();
    if (!has_room(admission))
      co_return problem(Refusal(503, "busy", "too many answers to this organization were not read yet; read them first",
                                {{"Retry-After", "1"}}));
    if (admission.lane == Lane::brief) co_return application.carry_out(request, admission);
    Response response;
    const bool done = co_await run_elsewhere(core_.queue(admission.lane), admission.organization(),
                                             [&] { response = application.carry_out(request, admission); });
    if (!done)
      response = problem(Refusal(429, "limit", "too many requests wait; try again later", {{"Retry-After", "1"}}));
    if (response.stream && request.is_http_1_0)
      response = problem(Refusal(505, "malformed_request", "a stream needs HTTP/1.1"));
    co_return response;
  }

  // Answers to nobody in particular are small, or files of the dashboard.
  bool has_room(const Admission& admission) const {
    return !admission.asker || core_.answers().has_room(admission.organization());
  }
  void hold_answer(const Admission& admission, std::size_t bytes, std::optional<Shares::Part>& held) {
    if (!admission.asker || bytes < counted_bytes) return;
    core_.answers().add(admission.organization(), bytes);
    held.emplace(core_.answers(), admission.organization(), bytes);
  }

  asio::awaitable<void> write(const Request& request, const Admission& admission, Response& response, bool keeps) {
    const std::string head = head_of(response, keeps);
    if (request.is_head) response.body.clear();
    const std::size_t first = std::min(response.body.size(), written_at_once);
    lowest(stream_).expires_after(core_.limits().write_time);
    co_await asio::async_write(stream_,
                               std::array{asio::buffer(head), asio::buffer(std::as_const(response.body).data(), first)},
                               asio::use_awaitable);
    for (std::size_t at = first; at < response.body.size(); at += written_at_once) {
      lowest(stream_).expires_after(core_.limits().write_time);
      const std::size_t size = std::min(response.body.size() - at, written_at_once);
      co_await asio::async_write(stream_, asio::buffer(response.body.data() + at, size), asio::use_awaitable);
    }
    if (response.stream && !request.is_head) co_await write_stream(admission, *response.stream);
  }

  asio::awaitable<void> write_stream(const Admission& admission, BodyStream& stream) {
    asio::steady_timer timer(lowest(stream_).get_executor());
    for (bool is_last = false; !is_last;) {
      BodyStream::Chunk chunk;
      std::exception_ptr failure;
      const auto make = [&] {
        try {
          chunk = stream.next();
        } catch (...) {
          failure = std::current_exception();
        }
      };
      if (!has_room(admission) || !co_await run_elsewhere(core_.queue(Lane::read), admission.organization(), make)) {
        chunk.wait = std::chrono::milliseconds(100);
      } else if (failure) {
        std::rethrow_exception(failure);
      }
      is_last = chunk.is_last;
      std::string text;
      if (!chunk.bytes.empty()) text = fmt::format("{:x}\r\n{}\r\n", chunk.bytes.size(), chunk.bytes);
      if (is_last) text += "0\r\n\r\n";
      std::optional<Shares::Part> held;
      hold_answer(admission, text.size(), held);
      chunk.bytes = {};
      if (!text.empty()) {
        lowest(stream_).expires_after(core_.limits().write_time);
        co_await asio::async_write(stream_, asio::buffer(text), asio::use_awaitable);
        lowest(stream_).expires_never();
      }
      if (!is_last && core_.is_stopping()) throw Refusal(503, "busy", "the server stops");
      if (!is_last && chunk.wait.count() > 0) {
        timer.expires_after(chunk.wait);
        co_await timer.async_wait(asio::use_awaitable);
        if (has_left(lowest(stream_).socket().native_handle())) co_return;
      }
    }
  }

  // Lets the client read the answer before the connection is closed: closing while it still sends would reset it.
  asio::awaitable<void> end() {
    error_code error;
    lowest(stream_).expires_after(linger_pause);
    // Fails if the client still sends, but has sent its own part by then.
    if constexpr (std::is_same_v<Stream, TlsStream>) co_await stream_.async_shutdown(ignoring(error));
    lowest(stream_).socket().shutdown(tcp::socket::shutdown_send, error);
    std::array<char, 16 * 1024> dropped;
    const auto begun = std::chrono::steady_clock::now();
    const auto time = [&] { return core_.is_stopping() ? linger_time_of_stop : linger_time; };
    while (!error && std::chrono::steady_clock::now() < begun + time()) {
      lowest(stream_).expires_after(std::min(linger_pause, time()));
      co_await lowest(stream_).async_read_some(asio::buffer(dropped), ignoring(error));
    }
  }

  Core& core_;
  Stream stream_;
  asio::steady_timer read_timer_;
  std::size_t read_deadlines_ = 0;  // how many there were
  bool is_late_ = false;            // the last one has passed
  beast::flat_buffer buffer_;
  std::string peer_, client_;
  bool is_loopback_ = false;
  bool is_idle_ = true;  // waits for the first byte of a request
  bool is_closed_ = false;
  bool is_too_many_ = false;  // its request is refused
  std::size_t number_ = 0;
};

}  // namespace

class Listener::Sockets {
 public:
  explicit Sockets(Core& core) : core_(core), acceptor_(asio::make_strand(context_)) {
    const ServerOptions& options = core.application().services().options;
    if (options.tls) load(*options.tls);
    error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) throw Error(ErrorCode::invalid_data, "`" + options.address + "` is not an IP address to listen on");
    const tcp::endpoint endpoint(address, options.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      throw Error(
          ErrorCode::storage,
          fmt::format("cannot listen on {} port {}: {}{}", options.address, options.port, error.message(),
                      error == asio::error::address_in_use ? "; choose another port, or 0 for a free one" : ""));
    port_ = acceptor_.local_endpoint().port();
  }

  ~Sockets() { stop(); }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;

  void start() {
    if (!threads_.empty()) return;
    is_accepting_ = true;
    asio::co_spawn(acceptor_.get_executor(), accept(), [this](std::exception_ptr) { is_accepting_ = false; });
    const unsigned count = std::max(1U, core_.application().services().options.io_threads);
    for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { context_.run(); });
  }

  void stop() {
    if (threads_.empty()) return;
    core_.begin_stopping();
    asio::post(acceptor_.get_executor(), [this] {
      error_code ignored;
      acceptor_.close(ignored);
    });
    // One that is being accepted is counted below, or is not there.
    while (is_accepting_) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    core_.close_connections(false);
    const auto end = std::chrono::steady_clock::now() + core_.limits().stop_time;
    while (core_.connections() > 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    core_.close_connections(true);
    // An operation that still runs holds its connection until it is done.
    while (core_.connections() > 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::uint16_t port() const noexcept { return port_; }

 private:
  void load(const TlsFiles& files) {
    error_code error;
    tls_.emplace(asio::ssl::context::tls_server);
    tls_->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                          SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION,
                      error);
    if (!error) tls_->use_certificate_chain_file(files.certificate, error);
    if (error)
      throw Error(ErrorCode::storage, "cannot read the certificate " + files.certificate + ": " + error.message());
    tls_->use_private_key_file(files.key, asio::ssl::context::pem, error);
    if (error) throw Error(ErrorCode::storage, "cannot read the key " + files.key + ": " + error.message());
    if (SSL_CTX_check_private_key(tls_->native_handle()) != 1)
      throw Error(ErrorCode::storage, "the key " + files.key + " is not that of the certificate");
  }

  asio::awaitable<void> accept() {
    while (!core_.is_stopping()) {
      error_code error;
      auto socket = co_await acceptor_.async_accept(asio::make_strand(context_), ignoring(error));
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
      if (error) {  // too many open files
        asio::steady_timer timer(acceptor_.get_executor(), std::chrono::milliseconds(100));
        co_await timer.async_wait(ignoring(error));
        continue;
      }
      socket.set_option(tcp::no_delay(true), error);
      const auto peer = socket.remote_endpoint(error);
      if (error) continue;
      if (tls_)
        begin<TlsStream>(TlsStream(PlainStream(std::move(socket)), *tls_), peer);
      else
        begin<PlainStream>(PlainStream(std::move(socket)), peer);
    }
  }

  template <class Stream>
  void begin(Stream stream, const tcp::endpoint& peer) {
    const auto connection = std::make_shared<Connection<Stream>>(core_, std::move(stream), peer);
    if (!connection->enlist()) return;  // closes it
    asio::co_spawn(
        connection->executor(), [connection]() -> asio::awaitable<void> { co_await connection->run(); },
        asio::detached);
  }

  Core& core_;
  asio::io_context context_;
  tcp::acceptor acceptor_;
  std::optional<asio::ssl::context> tls_;
  std::uint16_t port_ = 0;
  std::atomic<bool> is_accepting_ = false;
  std::vector<std::thread> threads_;
};

Listener::Listener(Core& core) : sockets_(std::make_unique<Sockets>(core)) {}
Listener::~Listener() = default;
void Listener::start() { sockets_->start(); }
void Listener::stop() { sockets_->stop(); }
std::uint16_t Listener::port() const noexcept { return sockets_->port(); }

}  // namespace struere::server
