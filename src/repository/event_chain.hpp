// The hashes of events: how they form a chain that verifies, even where payloads were purged (SPEC 7).
//
// docs/storage-format.md says the same for an outsider. An event of a file older than version 5 has no salt: its hash
// is over the payload itself.
#pragma once

#include <string>

#include "core/companion.hpp"
#include "struere/core/scope.hpp"
#include "struere/model/event.hpp"

namespace STRUERE_COMPANION_API struere {

// Gives the event a salt and the hash that follows `previous`.
void seal_event(EventRecord& event, const Digest& previous, const OrganizationId& organization,
                Environment environment);

// What the hash of the event must be, by its content. Throws std::invalid_argument for a text that nobody could have
// written through the library.
Digest chained_hash(const Digest& previous, const Scope& scope, const EventRecord& event);

// The hash of the payload with its salt; with a new salt if the event has none.
Digest payload_digest(const EventRecord& event);

// The hash of an event of an older file as if its payload were hashed on its own. An `events.resealed` event repeats it
// once the payload is purged, because `hash` can then not be computed any more.
Digest resealed_hash(const Digest& previous, const Scope& scope, const EventRecord& event, const Digest& payload_hash);

}  // namespace struere
