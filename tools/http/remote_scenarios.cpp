#include "http/remote_scenarios.hpp"

#include <set>
#include <stdexcept>

#include "cli/workspace.hpp"
#include "conformance/runner.hpp"
#include "http/remote_world.hpp"

namespace struere::conformance {
namespace {

using cli::target_of;

constexpr std::string_view sign_in_path = "/sign-in?token=";

std::string address_in(const std::string& link) { return link.substr(0, link.find(sign_in_path)); }

std::string secret_of(const cli::ServerAddress& address, const std::string& link) {
  const std::size_t at = link.find(sign_in_path);
  if (at == std::string::npos)
    throw std::runtime_error(
        "--storage needs a link that signs an org admin in: struere operators invite USER --address " + address.url());
  return cli::HttpClient(address, "")
      .call("POST", target_of({"v1", "operator", "session"}),
            Json{{"token", link.substr(at + sign_in_path.size())}, {"client", "cli"}})
      .at("secret");
}

bool changes_something(const Json& step) {
  static const std::set<std::string> reads{"can",       "get",     "list",   "count", "get_many",
                                           "aggregate", "related", "events", "verify"};
  return !reads.contains(step.at("op").get<std::string>());
}

bool is_about_time(const std::string& text) {
  return text.find("createdAt") != std::string::npos || text.find("updatedAt") != std::string::npos;
}

// Why the world of an organization cannot be built at a server.
std::optional<std::string> why_not_built(const OrderedJson& organization, const std::string& admin) {
  if (organization.contains("members") && organization.at("members").contains(admin))
    return "a member has the name of the org admin who plays the scenarios";
  const std::string text = organization.dump();
  if (text.find("actor.organizationId") != std::string::npos)
    return "a rule about the id of the organization, which is another at the server";
  if (is_about_time(text)) return "a rule about a time, which the server has of its own clock";
  return std::nullopt;
}

}  // namespace

bool is_server(const std::string& storage) noexcept {
  return storage.starts_with("http://") || storage.starts_with("https://");
}

RemoteScenarios::RemoteScenarios(const std::string& link)
    : address_(cli::ServerAddress::parse(address_in(link), "--storage")), admin_(address_, secret_of(address_, link)) {
  for (const char* const environment : {"development", "production"}) {
    const Json me = admin_.call("GET", target_of({"v1", "me"}, {{"environment", environment}}));
    user_ = me.at("actorId");
    if (me.at("isOrgAdmin") != true) throw std::runtime_error("the link is not that of an org admin");
    for (const char* const kind : {"types", "roles"})
      if (!admin_.call("GET", target_of({"v1", kind}, {{"environment", environment}})).at("items").empty())
        throw std::runtime_error(
            "the organization of the link has definitions; scenarios are played in an organization of their own, "
            "because what they make is purged");
  }
}

void RemoteScenarios::play(const Scenario& scenario, Tally& tally) {
  if (scenario.setup_error) {
    ++skipped_["a world that must be refused"];
    return;
  }
  for (const auto& [name, organization] : scenario.organizations.items()) play_organization(scenario, name, tally);
}

void RemoteScenarios::play_organization(const Scenario& scenario, const std::string& organization, Tally& tally) {
  const std::vector<StepResult> expected = conformance::play(scenario, {.kind = StorageChoice::Kind::memory});
  std::optional<std::string> stopped = why_not_built(scenario.organizations.at(organization), user_);
  RemoteWorld world(admin_, address_);
  if (!stopped) world.build(scenario.organizations.at(organization), scenario.steps);
  HttpOperations operations(world);
  Scenario compared{scenario.name + " (" + organization + ")", {}, scenario.steps, {}};
  std::vector<StepResult> results;
  Json actor;
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    const Json& step = scenario.steps[i];
    if (step.contains("actor")) actor = step.at("actor");
    if (actor.at("organization") != organization) continue;
    std::optional<std::string> reason = stopped ? stopped : why_not_over_http(step);
    if (!reason && is_about_time(step.dump())) reason = "a time, which the server has of its own clock";
    if (!reason) try {
        results.push_back(result_of(static_cast<int>(i), [&] {
          // Whether there is such a user.
          if (actor.contains("user")) world.ask(actor, {.method = "GET", .segments = {"v1", "me"}});
          return operations.perform(actor, step, i);
        }));
        compared.steps[i]["expect"] = expected.at(i).answer;
        continue;
      } catch (const NotOverHttp& fault) {
        reason = fault.reason;
      }
    ++skipped_[*reason];
    if (!stopped && changes_something(step))
      stopped = "after a step that was left out, and would have changed something";
  }
  world.tear_down();
  tally.add(compared, results);
}

void RemoteScenarios::print_skipped(std::ostream& out) const {
  std::size_t all = 0;
  for (const auto& [reason, steps] : skipped_) {
    out << "skipped  " << steps << ": " << reason << '\n';
    all += steps;
  }
  out << all << " skipped\n";
}

}  // namespace struere::conformance
