// Events of a server.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "cli/last_events.hpp"
#include "cli/remote_answer.hpp"
#include "cli/remote_json.hpp"
#include "cli/remote_parts.hpp"

namespace struere::cli {
namespace {

class RemoteFeed final : public EventFeed {
 public:
  RemoteFeed(std::shared_ptr<const HttpClient> client, Parameters parameters)
      : client_(std::move(client)), parameters_(std::move(parameters)) {}

  std::vector<Event> last(std::size_t most, const std::optional<std::string>& before) override {
    std::vector<Event> out = last_events(most, before, [&](std::int64_t limit, const EventPageVisitor& visit) {
      const auto target_after = [&](const std::optional<std::string>& cursor) {
        Parameters asked = parameters_;
        asked.emplace_back("limit", std::to_string(limit));
        asked.emplace_back("cursor", cursor);
        return target_of({"v1", "events"}, asked);
      };
      client_->pages(target_after, [&](const Json& page) {
        EventPage read;
        for (const Json& item : page.at("items")) read.events.push_back(event_of(item));
        read.searched_to = time_in(page, "searchedTo");
        return visit(read);
      });
    });
    if (!out.empty()) newest_ = out.back().id().str();
    return out;
  }
  // The stream begins at the end of the log. What was appended between last() and that is asked for once it is open.
  void follow(const std::function<void(const Event&)>& visit) override {
    Parameters position = parameters_;
    std::erase_if(position, [](const auto& parameter) { return parameter.first == "since"; });
    bool is_open = false;
    std::set<std::string> between;
    client_->lines(target_of({"v1", "events", "stream"}, position), [&](std::string_view line) {
      if (!std::exchange(is_open, true)) {
        const std::string newest = newest_;
        const std::vector<Event> events = last(most_between, {});
        const auto known = std::ranges::find(events, newest, [](const Event& event) { return event.id().str(); });
        for (auto event = known == events.end() ? events.begin() : known + 1; event != events.end(); ++event) {
          between.insert(event->id().str());
          visit(*event);
        }
      }
      constexpr std::string_view field = "data:";
      if (!line.starts_with(field)) return;
      const Json event = read_answer(std::string(line.substr(field.size())), client_->address().url());
      if (!event.is_object() || !event.contains("id")) return;
      if (!between.contains(event.at("id").get<std::string>())) visit(event_of(event));
    });
  }

 private:
  static constexpr std::size_t most_between = 1000;

  std::shared_ptr<const HttpClient> client_;
  Parameters parameters_;
  std::string newest_;  // the id of the last event that last() returned
};

}  // namespace

std::unique_ptr<EventFeed> remote_feed(std::shared_ptr<const HttpClient> client, Parameters parameters) {
  return std::make_unique<RemoteFeed>(std::move(client), std::move(parameters));
}

}  // namespace struere::cli
