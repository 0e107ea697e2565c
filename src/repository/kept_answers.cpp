#include "repository/kept_answers.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/authority.hpp"
#include "core/digest.hpp"
#include "core/json_text.hpp"
#include "storage/records.hpp"

namespace struere {
namespace {

constexpr std::size_t longest_key = 200, longest_answer = 64 << 10;
constexpr std::int64_t most_answers = 4'000, most_bytes = 8 << 20;  // of a scope
constexpr std::int64_t old_at_once = 2;
constexpr Timestamp lifetime = 24LL * 60 * 60'000;

using enum RecordCondition::Comparison;

constexpr Attempt attempt{"create", "answers"};

bool is_old(const StoredAnswer& kept, Timestamp now) { return now - kept.created_at >= lifetime; }

// Whose answers they are. An actor that is narrowed by a tool, or that another one acts as, may see less than the actor
// of the same id, and does not share its answers.
Digest digest_of(const ActorContext& actor, const std::string& key) {
  std::string text;
  const auto add = [&](std::string_view part) { text.append(fmt::format("{}:", part.size())).append(part); };
  add(key);
  add(to_string(actor.type()));
  add(actor.id());
  const Restriction* const restriction = actor.restriction();
  const ActorName* const by = actor.impersonated_by();
  if (!restriction && !by) return sha256(text);
  if (by) {
    add(by->type);
    add(by->id);
  }
  add(actor.is_org_admin() ? "admin" : "");
  for (const ActorRole& role : actor.roles()) add(role.id.str());
  if (!restriction) return sha256(text);
  add(restriction->allowed_actions ? "only" : "all");
  if (restriction->allowed_actions)
    for (const Action action : *restriction->allowed_actions) add(to_string(action));
  add("without");
  for (const std::string& field : restriction->denied_fields) add(field);
  return sha256(text);
}

std::optional<StoredAnswer> find(Transaction& transaction, const Digest& key) {
  auto found = select<StoredAnswer>(transaction, {{}, {{"key_hash", equal, to_value(key)}}, {}, false, {}, 1});
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

void remove(Transaction& transaction, std::int64_t number) {
  transaction.remove_records(RecordTable::kept_answers, {{"number", equal, number}});
}

// Of those among them that have a text: none orders before the empty one.
void remove_texts(Transaction& transaction, std::vector<RecordCondition> where) {
  where.push_back({"answer", greater_or_equal, std::string()});
  transaction.update_records(RecordTable::kept_answers, where, {{"answer", RecordValue()}});
}

// The answer that is kept; one that is too old is removed. Throws Error{conflict} if it cannot be given.
std::optional<Json> kept_answer(GuardedOperation& operation, const Digest& key, const Digest& fingerprint) {
  const auto kept = find(operation.transaction(), key);
  if (!kept) return std::nullopt;
  if (is_old(*kept, operation.by_clock())) {
    remove(operation.transaction(), kept->number);
    return std::nullopt;
  }
  if (kept->fingerprint != fingerprint)
    throw Error(ErrorCode::conflict, "this key was used for another request; take a new one").at("fingerprint");
  if (!kept->answer)
    throw Error(ErrorCode::conflict,
                "the request with this key was carried out, and its answer is not kept; read what it wrote");
  return parse_canonical_json(*kept->answer);
}

// The canonical text of the answer, however long.
std::string text_of_answer(const Json& answer) {
  JsonFault fault;
  auto text = canonical_json_text(answer, fault);
  if (!text)
    throw Error(ErrorCode::invalid_data, fmt::format("the answer of the body cannot be kept: {}", fault.message));
  return *std::move(text);
}

void keep(GuardedOperation& operation, const Digest& key, const Digest& fingerprint, std::optional<std::string> text) {
  Transaction& transaction = operation.transaction();
  const auto newest = select<StoredAnswer>(transaction, {{}, {}, {"number"}, true, {}, 1});
  StoredAnswer kept{1, key, fingerprint, operation.by_clock(), 0, std::move(text)};
  if (!newest.empty()) kept.number = newest[0].number + 1, kept.bytes_so_far = newest[0].bytes_so_far;
  if (kept.answer) kept.bytes_so_far += static_cast<std::int64_t>(kept.answer->size());
  transaction.remove_records(RecordTable::kept_answers, {{"number", less_or_equal, kept.number - most_answers}});
  if (kept.bytes_so_far > most_bytes)
    remove_texts(transaction, {{"bytes_so_far", less_or_equal, kept.bytes_so_far - most_bytes}});
  remove_old_answers(transaction, operation.by_clock(), old_at_once);
  insert(transaction, kept);
  operation.commit();
}

}  // namespace

OnceAnswer carry_out_once(const Caller& caller, const OnceKey& once, const std::function<Json(Session& unit)>& body) {
  check_arguments(caller, [&] {
    if (once.key.empty() || once.key.size() > longest_key)
      throw Error(ErrorCode::invalid_data, fmt::format("`key` must have 1 to {} bytes", longest_key));
  });
  const Digest key = digest_of(caller.actor(), once.key), fingerprint = sha256(once.fingerprint);
  OnceAnswer out;
  std::string text;
  run_unit(caller, [&](Session& unit) {
    const Caller& inside = unit.caller(authority());
    out.is_repeated = guarded(inside, Access::write, attempt, [&](GuardedOperation& operation) {
      auto kept = kept_answer(operation, key, fingerprint);
      if (kept) out.answer = *std::move(kept);
      return kept.has_value();
    });
    if (out.is_repeated) return;
    text = text_of_answer(body(unit));
    const bool is_kept = text.size() <= longest_answer && !inside.unit()->has_purged();
    guarded(inside, Access::write, attempt, [&](GuardedOperation& operation) {
      keep(operation, key, fingerprint, is_kept ? std::optional(text) : std::nullopt);
    });
  });
  if (!out.is_repeated) out.answer = parse_canonical_json(text);  // what a repeated call gets
  return out;
}

void forget_answers(GuardedOperation& operation) {
  operation.note_purge();
  remove_texts(operation.transaction(), {});
}

std::int64_t remove_old_answers(Transaction& transaction, Timestamp now, std::int64_t most) {
  std::int64_t removed = 0;
  for (const StoredAnswer& kept : select<StoredAnswer>(transaction, {{}, {}, {"number"}, false, {}, most})) {
    if (!is_old(kept, now)) break;
    remove(transaction, kept.number);
    ++removed;
  }
  return removed;
}

}  // namespace struere
