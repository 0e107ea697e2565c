// `struere users` and `struere roles`: the members of the organization and their roles in an environment.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/screen.hpp"

namespace struere::cli {
namespace {

void list_users(const Options& options) {
  const Workspace workspace(options);
  const RoleRepository roles = workspace.actor().roles();
  Json out = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Membership& member : workspace.database().trusted_host().members(workspace.organization())) {
    std::vector<std::string> names;
    for (const Assignment& assignment : roles.assignments(member.user)) names.push_back(assignment.role_name);
    rows.push_back({member.user.str(), std::string(to_string(member.role)), fmt::format("{}", fmt::join(names, ", "))});
    out.push_back({{"id", member.user.str()}, {"membership", to_string(member.role)}, {"roles", names}});
  }
  if (options.json) return say_json(out);
  if (rows.empty()) return say("There are no members yet. Next: struere users add ID");
  Screen(options).show_table({"user", "membership", "roles in " + workspace.environment()}, rows);
}

void answer(const Options& options, const Json& json, const std::string& words) {
  if (options.json) return say_json(json);
  say("{}", words);
}

}  // namespace

void add_people(CLI::App& program, Options& options) {
  static std::string user, name, role;
  static bool is_admin = false;
  auto* const users = program.add_subcommand("users", "The members of the organization")->require_subcommand(1);
  users->alias("members");
  users->add_subcommand("list", "List the members with their roles")->callback([&options] { list_users(options); });
  auto* const add = users->add_subcommand("add", "Make a user a member; creates the user if the id is new");
  add->add_option("id", user, "The id of the user, such as that of your identity provider")->required();
  add->footer("Example:\n  struere users add ada --name \"Ada Lovelace\"");
  add->add_option("--name", name, "The name; default: the id");
  add->add_flag("--admin", is_admin, "May do everything in the organization");
  add->callback([&options] {
    const Workspace workspace(options);
    const TrustedHost host = workspace.database().trusted_host();
    try {
      host.create_user(name.empty() ? user : name, UserId(user));
    } catch (const Error& error) {  // a user may belong to several organizations
      if (error.code() != ErrorCode::conflict) throw;
    }
    host.put_member(workspace.organization(), UserId(user), is_admin ? MembershipRole::admin : MembershipRole::member);
    answer(options, {{"user", user}}, fmt::format("{} is a member. Next: struere roles assign {} ROLE", user, user));
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
      const Workspace workspace(options);
      workspace.require_role(role);
      if (workspace.acts_as_system()) workspace.require_member(user);
      body(workspace, workspace.actor().roles());
    });
  };
  change("assign", "Assign a role to a member",
         [&options](const Workspace& workspace, const RoleRepository& repository) {
           repository.assign(UserId(user), role);
           answer(options, {{"user", user}, {"role", role}},
                  fmt::format("{} has the role {} in {}.", user, role, workspace.environment()));
         });
  change(
      "unassign", "Take a role away from a member",
      [&options](const Workspace& workspace, const RoleRepository& repository) {
        if (!repository.unassign(UserId(user), role))
          throw Error(ErrorCode::not_found,
                      fmt::format("`{}` does not have the role `{}` in {}", user, role, workspace.environment()));
        answer(options, {{"user", user}, {"role", nullptr}}, fmt::format("{} no longer has the role {}.", user, role));
      });
}

}  // namespace struere::cli
