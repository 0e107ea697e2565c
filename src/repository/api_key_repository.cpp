#include "struere/repository/api_key_repository.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "actor/api_key_text.hpp"
#include "actor/key_lineage.hpp"
#include "repository/checks.hpp"
#include "repository/definition_writer.hpp"
#include "repository/guarded_operation.hpp"
#include "repository/keys_of_members.hpp"
#include "repository/record_page.hpp"
#include "storage/people.hpp"

namespace struere {
namespace {

constexpr std::size_t most_roles = 100;
constexpr std::int64_t most_keys = 10'000;
constexpr std::chrono::milliseconds longest_overlap = std::chrono::days(366);

void check(const NewApiKey& key, Timestamp now) {
  const auto acceptable = [](const std::string& text) { return !text.empty() && is_text(text, longest_name); };
  if (!acceptable(key.name)) throw Error(ErrorCode::invalid_data, "the name of a key is valid UTF-8 of 1 to 200 bytes");
  if (key.roles.size() > most_roles || !std::ranges::all_of(key.roles, acceptable))
    throw Error(ErrorCode::invalid_data, "a key has at most 100 roles, each named by 1 to 200 bytes of valid UTF-8");
  require_future(key.expires_at, now);
}

// The event of a key holds all of the key except the secret and its hash.
std::string payload_of(const ApiKey& key) {
  Json out{{"id", key.id.str()}, {"name", key.name}, {"displayPrefix", key.display_prefix}, {"roles", key.roles}};
  if (key.expires_at) out["expiresAt"] = *key.expires_at;
  return canonical_json(out);
}

ApiKey require_key(GuardedOperation& operation, const ApiKeyId& id) {
  auto found = stored_api_key(operation.transaction(), operation.actor().scope(), id);
  if (!found) throw_not_found();
  return *std::move(found);
}

struct Maker {
  std::string type, id;
};

Maker maker_of(const ActorContext& actor) { return {std::string(to_string(actor.type())), actor.id()}; }

// The maker of the successor of a key: the successor is revoked with its maker. This is the actor that rotates the
// key, because it then holds the new secret. If the system or the key itself rotates it, the old key's maker stays.
Maker maker_of_successor(const ActorContext& actor, const ApiKey& old) {
  const bool is_itself = actor.id() == old.id.str() && actor.type() != ActorType::user;
  return actor.type() == ActorType::system || is_itself ? Maker{old.created_by_type, old.created_by} : maker_of(actor);
}

// A key that is rotated makes room for its successor.
void require_room_for_key(GuardedOperation& operation) {
  using enum RecordCondition::Comparison;
  const auto live = [&](RecordCondition::Comparison comparison, RecordValue expires_at) {
    return count_of(operation.transaction(), RecordTable::api_keys,
                    {{"revoked_at", equal, std::monostate()}, {"expires_at", comparison, std::move(expires_at)}});
  };
  if (live(equal, std::monostate()) + live(greater, operation.by_clock()) >= most_keys)
    throw Error(ErrorCode::invalid_definition,
                fmt::format("a scope has at most {} API keys that are valid; revoke one first", most_keys));
}

CreatedApiKey make_key(GuardedOperation& operation, const NewApiKey& asked, Maker maker) {
  check(asked, operation.by_clock());
  operation.require_own_roles(asked.roles);
  if (!asked.allow_unknown_roles) operation.require_known_roles(asked.roles);
  const ActorContext& actor = operation.actor();
  CreatedApiKey out{new_key_text(actor.environment()), {}};
  ApiKey& key = out.key;
  key.id = ApiKeyId(operation.new_id());
  key.organization = actor.organization();
  key.environment = actor.environment();
  key.name = asked.name;
  key.display_prefix = display_prefix(out.secret, key.environment);
  key.roles = asked.roles;
  key.kind = asked.kind;
  key.created_by_type = std::move(maker.type);
  key.created_by = std::move(maker.id);
  key.created_at = operation.now();
  key.expires_at = asked.expires_at;
  insert_api_key(operation.transaction(), key, sha256(out.secret));
  operation.audit().append("api-key.created", payload_of(key));
  return out;
}

}  // namespace

CreatedApiKey ApiKeyRepository::create(const NewApiKey& asked) const {
  return guarded(caller_, Access::write, {"create", "api_keys"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::create, "api_keys");
    require_room_for_key(operation);
    CreatedApiKey out = make_key(operation, asked, maker_of(operation.actor()));
    operation.commit();
    return out;
  });
}

