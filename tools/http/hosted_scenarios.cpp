#include "http/hosted_scenarios.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include "cli/http_client.hpp"
#include "cli/workspace.hpp"
#include "conformance/http_operations.hpp"
#include "conformance/operations.hpp"
#include "conformance/runner.hpp"
#include "conformance/world.hpp"
#include "struere/core/error.hpp"
#include "struere/server/server.hpp"

namespace struere::conformance {
namespace {

// `user=ana; organization=acme` signs that user in. Only the runner's own server believes it.
std::optional<server::SignedIn> named_operator(const server::SignInRequest& request) {
  constexpr std::string_view first = "user=", second = "; organization=";
  const std::string cookie(request.header("cookie").value_or(""));
  const std::size_t middle = cookie.find(second);
  if (!cookie.starts_with(first) || middle == std::string::npos) return std::nullopt;
  return server::SignedIn{UserId(cookie.substr(first.size(), middle - first.size())),
                          OrganizationId(cookie.substr(middle + second.size()))};
}

server::ServerOptions options_of_scenario() {
  server::ServerOptions out;
  out.sign_in = named_operator;
  out.io_threads = 1;
  out.read_threads = 2;  // a thread is left to other organizations
  out.write_threads = 2;
  return out;
}

// API keys ask as they are, users as operators.
class HostedAsker final : public HttpAsker {
 public:
  HostedAsker(World& world, const server::Server& server)
      : world_(world), address_(cli::ServerAddress::parse(server.url(), "the address of the server")) {}

  References& references() override { return world_.references(); }

  Json ask(const Json& actor, const HttpRequest& request) override {
    world_.actor(actor);  // throws if there is no such actor
    std::vector<std::pair<std::string, std::optional<std::string>>> parameters(request.parameters.begin(),
                                                                               request.parameters.end());
    std::string secret;
    std::map<std::string, std::string> headers;
    if (actor.contains("roles")) {
      secret = world_.secret_of_key(actor);
    } else {
      headers["cookie"] = "user=" + actor.at("user").get<std::string>() +
                          "; organization=" + actor.at("organization").get<std::string>();
      headers["sec-fetch-site"] = "same-origin";
      parameters.emplace_back("environment", actor.at("environment").get<std::string>());
    }
    if (request.if_match) headers["if-match"] = *request.if_match;
    const cli::HttpClient client(address_, secret, headers);
    const Json out = client.call(request.method, cli::target_of(request.segments, parameters), request.body);
    return out.is_null() ? Json::object() : out;
  }

  Json make(const std::string& ref, const std::string& /*type*/, const std::function<Json()>& post) override {
    Json out;
    world_.creating(ref, [&] {
      out = post();
      return out.value("created", true);
    });
    return out;
  }

  Json in_unit(const std::function<Json()>& post) override {
    World::Unit unit(world_);
    try {
      return post();
    } catch (...) {
      unit.undone();
      throw;
    }
  }

 private:
  World& world_;
  cli::ServerAddress address_;
};

}  // namespace

void HostedScenarios::play(const Scenario& scenario, Tally& tally) {
  if (scenario.setup_error) return tally.add(scenario, conformance::play(scenario, storage_));
  const std::vector<StepResult> expected = conformance::play(scenario, {.kind = StorageChoice::Kind::memory});
  World world(storage_);
  world.build(scenario);
  server::Server server(world.database(), options_of_scenario());
  server.start();
  HostedAsker asker(world, server);
  HttpOperations served(asker);
  Operations in_process(world);
  Scenario compared = scenario;
  std::vector<StepResult> results;
  Json actor;
  for (std::size_t i = 0; i < scenario.steps.size(); ++i) {
    Json step = scenario.steps[i];
    if (step.contains("actor")) actor = step.at("actor");
    step["actor"] = actor;
    std::optional<std::string> reason = why_not_over_http(step);
    if (!reason && actor.value("system", false)) reason = "the system actor";
    results.push_back(result_of(static_cast<int>(i), [&] {
      world.actor(actor);  // not found, whatever is asked
      return reason ? in_process.perform(step, i) : served.perform(actor, step, i);
    }));
    if (reason)
      ++in_process_[*reason];
    else
      ++over_http_;
    compared.steps[i]["expect"] = expected.at(i).answer;
  }
  server.stop();
  tally.add(compared, results);
}

void HostedScenarios::print_counts(std::ostream& out) const {
  out << over_http_ << " steps over HTTP\n";
  for (const auto& [reason, steps] : in_process_) out << steps << " in process: " << reason << '\n';
}

}  // namespace struere::conformance
