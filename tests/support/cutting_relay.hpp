// Stands between libpq and a PostgreSQL server, and cuts connections at a chosen message of their protocol.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "support/temporary_database.hpp"

namespace struere::test {

class CuttingRelay {
 public:
  // Connections to folder() are forwarded to the Unix socket of the server in `server_folder`.
  explicit CuttingRelay(const std::string& server_folder);
  ~CuttingRelay();
  CuttingRelay(const CuttingRelay&) = delete;
  CuttingRelay& operator=(const CuttingRelay&) = delete;

  const std::string& folder() const noexcept;  // for `host=`

  struct Cut {
    std::size_t after = 0;  // messages of both directions and of all connections, in the order they are forwarded
    std::size_t bytes = 0;  // of those that follow
    int refused = 0;        // connections that are made after the cut, and cut at once
  };
  // Cuts the connection that the message is of, in both directions: either end reads what was forwarded, and then the
  // end of the stream. Once.
  void arm(const Cut& cut);
  // What is forwarded from here on is not cut. Returns the messages since arm().
  std::size_t disarm();
  // Cuts all connections now.
  void cut_all();
  // From now on nothing is forwarded, and connections are taken and told nothing: as a server that hangs.
  void fall_silent();
  void speak_again();

  // Of the time since arm():
  bool has_cut() const;
  // Whether the client had sent a COMMIT on the connection that was cut, forwarded or not. Call it once
  // cut_connection_is_closed().
  bool has_received_commit() const;
  // Whether the client closed the connection that was cut; waits for that up to 10 s.
  bool cut_connection_is_closed() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace struere::test
