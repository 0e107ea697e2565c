// Events of a server.
#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "cli/last_events.hpp"
#include "cli/output.hpp"
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
  // Whoever follows a log for days does so across restarts of the server, and across networks: a stream on which
  // nothing comes for a minute is given up, as the server says something each 15 s.
  void follow(const std::function<void(const Event&)>& visit) override {
    constexpr std::chrono::seconds first_pause(1), longest_pause(30);
    std::chrono::seconds pause = first_pause;
    bool is_away = false;
    for (bool has_begun = false;;) {
      try {
        stream(
            [&] {
              has_begun = true;
              pause = first_pause;
              if (std::exchange(is_away, false)) tell_aside("{} answers again", client_->address().url());
            },
            visit);
      } catch (const Error& error) {
        if (!has_begun || error.code() != ErrorCode::storage) throw;
      }
      if (!std::exchange(is_away, true))
        tell_aside("the stream of {} has ended; connecting again until Ctrl-C", client_->address().url());
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, longest_pause);
    }
  }

 private:
  // Until it ends or breaks. Goes on where the last one ended, if that has told its position. Otherwise it begins at
  // the end of the log, and what was appended since the newest event that is known is asked for once it is open.
  void stream(const std::function<void()>& opened, const std::function<void(const Event&)>& visit) {
    Parameters parameters = parameters_;
    std::erase_if(parameters, [](const auto& parameter) { return parameter.first == "since"; });
    const auto client = position_.empty() ? *client_ : client_->with({{"Last-Event-ID", position_}});
    const bool has_gap = position_.empty();
    bool is_open = false;
    std::string position;  // of the event that is being told, in which it comes first
    client.lines(target_of({"v1", "events", "stream"}, parameters), [&](std::string_view line) {
      if (!std::exchange(is_open, true)) {
        opened();
        if (has_gap)
          for (const Event& event : after_newest()) {
            ahead_.insert(event.id().str());
            take(event, visit);
          }
      }
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (const auto value = value_of("id:", line)) position = *value;
      if (const auto data = value_of("data:", line)) {
        const Json event = read_answer(std::string(*data), client_->address().url());
        if (event.is_object() && event.contains("id")) take_once(event, visit);
      }
      if (line.empty() && !position.empty()) {
        position_ = std::exchange(position, {});
        told_.clear();
      }
    });
  }
  // A stream that goes on at position_ repeats what was told after it, and what was asked for beside the stream.
  void take_once(const Json& event, const std::function<void(const Event&)>& visit) {
    const std::string id = event.at("id").get<std::string>();
    const bool is_new = told_.insert(id).second;
    if (ahead_.erase(id) == 0 && is_new) take(event_of(event), visit);
  }
  void take(const Event& event, const std::function<void(const Event&)>& visit) {
    newest_ = event.id().str();
    visit(event);
  }
  std::vector<Event> after_newest() {
    constexpr std::size_t most_between = 1000;
    const std::string newest = newest_;
    std::vector<Event> events = last(most_between, {});
    const auto known = std::ranges::find(events, newest, [](const Event& event) { return event.id().str(); });
    if (known != events.end()) events.erase(events.begin(), known + 1);
    return events;
  }
  // Of a line of the stream.
  static std::optional<std::string_view> value_of(std::string_view field, std::string_view line) {
    if (!line.starts_with(field)) return std::nullopt;
    line.remove_prefix(field.size());
    if (line.starts_with(' ')) line.remove_prefix(1);
    return line;
  }

  std::shared_ptr<const HttpClient> client_;
  Parameters parameters_;
  std::string newest_;                  // the id of the newest event that is known
  std::string position_;                // the last one that a stream has told
  std::set<std::string> told_, ahead_;  // the ids of events after that; those that the stream has still to come to
};

}  // namespace

std::unique_ptr<EventFeed> remote_feed(std::shared_ptr<const HttpClient> client, Parameters parameters) {
  return std::make_unique<RemoteFeed>(std::move(client), std::move(parameters));
}

}  // namespace struere::cli
