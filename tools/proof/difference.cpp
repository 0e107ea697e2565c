#include "difference.hpp"

#include <array>
#include <set>
#include <stdexcept>

#include "playing.hpp"
#include "struere/core/error.hpp"

namespace struere::proof {
namespace {

const StorageChoice memory_storage{StorageChoice::Kind::memory};

std::string text_of(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

std::string text_of(const StepResult& result) {
  return text_of(result.answer) + (result.message.empty() ? "" : " \"" + result.message + "\"");
}

// The answers of both worlds to the same question.
template <class Ask>
std::array<std::string, 2> ask_both(World& memory, World& other, const Ask& ask) {
  std::array<std::string, 2> out;
  World* const worlds[] = {&memory, &other};
  for (std::size_t i = 0; i < 2; ++i) {
    try {
      out[i] = ask(*worlds[i]);
    } catch (const Error& error) {
      out[i] = std::string(to_string(error.code())) + ": " + error.what();
    }
  }
  return out;
}

// The whole log as the system reads it, in small pages, except parts that depend on the random secret of a key.
std::string log_of(World& world, const Json& system) {
  const EventRepository events = world.actor(system).events();
  std::string out;
  EventQuery query{.limit = 7};
  do {
    EventPage page = events.list(query);
    for (const Event& event : page.events) {
      out += event.type() + ' ' + event.entity().value_or(EntityId()).str() + ' ' + event.actor_type() + ' ' +
             event.actor_id() + ' ' + std::to_string(event.created_at());
      if (!event.type().starts_with("api-key.")) out += ' ' + event.id().str() + ' ' + event.json();
      out += '\n';
    }
    query.after = std::move(page.next);
  } while (query.after);
  const Verification verification = events.verify();
  return out + (verification.ok ? "sound, " : "broken, ") + std::to_string(verification.verified.value_or(-1));
}

// Cuts both texts to the part in which they first differ, with some text before it.
void cut_to_difference(std::string& a, std::string& b) {
  std::size_t at = 0;
  while (at < a.size() && at < b.size() && a[at] == b[at]) ++at;
  const std::size_t begin = at > 300 ? at - 300 : 0;
  a = a.substr(begin, 1200);
  b = b.substr(begin, 1200);
}

class Comparison {
 public:
  Comparison(const Scenario& scenario, Coverage& coverage, const StorageChoice& other)
      : scenario_(scenario),
        coverage_(coverage),
        memory_(scenario, memory_storage, Detail::all),
        other_(scenario, other, Detail::all) {}

  std::optional<Difference> run() {
    coverage_.count_world();
    const StepResult built = memory_.build();
    if (auto found = compare("the beginning", "building the world", built, other_.build())) return found;
    coverage_.count("world", built.answer.contains("error") ? built.answer.at("error").get<std::string>() : "built");
    if (built.answer.contains("error")) return std::nullopt;
    for (std::size_t step = 0; step < scenario_.steps.size(); ++step) {
      const std::string op = op_of(scenario_.steps[step]);
      const StepResult expected = memory_.take(step);
      coverage_.count_step(op, expected.answer);
      if (auto found = compare("step " + std::to_string(step), op, expected, other_.take(step))) return found;
    }
    return compare_scopes();
  }

 private:
  static std::string op_of(const Json& step) {
    return step.is_object() && step.contains("op") && step["op"].is_string() ? step["op"].get<std::string>() : "no op";
  }

  static std::optional<Difference> compare(const std::string& place, const std::string& what, const StepResult& memory,
                                           const StepResult& other) {
    const std::string expected = text_of(memory), got = text_of(other);
    return expected == got ? std::nullopt : std::optional(Difference{place, what, expected, got});
  }

  template <class Ask>
  std::optional<Difference> compare_both(const std::string& place, const std::string& what, const Ask& ask) {
    auto [memory, other] = ask_both(memory_.world(), other_.world(), ask);
    if (memory == other) return std::nullopt;
    cut_to_difference(memory, other);
    return Difference{place, what, std::move(memory), std::move(other)};
  }

  // Called at the end, so that it compares the result of all steps.
  std::optional<Difference> compare_scopes() {
    for (const auto& [organization, parts] : scenario_.organizations.items())
      for (const char* environment : {"development", "production"})
        if (parts.is_object() && parts.contains(environment))
          if (auto found =
                  compare_scope({{"organization", organization}, {"environment", environment}, {"system", true}}))
            return found;
    return std::nullopt;
  }

  std::optional<Difference> compare_scope(const Json& system) {
    const std::string name =
        system.at("organization").get<std::string>() + "/" + system.at("environment").get<std::string>();
    if (auto found = compare_both(name, "log", [&](World& world) { return log_of(world, system); })) return found;
    for (const Json& actor : actors_of(system))
      for (const char* type : {"person", "note", "task"})
        for (const EntityId& id : ids_of(system, type))
          for (const Action action : {Action::read, Action::update})
            if (auto found = compare_both(name, "explain", [&](World& world) {
                  const Explanation explanation = world.actor(system).explain(world.actor(actor), action, type, id);
                  if (&world == &memory_.world()) coverage_.count(explanation);
                  return explanation.text();
                }))
              return found;
    return std::nullopt;
  }

  // All actors that took a step in the scope, except system actors.
  std::set<Json> actors_of(const Json& system) const {
    std::set<Json> out;
    for (const Json& step : scenario_.steps) {
      if (!step.is_object() || !step.contains("actor") || !step["actor"].is_object()) continue;
      const Json& actor = step["actor"];
      if (actor.value("organization", Json()) == system.at("organization") &&
          actor.value("environment", Json()) == system.at("environment") && !actor.contains("system"))
        out.insert(actor);
    }
    return out;
  }

  // The first entities that the system sees, because they have the most relations.
  std::vector<EntityId> ids_of(const Json& system, const char* type) {
    std::vector<EntityId> out;
    try {
      World& world = memory_.world();
      for (const Entity& row : world.actor(system).entities(type).list({.order = {{"createdAt"}}, .limit = 7}))
        out.push_back(row.id());
    } catch (const Error&) {  // the world has no such type
    }
    return out;
  }

  const Scenario& scenario_;
  Coverage& coverage_;
  Playing memory_, other_;
};

}  // namespace

std::optional<Difference> find_difference(const Scenario& scenario, Coverage& coverage, const StorageChoice& other) {
  return Comparison(scenario, coverage, other).run();
}

Scenario with_expectations(Scenario scenario) {
  const auto results = conformance::play(scenario, memory_storage);
  for (const StepResult& result : results) {
    if (result.index != StepResult::setup) {
      scenario.steps[static_cast<std::size_t>(result.index)]["expect"] = result.answer;
    } else if (result.answer.contains("error")) {
      scenario.setup_error = result.answer.at("error").get<std::string>();
      scenario.steps.clear();
    }
  }
  return scenario;
}

}  // namespace struere::proof
