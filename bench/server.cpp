// The HTTP server over loopback: gets, pages of 20, creates, what a rule costs, and reads beside a writer. Server and
// clients share the machine, so a figure is what both do together. Prints tables; docs/server.md has them.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http_load.hpp"
#include "server_database.hpp"
#include "server_lists.hpp"
#include "server_million.hpp"
#include "server_published.hpp"

namespace {

using namespace struere;
using namespace struere::bench;

constexpr int rows = 10'000;
constexpr int connections = 64;  // of all clients together
constexpr int turns = 24;

std::chrono::milliseconds turn_time() {
  const char* const milliseconds = std::getenv("TURN_MILLISECONDS");
  return std::chrono::milliseconds(milliseconds ? std::atoi(milliseconds) : 250);
}

struct Contender {
  const char* name;
  std::vector<std::string> messages;
};

// In turns, so that what else the machine does meets all of them; the best turn of each counts.
std::vector<Figures> race(std::uint16_t port, const std::vector<Contender>& contenders) {
  std::vector<Figures> best(contenders.size());
  for (int turn = 0; turn < turns; ++turn)
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const Figures found = measure_for(port, contenders[i].messages, turn_time(), {.at_once = connections});
      if (found.rate > best[i].rate) best[i] = found;
    }
  for (std::size_t i = 0; i < contenders.size(); ++i)
    fmt::print("| {} | {:.0f} | {:.2f} | {:.2f} |\n", contenders[i].name, best[i].rate, best[i].p50, best[i].p99);
  std::fflush(stdout);
  return best;
}

void run() {
  const ServerDatabase place;
  const Session system = place.system();
  system.entity_types().define({{"slug", "row"}});
  const Json all{{"resource", "row"}, {"actions", {"*"}}, {"effect", "allow"}};
  system.roles().define({{"name", "plain"}, {"policies", {all}}});
  system.roles().define(
      {{"name", "ruled"},
       {"policies", {all}},
       {"scopeRules", {{{"entityType", "row"}, {"field", "data.author"}, {"operator", "eq"}, {"value", "ana"}}}},
       {"fieldMasks", {{{"entityType", "row"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}}});
  const std::string plain = system.api_keys().create({.name = "plain", .roles = {"plain"}}).secret;
  const std::string ruled = system.api_keys().create({.name = "ruled", .roles = {"ruled"}}).secret;
  // As many other rows as there are of the author, so that the rule has something to leave out.
  std::vector<Json> data;
  for (int i = 0; i < rows; ++i)
    data.push_back(
        {{"author", i % 2 == 0 ? "ana" : "kim"}, {"text", "a note of some words"}, {"number", i}, {"secret", "s"}});
  const auto ids = system.entities("row").create_all(data);

  server::Server server(place.database());
  server.start();
  const auto gets = [&](const std::string& key) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < ids.size(); i += 20)
      out.push_back(request(key, "GET /v1/entities/row/" + ids[i].str()));
    return out;
  };
  const auto page = [&](const std::string& key) {
    return std::vector{request(key, "POST /v1/entities/row/query", R"({"limit":20})")};
  };
  const auto filtered = [&](const std::string& key) {
    return std::vector{request(key, "POST /v1/entities/row/query",
                               R"({"limit":20,"where":[{"field":"data.author","operator":"eq","value":"ana"}]})")};
  };
  const std::string body = R"({"data":{"author":"ana","text":"a note of some words","number":1}})";
  const std::vector create{request(plain, "POST /v1/entities/row", body)};
  const std::vector ruled_create{request(ruled, "POST /v1/entities/row", body)};

  fmt::print("| requests, {} at once | a second | p50 ms | p99 ms |\n| --- | --- | --- | --- |\n", connections);
  const auto reads = race(server.port(), {{"get", gets(plain)}, {"get, one rule and one mask", gets(ruled)}});
  race(server.port(), {{"page of 20", page(plain)},
                       {"page of 20, one rule and one mask", page(ruled)},
                       {"page of 20, author = ana by the caller", filtered(plain)}});
  std::atomic<bool> is_over = false;
  std::thread writer([&] {
    Line line(server.port());
    while (!is_over) {
      line.ask(create.front());
    }
  });
  race(server.port(), {{"get, one rule and one mask, beside one writer", gets(ruled)}});
  is_over = true;
  writer.join();
  const auto writes = race(server.port(), {{"create", create}, {"create, one rule and one mask", ruled_create}});
  fmt::print("\nThe rule and the mask cost {:.0f} % of the gets and {:.0f} % of the creates.\n",
             (1 - reads[1].rate / reads[0].rate) * 100, (1 - writes[1].rate / writes[0].rate) * 100);
}

}  // namespace

// Without an argument: what a rule costs. `published`: what other products publish of themselves. `million`: lists of
// entities where they are long; `lists`: all others, in SQLite or in the PostgreSQL database of the URL.
int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "rules";
  try {
    if (what == "rules")
      run();
    else if (what == "published")
      run_published();
    else if (what == "million")
      run_million();
    else if (what == "lists")
      run_lists(argc > 2 ? argv[2] : "");
    else
      throw std::runtime_error("struere_server_bench [rules|published|million|lists [URL]]");
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
