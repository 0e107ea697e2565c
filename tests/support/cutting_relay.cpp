#include "support/cutting_relay.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace struere::test {
namespace relay {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
  }
  int get() const noexcept { return number_; }
  void close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

sockaddr_un address_in(const std::string& folder) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  const std::string path = folder + "/.s.PGSQL.5432";
  if (path.size() >= sizeof out.sun_path) throw std::runtime_error("the path of the socket is too long: " + path);
  path.copy(out.sun_path, path.size());
  return out;
}

Descriptor new_socket() {
  Descriptor out(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (out.get() < 0) throw std::system_error(errno, std::generic_category(), "socket");
  return out;
}

void set_nonblocking(const Descriptor& socket) { fcntl(socket.get(), F_SETFL, O_NONBLOCK); }

// The messages of one direction, told from one another by their lengths.
class Messages {
 public:
  explicit Messages(bool from_client) : from_client_(from_client), has_type_(!from_client) {}

  // Takes bytes up to the end of the message; returns their number.
  std::size_t take(std::string_view bytes) {
    const std::size_t head = has_type_ ? 5 : 4;
    std::size_t wanted = head;
    if (message_.size() >= head) wanted = size();
    const std::size_t taken = std::min(bytes.size(), wanted - message_.size());
    message_.append(bytes.substr(0, taken));
    return taken;
  }
  // Whether a message is complete; the next byte then begins another one.
  bool end() {
    const std::size_t head = has_type_ ? 5 : 4;
    if (message_.size() < head || message_.size() < size()) return false;
    if (from_client_) note();
    message_.clear();
    has_type_ = true;  // only the first of a client has none
    return true;
  }
  bool has_commit() const noexcept { return has_commit_; }
  void forget_commit() noexcept { has_commit_ = false; }

 private:
  std::size_t size() const {
    const std::size_t at = has_type_ ? 1 : 0;
    std::uint32_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8U | static_cast<unsigned char>(message_[at + i]);
    return at + length;
  }
  std::string_view text_at(std::size_t at) const { return std::string_view(message_).substr(at).data(); }
  // Parse: a name, then the statement. Bind: a portal, then the name.
  void note() {
    if (!has_type_ || (message_[0] != 'P' && message_[0] != 'B')) return;
    const std::string_view first = text_at(5), second = text_at(5 + first.size() + 1);
    if (message_[0] == 'B') {
      has_commit_ = has_commit_ || commits_.contains(std::string(second));
    } else if (second == "COMMIT") {
      commits_.emplace(first);
    } else {
      commits_.erase(std::string(first));  // the one without a name becomes another one
    }
  }

  bool from_client_, has_type_;
  std::string message_;
  std::set<std::string> commits_;  // names of prepared ones
  bool has_commit_ = false;
};

struct End {
  Descriptor socket;
  Messages messages;  // that it sends
  std::string to_send = {};
  bool ends_then = false;  // it is to read the end of the stream after that
  bool has_ended = false;
};

struct Pair {
  End client, server;
  bool is_cut = false;

  bool is_over() const { return is_cut ? client.has_ended && server.has_ended : client.has_ended || server.has_ended; }
};

}  // namespace relay