namespace {

bool is_live(const ApiKey& key, Timestamp now) {
  return !key.revoked_at && !(key.expires_at && *key.expires_at <= now);
}

ApiKey with_state(GuardedOperation& operation, ApiKey key) {
  const Timestamp now = operation.by_clock();
  key.ended_with_maker = is_live(key, now) && has_ended(operation.transaction(), operation.actor().scope(), key, now);
  return key;
}

// The successor of a key that works only until its overlap ends, if it is among the last 1,000 rotations of the log:
// all writers wait meanwhile.
std::optional<std::string> successor_of(GuardedOperation& operation, const ApiKey& key) {
  if (!key.expires_at) return std::nullopt;
  EventSelection rotations;
  rotations.others = true;
  rotations.type = "api-key.rotated";
  rotations.since = key.created_at;
  rotations.newest_first = true;
  rotations.limit = 100;
  for (int page = 0; page < 10; ++page) {
    const auto events = operation.transaction().select_events(rotations);
    for (const EventRecord& event : events)
      if (const Json payload = parse_canonical_json(event.payload); payload.value("id", "") == key.id.str())
        return payload.value("successor", "");
    if (std::ssize(events) < rotations.limit) break;
    rotations.before = events.back().sequence;
  }
  return std::nullopt;
}

void end_key(GuardedOperation& operation, ApiKey old, std::chrono::milliseconds overlap, const ApiKeyId& successor) {
  const Timestamp ends = operation.by_clock() + overlap.count();
  if (overlap.count() == 0)
    old.revoked_at = operation.now();
  else
    old.expires_at = old.expires_at ? std::min(*old.expires_at, ends) : ends;
  update_api_key(operation.transaction(), old);
  operation.audit().append("api-key.rotated",
                           canonical_json(Json{{"id", old.id.str()}, {"successor", successor.str()}}));
}

}  // namespace

CreatedApiKey ApiKeyRepository::rotate(const ApiKeyId& id, std::chrono::milliseconds overlap) const {
  return rotate(id, overlap, {});
}

CreatedApiKey ApiKeyRepository::rotate(const ApiKeyId& id, std::chrono::milliseconds overlap,
                                       const std::function<void(const CreatedApiKey&)>& hand_over) const {
  CreatedApiKey out = make_successor(id, overlap, !hand_over);
  if (!hand_over) return out;
  try {
    hand_over(out);
  } catch (...) {
    revoke(out.key.id);
    throw;
  }
  guarded(caller_, Access::write, {"delete", "api_keys", id.str()}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::remove, "api_keys");
    const ApiKey old = require_key(operation, id);
    if (!is_live(old, operation.by_clock())) return;  // it was revoked or it expired meanwhile
    end_key(operation, old, overlap, out.key.id);
    operation.commit();
  });
  return out;
}

CreatedApiKey ApiKeyRepository::make_successor(const ApiKeyId& id, std::chrono::milliseconds overlap,
                                               bool ends_old) const {
  return guarded(caller_, Access::write, {"create", "api_keys", id.str()}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::create, "api_keys");
    operation.require_resource(Action::remove, "api_keys");
    if (overlap.count() < 0 || overlap > longest_overlap)
      throw Error(ErrorCode::invalid_data, "`overlap` is from 0 to a year");
    const ApiKey old = require_key(operation, id);
    if (!is_live(old, operation.by_clock()))
      throw Error(ErrorCode::conflict, "this key is revoked or expired; create a new one");
    // Another successor would get the expiry that the overlap gave to this key.
    if (const auto successor = successor_of(operation, old))
      throw Error(
          ErrorCode::conflict,
          fmt::format("this key was rotated already, and ends by itself; rotate its successor `{}`, or create a "
                      "new key",
                      *successor));
    CreatedApiKey out = make_key(operation, {old.name, old.roles, old.kind, old.expires_at, true},
                                 maker_of_successor(operation.actor(), old));
    if (ends_old) end_key(operation, old, overlap, out.key.id);
    operation.commit();
    return out;
  });
}

std::vector<ApiKey> ApiKeyRepository::list() const {
  return guarded(caller_, Access::read, {"list", "api_keys"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::list, "api_keys");
    auto keys = stored_api_keys(operation.transaction(), operation.actor().scope());
    for (ApiKey& key : keys) key = with_state(operation, std::move(key));
    return keys;
  });
}

ApiKeyPage ApiKeyRepository::page(std::int64_t limit, const std::optional<std::string>& after) const {
  return guarded(caller_, Access::read, {"list", "api_keys"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::list, "api_keys");
    auto page =
        select_page<StoredApiKey>(operation, {RecordTable::api_keys, {}, {"id"}, true}, "api keys", limit, after);
    ApiKeyPage out{{}, std::move(page.next)};
    for (StoredApiKey& stored : page.rows)
      out.keys.push_back(with_state(operation, in_scope(std::move(stored.key), operation.actor().scope())));
    return out;
  });
}

void ApiKeyRepository::revoke(const ApiKeyId& id) const {
  guarded(caller_, Access::write, {"delete", "api_keys", id.str()}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::remove, "api_keys");
    ApiKey key = require_key(operation, id);
    if (key.revoked_at) return;
    key.revoked_at = operation.now();
    update_api_key(operation.transaction(), key);
    operation.audit().append("api-key.revoked", payload_of(key));
    operation.commit();
  });
}

void revoke_keys_made_by(Transaction& transaction, EventAppender audit, const UserId& user, Timestamp now) {
  for (const StoredApiKey& stored : select<StoredApiKey>(
           transaction,
           {{},
            {{"created_by", {}, user.str()}, {"created_by_type", {}, "user"}, {"revoked_at", {}, std::monostate()}},
            {"created_at", "id"}})) {
    ApiKey key = stored.key;
    key.revoked_at = now;
    update_api_key(transaction, key);
    audit.append("api-key.revoked", payload_of(key));
  }
}

}  // namespace struere
