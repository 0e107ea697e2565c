#include "server_lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <vector>

#include "server_posts.hpp"
#include "struere/triggers/trigger_repository.hpp"

namespace struere::bench {
namespace {

constexpr int list_length = 1'000'000, member_count = 100'000, few_of_list = 10;
constexpr int writes_at_once = 1'000;

void write_many(const Session& system, int count, const std::function<void(Session& unit, int i)>& body) {
  for (int done = 0; done < count; done += writes_at_once)
    system.transaction([&](Session& unit) {
      for (int i = done; i < std::min(count, done + writes_at_once); ++i) body(unit, i);
    });
}

Json trigger_of(const std::string& slug, const std::string& type) {
  return {{"slug", slug},
          {"on", {{"entityType", type}, {"action", "created"}}},
          {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "job.seen"}}}}}}};
}

// What few filters match is written first, so that a list which is newest first finds it last.
void fill_lists(const ServerDatabase& place) {
  const Session system = place.system();
  for (const char* const type : {"job", "chore"}) system.entity_types().define({{"slug", type}});
  system.triggers().define(trigger_of("often", "job"));
  system.triggers().define(trigger_of("rarely", "chore"));
  for (const char* const agent : {"busy", "idle"}) {
    system.agents().define({.slug = agent, .name = agent});
    system.agents().configure(agent, {.system_prompt = "Be kind.", .model = "small"});
  }
  const auto agent_of = [](int i) { return i < few_of_list ? "idle" : "busy"; };
  system.entities("chore").create_all(std::vector<Json>(few_of_list, Json::object()));
  for (int i = 0; i < list_length / writes_at_once; ++i)
    system.entities("job").create_all(std::vector<Json>(writes_at_once, Json::object()));
  write_many(system, list_length, [&](Session& unit, int i) {
    unit.executions().record({.agent = agent_of(i),
                              .model = i < few_of_list ? "large" : "small",
                              .status = i < few_of_list ? ExecutionStatus::failed : ExecutionStatus::completed,
                              .input_tokens = i});
  });
  write_many(system, list_length, [&](Session& unit, int i) { unit.threads().create({.agent = agent_of(i)}); });
  const TrustedHost host = place.database().trusted_host();
  for (int i = 0; i < member_count; ++i) {
    const UserId user(fmt::format("member{:06}", i));
    host.create_user(user.str(), user);
    host.put_member(ServerDatabase::acme(), user);
  }
  write_many(system, member_count,
             [&](Session& unit, int i) { unit.api_keys().create({.name = fmt::format("key{}", i)}); });
}

double median_ms(int count, const std::function<void()>& body) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    body();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
  }
  std::ranges::nth_element(times, times.begin() + count / 2);
  return times[static_cast<std::size_t>(count) / 2];
}

}  // namespace

