// The end of an event log, read backwards in pages. The same for the log of a file and that of a server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/http_client.hpp"
#include "struere/repository/event_repository.hpp"

namespace struere::cli {

using EventPageVisitor = std::function<PageUse(const EventPage& page)>;
// Hands over pages of at most `limit` events, newest first, until there is none left or the visitor needs no further
// one.
using EventPages = std::function<void(std::int64_t limit, const EventPageVisitor& visit)>;

// As EventFeed::last(). Shows on stderr how far the search has come.
std::vector<Event> last_events(std::size_t most, const std::optional<std::string>& before, const EventPages& pages);

}  // namespace struere::cli
