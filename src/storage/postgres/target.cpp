// The URL of a database, before libpq has it.
#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>

#include "storage/postgres/connection.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

// PQconninfoParse takes any text, and only connecting says that there is no such mode, as of a server that is gone.
constexpr std::array<std::string_view, 6> ssl_modes{"disable", "allow",     "prefer",
                                                    "require", "verify-ca", "verify-full"};

constexpr std::string_view no_prepare = "prepare=off";

[[noreturn]] void refuse_url(const char* why) {
  throw Error(ErrorCode::storage,
              fmt::format("the URL of the PostgreSQL database {}; write it as "
                          "postgresql://user@host:port/database, with special characters percent-encoded",
                          why));
}

}  // namespace

Target Target::parse(std::string_view url) {
  Target out;
  const std::size_t authority = url.find("://");
  if (authority == std::string_view::npos) refuse_url("has no scheme");
  const std::size_t question = url.find('?');
  const std::string_view before = url.substr(0, question);
  const std::string_view named = before.substr(authority + 3, before.find('/', authority + 3) - (authority + 3));
  // libpq would take what follows the first `@` of a password for the host, and say it in its errors.
  if (std::ranges::count(named, '@') > 1) refuse_url("has more than one `@` before its path");
  std::string rest;
  std::string_view parameters = question == std::string_view::npos ? std::string_view() : url.substr(question + 1);
  while (!parameters.empty()) {
    const std::size_t end = std::min(parameters.find('&'), parameters.size());
    const std::string_view one = parameters.substr(0, end);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (one == no_prepare)
      out.prepares = false;
    else if (one == "prepare=on")
      out.prepares = true;
    else if (one.starts_with("prepare="))
      refuse_url("says neither `prepare=on` nor `prepare=off`");
    else
      rest.append(rest.empty() ? "?" : "&").append(one);
  }
  out.url = std::string(before) + rest;
  char* error = nullptr;
  PQconninfoOption* const parsed = PQconninfoParse(out.url.c_str(), &error);
  PQfreemem(error);  // it may repeat the URL
  if (!parsed) refuse_url("is malformed, or has a parameter that libpq does not know");
  // Of an unencoded password libpq would take parts for a port or a database, and say them in its errors.
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(parsed, PQconninfoFree);
  for (const PQconninfoOption* option = parsed; option->keyword; ++option) {
    const std::string_view name = option->keyword, value = option->val ? option->val : "";
    if (name == "port" && value.find_first_not_of("0123456789,") != std::string_view::npos)
      refuse_url("has a port that is no number");
    if (name == "sslmode" && !value.empty() && std::ranges::find(ssl_modes, value) == ssl_modes.end())
      refuse_url("has an `sslmode` that is none of libpq's (disable, allow, prefer, require, verify-ca, verify-full)");
    if (name == "dbname" && value.find('@') != std::string_view::npos) refuse_url("has an `@` in its path");
  }
  return out;
}

}  // namespace struere::postgres
