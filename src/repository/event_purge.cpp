#include "repository/event_purge.hpp"

#include "core/digest.hpp"
#include "repository/event_chain.hpp"
#include "repository/log_verifier.hpp"

namespace struere {
namespace {

constexpr std::size_t events_in_purge = 100;
constexpr std::size_t most_resealed = 1000;  // hashes in one event

Digest hash_before(Transaction& transaction, std::int64_t sequence) {
  const ChainHead start = transaction.log_start();
  if (start.sequence == sequence - 1) return start.hash;
  Digest out{};
  transaction.replay_events({.after = sequence - 2}, [&](const EventRecord& event) {
    out = event.hash;
    return false;
  });
  return out;
}

}  // namespace

void purge_payloads(GuardedOperation& operation, const std::string& entity) {
  Transaction& transaction = operation.transaction();
  Json resealed = Json::object();
  const auto say_resealed = [&] {
    if (!resealed.empty()) operation.audit().append(std::string(resealed_type), canonical_json(resealed));
    resealed = Json::object();
  };
  std::vector<EventRecord> batch;
  for (std::int64_t after = 0;; after = batch.back().sequence) {
    batch.clear();
    transaction.replay_events({after, entity}, [&](const EventRecord& event) {
      batch.push_back(event);
      return batch.size() < events_in_purge;
    });
    if (batch.empty()) return say_resealed();
    operation.spend(static_cast<std::int64_t>(batch.size()));
    for (const EventRecord& event : batch) {
      if (event.payload == "{}") continue;  // an empty payload reveals nothing
      const Digest payload_hash = payload_digest(event);
      if (!event.salt) {
        const Digest hash =
            resealed_hash(hash_before(transaction, event.sequence), operation.actor().scope(), event, payload_hash);
        resealed[std::to_string(event.sequence)] = to_hex(hash);
        if (resealed.size() == most_resealed) say_resealed();
      }
      transaction.purge_payload(event.sequence, payload_hash);
    }
  }
}

}  // namespace struere
