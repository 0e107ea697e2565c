// `struere login` and `logout`: a session at a server, for projects whose struere.yaml names it.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "cli/commands.hpp"
#include "cli/login.hpp"
#include "cli/screen.hpp"

namespace struere::cli {
namespace {

// From stdin, so that no other user sees it in the list of processes: a link of `struere operators invite`, or its
// token.
std::string read_token() {
  if (isatty(STDIN_FILENO)) tell_aside("Paste the link of `struere operators invite`, then Enter:");
  std::string line;
  std::getline(std::cin, line);
  constexpr std::string_view parameter = "token=";
  if (const auto at = line.find(parameter); at != std::string::npos) line = line.substr(at + parameter.size());
  line = line.substr(0, line.find_first_of(" \t\r&#"));
  if (!line.starts_with("invite_"))
    throw UsageError("stdin has no link of `struere operators invite`; the link ends with token=invite_…");
  return line;
}

void log_in(const Options& options, const std::string& url) {
  const ServerAddress address = ServerAddress::parse(url, "the address");
  const Json made =
      HttpClient(address, "").call("POST", "/v1/operator/session", Json{{"token", read_token()}, {"client", "cli"}});
  const Login login{address.url(), OrganizationId(made.at("organization").get<std::string>()),
                    UserId(made.at("user").get<std::string>()), made.at("secret"), made.at("expiresAt")};
  store_login(login);
  if (options.json)
    return say_json({{"server", login.server},
                     {"organization", login.organization.str()},
                     {"user", login.user.str()},
                     {"expiresAt", login.expires_at}});
  say("Logged in at {} as {}, for {}, until {}.", login.server, login.user.str(), login.organization.str(),
      time_text(login.expires_at));
  say("In struere.yaml, in place of `database`: server: {}", login.server);
}

void log_out(const Options& options, const std::string& url) {
  const ServerAddress address = ServerAddress::parse(url, "the address");
  std::size_t ended = 0;
  for (const Login& login : forget_logins(address)) {
    ++ended;
    try {
      HttpClient(address, login.secret).call("DELETE", "/v1/operator/session");
    } catch (const Error& error) {  // the secret is gone from here in any case
      if (error.code() != ErrorCode::unauthenticated)
        tell_aside("warning: the session of {} could not be ended at the server: {}", login.user.str(), error.what());
    }
  }
  if (options.json) return say_json({{"server", address.url()}, {"ended", ended}});
  say(ended == 0 ? "Nobody was logged in at {}." : "Logged out at {}.", address.url());
}

}  // namespace

void add_login(CLI::App& program, Options& options) {
  static std::string url;
  auto* const login = program.add_subcommand("login", "Log in at a server; reads the one-time link from stdin");
  login->add_option("server", url, "Its address")->required()->type_name("URL");
  login->footer("Example:\n  struere login https://data.example.org");
  login->callback([&options] { log_in(options, url); });
  auto* const logout = program.add_subcommand("logout", "Log out at a server");
  logout->add_option("server", url, "Its address")->required()->type_name("URL");
  logout->callback([&options] { log_out(options, url); });
}

}  // namespace struere::cli
