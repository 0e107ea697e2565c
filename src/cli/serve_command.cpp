// `struere serve`: the database of a project over HTTP, until it is stopped.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include "cli/commands.hpp"
#include "cli/free_memory.hpp"
#include "cli/screen.hpp"
#include "cli/stop_signals.hpp"
#include "cli/sync_command.hpp"
#include "cli/whole_number.hpp"
#include "struere/core/error.hpp"
#include "struere/server/server.hpp"

namespace struere::cli {
namespace {

struct ServeArguments {
  std::string listen = "127.0.0.1:8787";
  std::vector<std::string> hosts;
  std::string certificate, key;
  std::optional<std::string> metrics_token;
  std::uint32_t rate = 0;
  std::uint32_t longest_write = 3;  // seconds, less than a writer waits for others
  bool logs = false, begins = false;
  std::string invited;
};

// "127.0.0.1:8787", "[::1]:8787", "0.0.0.0:0"
void read_listen(const std::string& text, server::ServerOptions& options) {
  const std::size_t colon = text.rfind(':');
  std::string address = colon == std::string::npos ? "" : text.substr(0, colon);
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  const auto port = colon == std::string::npos ? std::nullopt : parse_whole_number(text.substr(colon + 1));
  if (address.empty() || !port || *port > std::numeric_limits<std::uint16_t>::max())
    throw UsageError("--listen needs an IP address and a port, such as 127.0.0.1:8787 or [::1]:0");
  options.address = address;
  options.port = static_cast<std::uint16_t>(*port);
}

// Empty for what the header Host can name without its port; otherwise what is wrong.
std::string host_name_fault(const std::string& text) {
  const bool is_v6 = text.starts_with('[') && text.ends_with(']');
  const bool is_name = std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_' || (is_v6 && (c == ':' || c == '[' || c == ']'));
  });
  return is_name ? "" : "a name without http:// and port is needed, such as data.example.org";
}

std::string sign_in_link(const Workspace& workspace, const std::string& user, const std::string& url) {
  const OperatorSessions sessions = workspace.database().trusted_host().operator_sessions();
  return url + "/sign-in?token=" + sessions.invite(workspace.organization(), UserId(user)).secret;
}

// In a project without a database, does what would be typed next: `struere sync` and `struere users add owner --admin`.
// Returns the new member. Programs that read JSON do these steps themselves. A service whose disk is not mounted must
// not offer an empty database in the place of its own: unless somebody sits there, `--new` has to say it.
std::optional<std::string> begin_project(const Options& options, bool is_wanted) {
  const Project project = read_project(options);
  if (options.json || project.server || is_begun(project)) return std::nullopt;
  if (!is_wanted && isatty(STDIN_FILENO) == 0)
    throw Error(ErrorCode::not_found,
                fmt::format("there is no database {} yet; see whether its disk is mounted, or begin it with `struere "
                            "serve --new`",
                            project.database.shown()));
  const std::size_t changes = sync_quietly(*open_place(options, Workspace::Missing::make), options);
  const Workspace workspace(options);
  const UserId owner("owner");
  const TrustedHost host = workspace.database().trusted_host();
  host.create_user("Owner", owner);
  host.put_member(workspace.organization(), owner, MembershipRole::admin);
  say("A new project: began {}, synced {} to development, and added the admin `owner`.", workspace.location().shown(),
      counted(changes, "change"));
  return owner.str();
}

// On a terminal, an admin for a link while nobody is signed in or invited. A link is not written into a log.
std::optional<std::string> first_admin(const Workspace& workspace) {
  const TrustedHost host = workspace.database().trusted_host();
  if (isatty(STDOUT_FILENO) == 0 || !host.operator_sessions().list(workspace.organization()).empty())
    return std::nullopt;
  constexpr std::int64_t looked_at = 100;
  for (const Membership& member : host.members(workspace.organization(), {looked_at, {}}))
    if (member.role == MembershipRole::admin) return member.user.str();
  return std::nullopt;
}

