// The hashes of events: how they form a chain that verifies even after payloads were purged (SPEC 7).
//
// docs/storage-format.md specifies the same for other implementations. An event of a file older than version 5 has no
// salt: its hash is over the payload itself.
#pragma once

#include <string>

#include "core/companion.hpp"
#include "struere/core/scope.hpp"
#include "struere/model/event.hpp"

namespace STRUERE_COMPANION_API struere {

// Gives the event a salt and the hash that follows `previous`.
void seal_event(EventRecord& event, const Digest& previous, const OrganizationId& organization,
                Environment environment);

// Computes the hash that the event must have, from its content. Throws std::invalid_argument if a text in it is one
// that the library never writes.
Digest chained_hash(const Digest& previous, const Scope& scope, const EventRecord& event);

// The hash of the payload with its salt; with a new salt if the event has none.
Digest payload_digest(const EventRecord& event);

// The hash that an event of an older file would have if its payload were hashed separately. When the payload is
// purged, an `events.resealed` event records this hash, because `hash` can then no longer be computed.
Digest resealed_hash(const Digest& previous, const Scope& scope, const EventRecord& event, const Digest& payload_hash);

}  // namespace struere
