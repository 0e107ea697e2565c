#include "struere/operations/copy.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "core/authority.hpp"
#include "operations/scope_copy.hpp"
#include "repository/engine.hpp"
#include "repository/unit_of_work.hpp"
#include "storage/people.hpp"
#include "storage/records.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr std::int64_t most_batch_rows = 10'000;
constexpr std::array both{Environment::development, Environment::production};

Scope scope_of(const OrganizationId& organization, Environment environment) {
  return {authority(), organization, environment};
}

// Which state of the source an unfinished copy is made from.
std::string state_of(Storage& storage, const OrganizationId& organization) {
  Json state;
  for (const Environment environment : both)
    state[std::string(to_string(environment))] = state_of(storage, scope_of(organization, environment));
  return canonical_json(state);
}

struct Moving {
  Organization organization;
  std::string state;
  bool is_new = true;
  bool is_to_be_cleared = false;
};

class Copy {
 public:
  Copy(Storage& from, Storage& to, const CopyOptions& options) : from_(from), to_(to), options_(options) {}

  CopyReport run() {
    find_in_source();
    for (Moving& moving : all_) look_in_target(moving);
    copy_users();
    for (const Moving& moving : all_) {
      register_in_target(moving);
      each_scope(moving, [](ScopeCopy& scope) { scope.fill(); });
    }
    for (const Moving& moving : all_) verify(moving);
    open();
    report_.organizations = static_cast<std::int64_t>(all_.size());
    return report_;
  }

 private:
  void find_in_source() {
    if (options_.organization) {
      const auto found = find_organization(from_, *options_.organization);
      if (!found)
        throw Error(ErrorCode::not_found,
                    fmt::format("the source has no organization `{}`; check its id", options_.organization->str()));
      all_.push_back({*found, {}});
    } else {
      for (Organization& organization : stored_organizations(from_)) all_.push_back({std::move(organization), {}});
    }
    for (Moving& moving : all_) moving.state = state_of(from_, moving.organization.id);
  }

  // Before anything is written.
  void look_in_target(Moving& moving) {
    const auto held = find<StoredOrganization>(*to_.begin_database(Access::read), "id", moving.organization.id.str());
    if (!held) return;
    moving.is_new = false;
    if (!held->unfinished_copy)
      throw Error(ErrorCode::conflict, fmt::format("the target has an organization `{}` already; a copy never writes "
                                                   "into an organization that is open",
                                                   moving.organization.id.str()));
    moving.is_to_be_cleared = *held->unfinished_copy != moving.state;
    if (moving.is_to_be_cleared && !options_.restart)
      throw Error(
          ErrorCode::conflict,
          fmt::format("the target has an unfinished copy of `{}` from another source, or from before the source "
                      "was last written to; copy with `restart` to begin it anew",
                      moving.organization.id.str()));
    report_.resumed = report_.resumed || !moving.is_to_be_cleared;
  }

  void register_in_target(const Moving& moving) {
    const OrganizationId& id = moving.organization.id;
    if (moving.is_to_be_cleared) {
      each_scope(moving, [](ScopeCopy& scope) { scope.clear(); });
      ScopeCopy::clear_shared(to_, scope_of(id, Environment::development));
    }
    const auto transaction = to_.begin_database(Access::write);
    if (moving.is_to_be_cleared)
      transaction->update_records(RecordTable::organizations, {{"id", {}, id.str()}},
                                  {{"unfinished_copy", moving.state}});
    else if (moving.is_new && !insert(*transaction, StoredOrganization{moving.organization, moving.state}))
      throw Error(ErrorCode::conflict,
                  fmt::format("the target got an organization `{}` meanwhile; see what made it", id.str()));
    transaction->commit();
  }

  template <class Work>
  void each_scope(const Moving& moving, Work&& work) {
    for (const Environment environment : both) {
      ScopeCopy scope(from_, to_, scope_of(moving.organization.id, environment), options_, report_);
      work(scope);
    }
  }

