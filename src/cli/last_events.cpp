#include "cli/last_events.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/screen.hpp"
#include "struere/core/error.hpp"

namespace struere::cli {

std::vector<Event> last_events(std::size_t most, const std::optional<std::string>& before, const EventPages& pages) {
  constexpr std::size_t most_in_page = 1000;
  std::vector<Event> newest_first;
  bool is_after = !before;
  Progress progress;
  pages(static_cast<std::int64_t>(before ? most_in_page : std::min(most, most_in_page)), [&](const EventPage& page) {
    const std::size_t known = newest_first.size();
    for (const Event& event : page.events) {
      if (is_after && newest_first.size() < most) newest_first.push_back(event);
      if (before && event.id().str() == *before) is_after = true;
    }
    if (newest_first.size() >= most) return PageUse::last;
    if (page.searched_to) show_search(progress, *page.searched_to, newest_first.size());
    return newest_first.size() > known ? PageUse::kept : PageUse::passed_over;
  });
  if (!is_after) throw Error(ErrorCode::not_found, fmt::format("none of these events has the id `{}`", *before));
  return {newest_first.rbegin(), newest_first.rend()};
}

}  // namespace struere::cli
