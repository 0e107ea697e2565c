// `struere users` and `struere roles`: the members of the organization and their roles in an environment.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"

namespace struere::cli {
namespace {

// The roles that a member has, and those that ended by themselves, for a reader.
std::string role_words(const Member& member) {
  std::vector<std::string> out;
  for (const AssignedRole& role : member.roles)
    out.push_back(!role.expires_at ? role.name
                                   : fmt::format("{} ({} {})", role.name, role.has_expired ? "expired" : "until",
                                                 time_text(*role.expires_at)));
  return fmt::format("{}", fmt::join(out, ", "));
}

Json to_json(const Member& member) {
  Json roles = Json::array(), assignments = Json::array();
  for (const AssignedRole& role : member.roles) {
    if (!role.has_expired) roles.push_back(role.name);
    Json& one = assignments.emplace_back(Json{{"role", role.name}});
    if (role.expires_at) one["expiresAt"] = *role.expires_at;
    if (role.has_expired) one["expired"] = true;
  }
  return {{"id", member.user.str()},
          {"membership", to_string(member.membership)},
          {"roles", std::move(roles)},
          {"assignments", std::move(assignments)}};
}

void list_users(const Options& options) {
  const auto place = open_place(options);
  Json out = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Member& member : place->members()) {
    rows.push_back({member.user.str(), std::string(to_string(member.membership)), role_words(member)});
    out.push_back(to_json(member));
  }
  if (options.json) return say_json(out);
  if (rows.empty()) return say("There are no members yet. Next: struere users add ID");
  Screen(options).show_table({"user", "membership", "roles in " + place->environment()}, rows);
}

void answer(const Options& options, const Json& json, const std::string& words) {
  if (options.json) return say_json(json);
  say("{}", words);
}

std::string member_words(const std::string& user, const PutMember& put) {
  const bool is_admin = put.membership == MembershipRole::admin;
  if (put.before == put.membership) return fmt::format("{} is a member already{}.", user, is_admin ? ", as admin" : "");
  if (is_admin) return fmt::format("{} is an admin of the organization.", user);
  return fmt::format("{} is {}a member. Next: struere roles assign {} ROLE", user,
                     put.before ? "no longer an admin, but " : "", user);
}

}  // namespace

void add_people(CLI::App& program, Options& options) {
  static std::string user, name, role;
  static bool is_admin = false, is_member = false;
  auto* const users = program.add_subcommand("users", "The members of the organization")->require_subcommand(1);
  users->alias("members");
  users->add_subcommand("list", "List the members with their roles")->callback([&options] { list_users(options); });
  auto* const add = users->add_subcommand("add", "Make a user a member; creates the user if the id is new");
  add->add_option("id", user, "The id of the user, such as that of your identity provider")->required();
  add->footer(
      "A user who is a member already stays what they are, unless --admin or --member is given.\n"
      "Example:\n  struere users add ada --name \"Ada Lovelace\"");
  add->add_option("--name", name, "The name; default: the id");
  auto* const admin = add->add_flag("--admin", is_admin, "May do everything in the organization");
  add->add_flag("--member", is_member, "An ordinary member, also if the user is an admin now")->excludes(admin);
  add->callback([&options] {
    std::optional<MembershipRole> membership;
    if (is_admin) membership = MembershipRole::admin;
    if (is_member) membership = MembershipRole::member;
    const PutMember put = open_place(options)->put_member(UserId(user), name, membership);
    answer(options, {{"user", user}, {"membership", to_string(put.membership)}}, member_words(user, put));
  });

  auto* const remove = users->add_subcommand("remove", "Take a member out of the organization");
  remove->add_option("user", user, "A member; `struere users list` shows them")->required()->type_name("USER");
  remove->footer(
      "Takes away the roles of the user in both environments, revokes the keys that the user made there, and ends the "
      "user's sessions as an operator. What the user wrote stays.\n\nExample:\n  struere users remove ada");
  remove->callback([&options] {
    const auto place = open_place(options);
    place->require_member(user);
    place->remove_member(UserId(user));
    answer(options, {{"user", user}, {"membership", nullptr}},
           fmt::format("{} is no longer a member, and has no roles, keys and sessions here any more.", user));
  });

  auto* const roles =
      program.add_subcommand("roles", "The roles of an environment, and their assignments")->require_subcommand(1);
  add_role_list(*roles, options);
  const auto change = [&options, roles](const char* command_name, const char* what, auto&& body) {
    auto* const command = roles->add_subcommand(command_name, what);
    command->add_option("user", user, "A member; `struere users list` shows them")->required()->type_name("USER");
    command->add_option("role", role, "A role of the environment")->required()->type_name("ROLE");
    command->footer(fmt::format("Example:\n  struere roles {} ada author -e production", command_name));
    command->callback([&options, body] {
      const auto place = open_place(options);
      place->require_role(role);
      place->require_member(user);
      body(*place);
    });
  };
  change("assign", "Assign a role to a member", [&options](const Place& place) {
    place.assign(UserId(user), role);
    answer(options, {{"user", user}, {"role", role}},
           fmt::format("{} has the role {} in {}.", user, role, place.environment()));
  });
  change("unassign", "Take a role away from a member", [&options](const Place& place) {
    if (!place.unassign(UserId(user), role))
      throw Error(ErrorCode::not_found,
                  fmt::format("`{}` does not have the role `{}` in {}", user, role, place.environment()));
    answer(options, {{"user", user}, {"role", nullptr}}, fmt::format("{} no longer has the role {}.", user, role));
  });
}

}  // namespace struere::cli
