// What a handler gets: the request, who asks, and what the server has.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/request.hpp"
#include "server/stream_counts.hpp"
#include "struere/repository/session.hpp"
#include "struere/server/server.hpp"

namespace struere::server {

class Application;
class IdempotentAnswers;
class RateLimits;

// A person that signed in by a browser.
struct Operator {
  UserId user;
  OrganizationId organization;
};

// The sessions of operators: finds who a cookie stands for. Called for every request with a cookie, on the threads of
// connections: it must not wait. nullopt if the session is unknown or ended.
class OperatorSessions {
 public:
  virtual ~OperatorSessions() = default;
  virtual std::optional<Operator> find(const Request& request) const = 0;
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
  std::shared_ptr<const OperatorSessions> operators = {};  // null: nobody signs in
  // Made by Core.
  std::shared_ptr<StreamCounts> streams = {};
  std::shared_ptr<IdempotentAnswers> idempotent_answers = {};
  std::shared_ptr<RateLimits> rate_limits = {};
  const Application* application = nullptr;
};

class Call {
 public:
  Call(const Request& request, const Services& services, const std::map<std::string, std::string>& path,
       const Asker* asker)
      : request_(request), services_(services), path_(path), asker_(asker) {}

  const Request& request() const noexcept { return request_; }
  const Services& services() const noexcept { return services_; }
  const std::string& path(const std::string& parameter) const { return path_.at(parameter); }
  // Throws Error{unauthenticated} on an open route.
  const Session& session() const;
  const Asker& asker() const;

  // Of the query. Throw Refusal{400} if the value is not of that type.
  std::optional<std::string> text(std::string_view parameter) const;
  std::optional<std::int64_t> integer(std::string_view parameter) const;
  bool flag(std::string_view parameter) const;  // true, false; false if it is missing

 private:
  const Request& request_;
  const Services& services_;
  const std::map<std::string, std::string>& path_;
  const Asker* asker_;
};

}  // namespace struere::server
