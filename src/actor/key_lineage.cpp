#include "actor/key_lineage.hpp"

#include <algorithm>

#include "storage/configuration.hpp"
#include "storage/people.hpp"
#include "storage/records.hpp"

namespace struere {
namespace {

constexpr int most_makers = 16;  // a key with more makers than this is invalid

class Lineage {
 public:
  Lineage(Transaction& transaction, const Scope& scope, const ApiKey& key, Timestamp now)
      : transaction_(transaction), scope_(scope), now_(now), names_(key.roles) {
    has_ended_ = !follow(key);
  }

  bool has_ended() const noexcept { return has_ended_; }
  const std::optional<UserId>& user() const noexcept { return user_; }  // the first maker, if it is a user

  // Keeps the roles that are assigned to the member. An org admin needs no assignments.
  void keep_assigned() {
    std::vector<std::string> held;
    for (const Assignment& assignment : stored_assignments(transaction_, *user_)) {
      if (assignment.expires_at && *assignment.expires_at <= now_) continue;
      held.push_back(assignment.role_name);
      if (std::ranges::find(names_, assignment.role_name) != names_.end()) expire(assignment.expires_at);
    }
    keep_only(held);
  }

  KeyAuthority authority() const {
    KeyAuthority out{{}, until_};
    for (const std::string& name : names_)
      if (auto id = find_role(transaction_, name)) out.roles.push_back({*std::move(id), name});
    return out;
  }

 private:
  // Follows the makers of the key. Returns false if one of them has ended, so that the key is invalid.
  bool follow(ApiKey key) {
    for (int makers = 0; makers < most_makers; ++makers) {
      if (key.created_by_type == to_string(ActorType::system)) return true;
      if (key.created_by_type == to_string(ActorType::user)) {
        user_ = UserId(key.created_by);
        return true;
      }
      auto maker = stored_api_key(transaction_, scope_, ApiKeyId(key.created_by));
      if (!maker) return follow_agent(key.created_by);
      key = *std::move(maker);
      if (key.revoked_at || (key.expires_at && *key.expires_at <= now_)) return false;
      expire(key.expires_at);
      keep_only(key.roles);
    }
    return false;
  }

  // Limits the key to the agent's roles. Returns false unless the maker is an agent that is active here.
  bool follow_agent(const std::string& id) {
    const auto configs = select<AgentConfig>(transaction_, {{}, {{"agent_id", {}, id}}, {"version"}, true, {}, 1});
    if (configs.empty() || configs.front().status != AgentStatus::active) return false;
    keep_only(configs.front().roles);
    return true;
  }

  void keep_only(const std::vector<std::string>& names) {
    std::erase_if(names_, [&](const std::string& name) { return std::ranges::find(names, name) == names.end(); });
  }

  void expire(const std::optional<Timestamp>& at) {
    if (at && (!until_ || *at < *until_)) until_ = at;
  }

  Transaction& transaction_;
  const Scope& scope_;
  Timestamp now_;
  std::vector<std::string> names_;  // of the roles that the key keeps
  std::optional<UserId> user_;
  std::optional<Timestamp> until_;
  bool has_ended_ = false;
};

}  // namespace

std::optional<KeyAuthority> authority_of_key(Storage& storage, const Scope& scope, const ApiKey& key, Timestamp now) {
  return authority_of_key(*storage.begin(scope, Access::read), scope, key, now);
}

std::optional<KeyAuthority> authority_of_key(Transaction& transaction, const Scope& scope, const ApiKey& key,
                                             Timestamp now) {
  Lineage lineage(transaction, scope, key, now);
  if (lineage.has_ended()) return std::nullopt;
  if (lineage.user()) {
    const auto membership = find_membership(transaction, scope, *lineage.user());
    if (!membership) return std::nullopt;
    if (membership->role != MembershipRole::admin) lineage.keep_assigned();
  }
  return lineage.authority();
}

bool has_ended(Transaction& transaction, const Scope& scope, const ApiKey& key, Timestamp now) {
  const Lineage lineage(transaction, scope, key, now);
  return lineage.has_ended() || (lineage.user() && !find_membership(transaction, scope, *lineage.user()));
}

}  // namespace struere