void run(const Options& options, ServeArguments arguments) {
  const StopSignals signals;  // before there are other threads
  server::ServerOptions served;
  read_listen(arguments.listen, served);
  served.hosts = arguments.hosts;
  if (arguments.certificate.empty() != arguments.key.empty())
    throw UsageError("--cert and --cert-key belong together; give both, or neither");
  if (!arguments.certificate.empty()) served.tls = server::TlsFiles{arguments.certificate, arguments.key};
  served.metrics_token = arguments.metrics_token;
  served.limits.requests_per_second = arguments.rate;
  served.access_log = [logs = arguments.logs](std::string_view line, unsigned status) {
    if (logs || status >= 500) tell_aside("{}", line);
  };
  if (arguments.invited.empty()) arguments.invited = begin_project(options, arguments.begins).value_or("");
  const Workspace workspace(options, Workspace::Missing::refuse, std::chrono::seconds(arguments.longest_write));
  if (arguments.invited.empty() && !options.json) arguments.invited = first_admin(workspace).value_or("");
  if (!arguments.invited.empty()) workspace.require_member(arguments.invited);
  if (workspace.location().is_read_only())
    tell_aside(
        "{} may only be read by this user: each write will fail. chown or chmod it and its folder if that is not "
        "meant, and start again",
        workspace.location().shown());
  server::Server server(workspace.database(), served);
  server.start();
  Json told{{"url", server.url()}};
  if (!arguments.invited.empty()) told["link"] = sign_in_link(workspace, arguments.invited, server.url());
  if (options.json) {
    say_json(told);
  } else {
    say("Serving {} on {}. Stop with Ctrl-C.", workspace.location().shown(), server.url());
    if (told.contains("link"))
      say("{} signs in, once, within 15 minutes: {}", arguments.invited, told.at("link").get<std::string>());
    else
      say("To sign in: struere operators invite USER --address {}", server.url());
    say("Programs send an API key: struere keys create NAME --role ROLE");
  }
  flush_output();
  FreeMemory memory;
  while (!signals.came_within(std::chrono::seconds(1))) {
    workspace.require_in_place();
    memory.give_back();
  }
  server.stop();
  if (!options.json) say("Stopped.");
}

}  // namespace

void add_serve(CLI::App& program, Options& options) {
  static ServeArguments arguments;
  auto* const command = program.add_subcommand("serve", "Serve the database over HTTP, until it is stopped");
  command->add_option("--listen", arguments.listen, "The address and port; port 0 takes a free one")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command->add_option("--host", arguments.hosts, "A name by which clients reach the server, besides localhost")
      ->check(host_name_fault)
      ->type_name("NAME");
  command->add_option("--cert", arguments.certificate, "The certificate chain for TLS, as a PEM file")
      ->type_name("FILE");
  command->add_option("--cert-key", arguments.key, "Its private key, as a PEM file")->type_name("FILE");
  add_number(command, "--rate-limit", arguments.rate,
             "The most requests a second of one API key or operator; default: no limit",
             {1, std::numeric_limits<std::uint32_t>::max()})
      ->type_name("N");
  add_number(command, "--longest-write", arguments.longest_write,
             "How long one write may keep all others of a file waiting before it is undone", {1, 3600})
      ->type_name("SECONDS")
      ->capture_default_str();
  command->add_option("--metrics-token", arguments.metrics_token, "Who may read /metrics from another machine")
      ->type_name("TOKEN");
  command->add_flag("--log", arguments.logs, "Write a line of JSON to stderr for each request, not only for failures");
  command->add_flag("--new", arguments.begins,
                    "Begin the database if it is not there; on a terminal, also without this");
  command->add_option("--invite", arguments.invited, "Print a link with which this member signs in")->type_name("USER");
  command->footer(
      "Clients send an API key as a bearer token (docs/http.md). SIGTERM finishes the requests that run, a second one "
      "ends it at once.\n\n"
      "Examples:\n  struere serve --invite ada\n  struere serve --listen 0.0.0.0:8787 --host data.example.org");
  command->callback([&options] { run(options, arguments); });
}

}  // namespace struere::cli
