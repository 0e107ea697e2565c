// What a handler gets: the request, who asks, and what the server has.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "server/request.hpp"
#include "server/stream_counts.hpp"
#include "struere/model/operator_session.hpp"
#include "struere/repository/session.hpp"
#include "struere/server/server.hpp"

namespace struere::server {

class Application;
class IdempotentAnswers;
class RateLimits;
class StorageReports;
class BackupTurns;

// A person that signed in (sign_in.hpp).
struct Operator {
  UserId user;
  OrganizationId organization;
  std::optional<OperatorSession> session = {};  // nullopt: the host's own sign-in
  std::string secret = {};                      // of the session
  bool is_ambient = true;  // a browser sends the proof by itself, so that another site could make it send it
};

// Who asks, once it is known (who_asks.hpp).
struct Asker {
  Session session;
  std::optional<Operator> operator_session = {};
  std::optional<std::string> viewed_as = {};  // the text of Struere-View-As
};

// What all requests share.
struct Services {
  Database database;
  ServerOptions options;
  // Made by Core.
  std::shared_ptr<StreamCounts> streams = {};
  std::shared_ptr<IdempotentAnswers> idempotent_answers = {};
  std::shared_ptr<RateLimits> rate_limits = {};
  std::shared_ptr<StorageReports> storage_reports = {};
  std::shared_ptr<BackupTurns> backup_turns = {};
  const Application* application = nullptr;
};

class Call {
 public:
  Call(const Request& request, const Services& services, const std::map<std::string, std::string>& path,
       const Asker* asker, bool is_unit = false, bool* has_written = nullptr)
      : request_(request),
        services_(services),
        path_(path),
        asker_(asker),
        is_unit_(is_unit),
        has_written_(has_written) {}

  const Request& request() const noexcept { return request_; }
  const Services& services() const noexcept { return services_; }
  const std::string& path(const std::string& parameter) const { return path_.at(parameter); }
  // Throws Error{unauthenticated} on an open route.
  const Session& session() const;
  const Asker& asker() const;
  // Whether session() is that of a unit of work, which ends after the handler.
  bool is_unit() const noexcept { return is_unit_; }
  // Said by a handler of several transactions after each: a request that then fails is not repeated by its
  // Idempotency-Key.
  void note_written() const noexcept {
    if (has_written_) *has_written_ = true;
  }

  // Of the query. Throw Refusal{400} if the value is not of that type.
  std::optional<std::string> text(std::string_view parameter) const;
  std::optional<std::int64_t> integer(std::string_view parameter) const;
  bool flag(std::string_view parameter) const;  // true, false; false if it is missing

 private:
  const Request& request_;
  const Services& services_;
  const std::map<std::string, std::string>& path_;
  const Asker* asker_;
  bool is_unit_;
  bool* has_written_;
};

}  // namespace struere::server