struct CuttingRelay::State {
  explicit State(const std::string& server_folder) : server(relay::address_in(server_folder)) {
    const sockaddr_un own = relay::address_in(folder.path().native());
    if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
        listen(listener.get(), 64) != 0)
      throw std::system_error(errno, std::generic_category(), "bind");
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    wakes = relay::Descriptor(ends[0]);
    wake = relay::Descriptor(ends[1]);
    thread = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }
  ~State() {
    thread.request_stop();
    is_silent = false;
    is_silent.notify_all();
    wake.close();
  }

  void set_silent(bool silent) {
    const std::scoped_lock lock(mutex);
    is_silent = silent;
    is_silent.notify_all();
    if (silent && ::write(wake.get(), "", 1) != 1) throw std::system_error(errno, std::generic_category(), "write");
  }

  void work(const std::stop_token& stop) {
    std::vector<pollfd> events;
    while (!stop.stop_requested()) {
      events.assign({{listener.get(), POLLIN, 0}, {wakes.get(), POLLIN, 0}});
      {
        const std::scoped_lock lock(mutex);
        for (const relay::Pair& pair : pairs)
          for (const relay::End* const end : {&pair.client, &pair.server})
            events.push_back({end->has_ended ? -1 : end->socket.get(),
                              static_cast<short>(end->to_send.empty() ? POLLIN : POLLIN | POLLOUT), 0});
      }
      if (poll(events.data(), events.size(), -1) < 0 && errno != EINTR) return;
      if (std::array<char, 1> woken{}; events[1].revents == POLLIN && ::read(wakes.get(), woken.data(), 1) == 1) {
        is_silent.wait(true);
        continue;
      }
      const std::scoped_lock lock(mutex);
      std::size_t at = 2;
      for (relay::Pair& pair : pairs) {
        for (relay::End* const end : {&pair.client, &pair.server}) {
          const short happened = events[at++].revents;
          if ((happened & POLLOUT) != 0) send(*end);
          if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0) read(pair, *end);
        }
      }
      if (last_cut && last_cut->is_over()) {
        has_commit = last_cut->client.messages.has_commit();
        last_cut = nullptr;
      }
      pairs.remove_if([](const relay::Pair& pair) { return pair.is_over(); });
      if ((events[0].revents & POLLIN) != 0) accept_one();
    }
  }

  void accept_one() {
    relay::Descriptor client(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client.get() < 0) return;
    if (is_armed && was_cut && cut.refused > 0) {
      --cut.refused;
      return;
    }
    relay::Descriptor to_server = relay::new_socket();
    if (connect(to_server.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) return;
    relay::set_nonblocking(client);
    relay::set_nonblocking(to_server);
    pairs.push_back({{std::move(client), relay::Messages(true)}, {std::move(to_server), relay::Messages(false)}});
    if (is_due()) cut_as_armed(pairs.back());
  }

  static void send(relay::End& end) {
    const ssize_t sent = ::send(end.socket.get(), end.to_send.data(), end.to_send.size(), MSG_NOSIGNAL);
    if (sent > 0) end.to_send.erase(0, static_cast<std::size_t>(sent));
    if (sent < 0 && errno != EAGAIN && errno != EINTR) end.to_send.clear();
    if (end.ends_then && end.to_send.empty()) shutdown(end.socket.get(), SHUT_WR);
  }

  void read(relay::Pair& pair, relay::End& from) {
    std::array<char, 65536> buffer{};
    const ssize_t size = ::recv(from.socket.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) {
      from.has_ended = true;
      from.socket.close();
      return;
    }
    forward(pair, from, {buffer.data(), static_cast<std::size_t>(size)});
  }

  bool is_due() const { return is_armed && !was_cut && count >= cut.after && bytes >= cut.bytes; }

  void forward(relay::Pair& pair, relay::End& from, std::string_view bytes_read) {
    relay::End& to = &from == &pair.client ? pair.server : pair.client;
    while (!bytes_read.empty()) {
      const bool is_last = is_armed && !was_cut && count >= cut.after;  // of which a part is forwarded
      const std::size_t most = is_last ? std::min(bytes_read.size(), cut.bytes - bytes) : bytes_read.size();
      const std::size_t taken = from.messages.take(bytes_read.substr(0, most));
      if (!pair.is_cut) to.to_send.append(bytes_read.substr(0, taken));
      bytes_read.remove_prefix(taken);
      if (is_last) bytes += taken;
      if (from.messages.end()) ++count;
      if (!pair.is_cut && is_due()) cut_as_armed(pair);
    }
    if (!pair.is_cut && !to.has_ended) send(to);
  }

  void cut_as_armed(relay::Pair& pair) {
    was_cut = true;
    last_cut = &pair;
    cut_pair(pair);
  }
  static void cut_pair(relay::Pair& pair) {
    pair.is_cut = true;
    for (relay::End* const end : {&pair.client, &pair.server}) {
      if (end->has_ended) continue;
      end->ends_then = true;
      send(*end);
    }
  }

  TemporaryFolder folder;
  sockaddr_un server;
  relay::Descriptor listener = relay::new_socket(), wakes, wake;
  std::atomic<bool> is_silent = false;
  std::mutex mutex;  // guards what follows
  std::list<relay::Pair> pairs;
  Cut cut;
  bool is_armed = false, was_cut = false, has_commit = false;
  relay::Pair* last_cut = nullptr;  // since arm(), until both of its ends are closed
  std::size_t count = 0, bytes = 0;
  std::jthread thread;
};

CuttingRelay::CuttingRelay(const std::string& server_folder) : state_(std::make_unique<State>(server_folder)) {}
CuttingRelay::~CuttingRelay() = default;

const std::string& CuttingRelay::folder() const noexcept { return state_->folder.path().native(); }

void CuttingRelay::arm(const Cut& cut) {
  const std::scoped_lock lock(state_->mutex);
  state_->cut = cut;
  state_->is_armed = true;
  state_->was_cut = state_->has_commit = false;
  state_->count = state_->bytes = 0;
  state_->last_cut = nullptr;
  for (relay::Pair& pair : state_->pairs) pair.client.messages.forget_commit();
}

std::size_t CuttingRelay::disarm() {
  const std::scoped_lock lock(state_->mutex);
  state_->is_armed = false;
  return state_->count;
}

void CuttingRelay::cut_all() {
  const std::scoped_lock lock(state_->mutex);
  for (relay::Pair& pair : state_->pairs)
    if (!pair.is_cut) State::cut_pair(pair);
}

void CuttingRelay::fall_silent() { state_->set_silent(true); }
void CuttingRelay::speak_again() { state_->set_silent(false); }

bool CuttingRelay::has_cut() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->was_cut;
}

bool CuttingRelay::has_received_commit() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->has_commit;
}

bool CuttingRelay::cut_connection_is_closed() const {
  for (int waited = 0; waited < 5000; ++waited) {
    {
      const std::scoped_lock lock(state_->mutex);
      if (!state_->last_cut) return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace struere::test