  // --- users, whom rows of both environments name

  void copy_users() {
    if (!options_.organization) {
      std::optional<std::vector<RecordValue>> after;
      for (;;) {
        const auto users =
            select<User>(*from_.begin_database(Access::read), {{}, {}, {"id"}, false, after, options_.batch_rows});
        if (users.empty()) return;
        put_users(users);
        after = std::vector<RecordValue>{users.back().id.str()};
      }
    }
    std::map<UserId, Timestamp> joined;  // since when the organization knows them
    for (const Environment environment : both) {
      const auto transaction = from_.begin(scope_of(*options_.organization, environment), Access::read);
      for (const Membership& membership : select<Membership>(*transaction, {{}}))
        joined[membership.user] = membership.created_at;
      for (const Assignment& assignment : select<Assignment>(*transaction, {{}}))
        joined.try_emplace(assignment.user, assignment.created_at);
    }
    std::vector<User> users;
    for (const auto& [id, since] : joined) {
      if (!options_.keep_names)
        users.push_back({id, id.str(), since});
      else if (auto user = find_user(from_, id))
        users.push_back(*std::move(user));
      if (static_cast<std::int64_t>(users.size()) < options_.batch_rows) continue;
      put_users(users);
      users.clear();
    }
    put_users(users);
  }

  void put_users(const std::vector<User>& users) {
    const auto transaction = to_.begin_database(Access::write);
    for (const User& user : users) {
      if (insert(*transaction, user)) {
        ++report_.users;
        continue;
      }
      const auto held = find<User>(*transaction, "id", user.id.str());
      if (!options_.join_users && (!held || held->name != user.name || held->created_at != user.created_at))
        throw Error(ErrorCode::conflict,
                    fmt::format("the target has another user `{}`; copy with `join_users` if all users that have the "
                                "same id are the same person",
                                user.id.str()));
    }
    transaction->commit();
  }

  void verify(const Moving& moving) {
    try {
      each_scope(moving, [](ScopeCopy& scope) { scope.verify(); });
    } catch (const Error&) {
      require_unchanged(moving);  // the likelier reason
      throw;
    }
  }

  void require_unchanged(const Moving& moving) {
    if (state_of(from_, moving.organization.id) != moving.state)
      throw Error(ErrorCode::conflict,
                  fmt::format("`{}` was written to in the source while it was copied, and the copy is not opened; stop "
                              "the programs that write to it, and copy again with `restart`",
                              moving.organization.id.str()));
  }

  // All at once.
  void open() {
    for (const Moving& moving : all_) require_unchanged(moving);
    const auto transaction = to_.begin_database(Access::write);
    for (const Moving& moving : all_)
      if (transaction->update_records(RecordTable::organizations,
                                      {{"id", {}, moving.organization.id.str()}, {"unfinished_copy", {}, moving.state}},
                                      {{"unfinished_copy", std::monostate()}}) != 1)
        throw Error(ErrorCode::conflict, fmt::format("another process copies `{}` as well; let one of them finish",
                                                     moving.organization.id.str()));
    transaction->commit();
  }

  Storage& from_;
  Storage& to_;
  const CopyOptions& options_;
  CopyReport report_;
  std::vector<Moving> all_;
};

}  // namespace

CopyReport copy_database(const Database& from, const Database& to, const CopyOptions& options) {
  if (options.batch_rows < 1 || options.batch_rows > most_batch_rows)
    throw Error(ErrorCode::invalid_data, fmt::format("`batch_rows` must be from 1 to {}", most_batch_rows));
  if (!options.keep_names && !options.organization)
    throw Error(ErrorCode::invalid_data, "a copy without the names of users needs `organization`");
  for (const Database* const database : {&from, &to}) require_no_unit(*database->shared_engine(authority()));
  return Copy(*from.shared_engine(authority())->storage, *to.shared_engine(authority())->storage, options).run();
}

}  // namespace struere