void run_lists(const std::string& url) {
  const ServerDatabase place(url);
  const auto begun = std::chrono::steady_clock::now();
  fill_lists(place);
  fmt::print("filled in {:.0f} s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  const TrustedHost host = place.database().trusted_host();
  host.create_user("Boss", UserId("boss"));
  host.put_member(ServerDatabase::acme(), UserId("boss"), MembershipRole::admin);
  const std::string boss = place.secret_of("boss");
  server::Server server(place.database(), many_at_once());
  server.start();
  Line line(server.port());
  const auto get = [&](const std::string& path) { return request(boss, "GET " + path + "environment=development"); };
  const Session session = host.user_session(UserId("boss"), ServerDatabase::acme(), Environment::development);
  fmt::print("\n{} trigger runs, executions, threads and events, {} members and keys; one client\n\n", list_length,
             member_count);
  fmt::print("{:<52} {:>10} {:>10}\n", "medians of 21, in milliseconds", "in process", "GET");
  // `api` reads the page after the cursor; the middle page comes after half of the list.
  using Api = std::function<std::optional<std::string>(std::int64_t limit, const std::optional<std::string>& after)>;
  const auto measure = [&](const std::string& what, const std::string& path, const Api& api,
                           const std::optional<std::string>& after = {}) {
    const std::string message = get(path + "limit=50&" + (after ? "cursor=" + *after + "&" : ""));
    const double in_process = median_ms(21, [&] { api(50, after); });
    const double over_http = median_ms(21, [&] { line.ask(message); });
    fmt::print("{:<52} {:>10.2f} {:>10.2f}\n", what, in_process, over_http);
    std::fflush(stdout);
  };
  const auto with_middle = [&](const std::string& what, const std::string& path, int length, const Api& api) {
    measure(what + ": first page", path, api);
    std::optional<std::string> after;
    for (int i = 0; i < length / 2; i += 1000) after = api(1000, after);
    measure(what + ": page in the middle", path, api, after);
  };
  const auto runs = [&](TriggerRunQuery query) -> Api {
    return [&session, query](std::int64_t limit, const std::optional<std::string>& after) mutable {
      query.limit = limit;
      query.after = after;
      return session.triggers().runs(query).next;
    };
  };
  with_middle("runs", "/v1/runs?", list_length, runs({}));
  measure("runs of a trigger with 10", "/v1/runs?trigger=rarely&", runs({.trigger = "rarely"}));
  measure("runs that are dead, of which there are none", "/v1/runs?status=dead&",
          runs({.status = TriggerRunStatus::dead}));
  measure("pending runs of a trigger with 10", "/v1/runs?trigger=rarely&status=pending&",
          runs({.trigger = "rarely", .status = TriggerRunStatus::pending}));
  const auto executions = [&](ExecutionQuery query) -> Api {
    return [&session, query](std::int64_t limit, const std::optional<std::string>& after) {
      return session.executions().list(query, limit, after).next;
    };
  };
  with_middle("executions", "/v1/executions?", list_length, executions({}));
  measure("executions of an agent with 10", "/v1/executions?agent=idle&", executions({.agent = "idle"}));
  measure("executions that failed, 10", "/v1/executions?status=failed&",
          executions({.status = ExecutionStatus::failed}));
  measure("executions of a model with 10", "/v1/executions?model=large&", executions({.model = "large"}));
  const auto threads = [&](ThreadQuery query) -> Api {
    return [&session, query](std::int64_t limit, const std::optional<std::string>& after) mutable {
      query.limit = limit;
      query.after = after;
      return session.threads().list(query).next;
    };
  };
  with_middle("threads", "/v1/threads?", list_length, threads({}));
  measure("threads of an agent with 10", "/v1/threads?agent=idle&", threads({.agent = "idle"}));
  with_middle("keys", "/v1/keys?", member_count, [&](std::int64_t limit, const std::optional<std::string>& after) {
    return session.api_keys().page(limit, after).next;
  });
  const Api members = [&](std::int64_t limit, const std::optional<std::string>& after) -> std::optional<std::string> {
    const auto page =
        host.members(ServerDatabase::acme(), {limit, after ? std::optional(UserId(*after)) : std::nullopt});
    return page.empty() ? std::nullopt : std::optional(page.back().user.str());
  };
  measure("members: first page", "/v1/members?", members);
  const auto events = [&](EventQuery query) -> Api {
    query.newest_first = true;
    return [&session, query](std::int64_t limit, const std::optional<std::string>& after) mutable {
      query.limit = limit;
      query.after = after;
      return session.events().list(query).next;
    };
  };
  with_middle("events", "/v1/events?", list_length, events({}));
  const Timestamp recent = session.events().list({.newest_first = true, .limit = 1}).events.front().created_at() - 1;
  const Timestamp old = session.events().list({.limit = 1}).events.front().created_at() + 1;
  measure("events since a moment ago", fmt::format("/v1/events?since={}&", recent), events({.since = recent}));
  measure("events until the beginning", fmt::format("/v1/events?until={}&", old), events({.until = old}));
  measure("events of a type with 10: 20,000 are examined", "/v1/events?type=chore.created&",
          events({.type = "chore.created"}));
  measure("events of nobody: 20,000 are examined", "/v1/events?actor=nobody&", events({.actor = "nobody"}));
  const double whole = median_ms(3, [&] {
    EventQuery query{.actor = "nobody", .newest_first = true, .limit = 50};
    do query.after = session.events().list(query).next;
    while (query.after);
  });
  fmt::print("{:<52} {:>10.0f}\n", "events of nobody: all pages", whole);
}

}  // namespace struere::bench
