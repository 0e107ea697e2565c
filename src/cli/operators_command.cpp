// `struere operators`: people who sign in to the server of this database, to look after the organization.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"

namespace struere::cli {
namespace {

// Returns once the link is written, and throws if it could not be: it is shown only once.
void show_link(const Options& options, const std::string& user, const std::string& link, const Invitation& invited) {
  survive_closed_pipe();
  if (options.json)
    say_json({{"user", user}, {"link", link}, {"token", invited.token}, {"expiresAt", invited.expires_at}});
  else
    say("{}", link);
  flush_output();
}

// Ends an invitation whose link could not be shown. To end all that a member has would sign them out. Another
// invitation, whose link nobody knows, ends only this one.
void take_back_invitation(const Place& place, const UserId& user) {
  const auto all = place.operators();
  const bool is_signed_in = std::ranges::any_of(all, [&](const OperatorSession& session) {
    return session.user == user && session.kind == OperatorSessionKind::session;
  });
  if (is_signed_in)
    (void)place.invite(user);
  else
    place.end_sessions(user);
}

void invite(const Options& options, const std::string& user, std::string address) {
  const auto place = open_place(options);
  place->require_member(user);
  if (address.empty()) address = place->server_address();
  while (address.ends_with('/')) address.pop_back();
  const Invitation invited = place->invite(UserId(user));
  const std::string link = fmt::format("{}/sign-in?token={}", address, invited.token);
  try {
    show_link(options, user, link, invited);
  } catch (...) {
    try {
      take_back_invitation(*place, UserId(user));
    } catch (const Error&) {
      tell_aside("{} was invited, but the link could neither be shown nor ended; end it: struere operators end {}",
                 user, user);
    }
    throw;
  }
  if (options.json) return;
  tell_aside("{} can sign in with it once, within 15 minutes.", user);
}

void list(const Options& options) {
  const auto place = open_place(options);
  Json out = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const OperatorSession& session : place->operators()) {
    out.push_back({{"id", session.id.str()},
                   {"user", session.user.str()},
                   {"kind", to_string(session.kind)},
                   {"createdAt", session.created_at},
                   {"lastSeenAt", session.last_seen_at},
                   {"expiresAt", session.expires_at}});
    rows.push_back({session.user.str(), std::string(to_string(session.kind)), time_text(session.created_at),
                    time_text(session.last_seen_at), time_text(session.expires_at)});
  }
  if (options.json) return say_json(out);
  if (rows.empty()) return say("Nobody is signed in. Next: struere operators invite USER");
  Screen(options).show_table({"user", "what", "since (UTC)", "last seen", "ends"}, rows);
}

void end(const Options& options, const std::string& user) {
  const auto place = open_place(options);
  place->require_member(user);
  const std::int64_t ended = place->end_sessions(UserId(user));
  if (options.json) return say_json({{"user", user}, {"ended", ended}});
  say("Ended {} of {}.", counted(static_cast<std::size_t>(ended), "session or invitation"), user);
}

}  // namespace

void add_operators(CLI::App& program, Options& options) {
  static std::string user, address;
  auto* const operators =
      program.add_subcommand("operators", "People who sign in to the server")->require_subcommand(1);
  const auto of_user = [operators](const char* name, const char* what) {
    auto* const command = operators->add_subcommand(name, what);
    command->add_option("user", user, "A member; `struere users list` shows them")->required()->type_name("USER");
    return command;
  };
  auto* const invitation = of_user("invite", "Print a link with which a member signs in, once, within 15 minutes");
  invitation
      ->add_option("--address", address, "Where the server is; default: that of struere.yaml, or http://127.0.0.1:8787")
      ->type_name("URL");
  invitation->footer("Example:\n  struere operators invite ada --address https://data.example.org");
  invitation->callback([&options] { invite(options, user, address); });
  operators->add_subcommand("list", "List who is signed in or invited")->callback([&options] { list(options); });
  of_user("end", "End all sessions and invitations of a member")->callback([&options] { end(options, user); });
}

}  // namespace struere::cli
