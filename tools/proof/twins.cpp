#include "twins.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "playing.hpp"
#include "sight.hpp"
#include "struere/core/error.hpp"

namespace struere::proof {
namespace {

// One of the two worlds of the twins.
OrderedJson side_of(const OrderedJson& value, std::size_t side) {
  if (value.is_object() && value.contains("twins")) return side_of(value.at("twins").at(side), side);
  if (!value.is_structured()) return value;
  OrderedJson out = value.is_array() ? OrderedJson::array() : OrderedJson::object();
  for (const auto& [key, part] : value.items()) {
    if (value.is_array())
      out.push_back(side_of(part, side));
    else
      out[key] = side_of(part, side);
  }
  return out;
}

// The documents are no twins from here on.
struct NoTwins : std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool failed(const StepResult& result) { return result.answer.contains("error"); }

class TwinComparison {
 public:
  TwinComparison(const OrderedJson& twins, Coverage& coverage, const StorageChoice& choice)
      : actor_(twins.at("actor")),
        scenarios_{conformance::read_scenario(side_of(twins, 0)), conformance::read_scenario(side_of(twins, 1))},
        coverage_(coverage),
        environments_{environment_of(0), environment_of(1)},
        passes_policies_(actor_.contains("system") || is_admin()),
        sight_(environments_[0], roles()),
        playing_{Playing(scenarios_[0], choice, Detail::all), Playing(scenarios_[1], choice, Detail::all)} {}

  std::optional<Interference> run() {
    check_definitions();
    for (Playing& playing : playing_)
      if (const StepResult built = playing.build(); failed(built))
        throw NoTwins("no world: " + built.answer.at("error").get<std::string>() + " " + built.message.substr(0, 60));
    check_entities();
    coverage_.count_world();
    for (std::size_t step = 0; step < scenarios_[0].steps.size(); ++step) {
      if (scenarios_[0].steps[step].at("actor") != actor_ || scenarios_[1].steps[step].at("actor") != actor_) {
        take_of_others(step);
      } else {
        if (scenarios_[0].steps[step] != scenarios_[1].steps[step]) throw NoTwins("the actor does not do the same");
        if (std::exchange(is_changed_, false)) check_admission();
        if (auto found = take(step)) return found;
      }
    }
    return std::nullopt;
  }

 private:
  static constexpr std::array<std::string_view, 9> asking{"list",   "count",   "aggregate", "get",   "get_many",
                                                          "events", "related", "can",       "verify"};

  const OrderedJson& environment_of(std::size_t side) const {
    return scenarios_[side].organizations.at(organization()).at(actor_.at("environment").get<std::string>());
  }
  std::string organization() const { return actor_.at("organization").get<std::string>(); }
  bool is_admin() const {
    return actor_.contains("user") && scenarios_[0]
                                              .organizations.at(organization())
                                              .at("members")
                                              .value(actor_.at("user").get<std::string>(), "") == "admin";
  }
  std::vector<std::string> roles() const {
    if (passes_policies_) return {};
    if (actor_.contains("roles")) return actor_.at("roles").get<std::vector<std::string>>();
    return environments_[0]
        .value("assignments", OrderedJson::object())
        .value(actor_.at("user").get<std::string>(), std::vector<std::string>());
  }

  // The definitions that decide what the actor sees must be equal, and so must all that uses times or ids.
  void check_definitions() const {
    const auto& [one, other] = scenarios_;
    const auto same = [](bool is, const char* what) {
      if (!is) throw NoTwins(what);
    };
    same(one.steps.size() == other.steps.size(), "not as many steps");
    same(one.organizations.at(organization()).at("members") == other.organizations.at(organization()).at("members"),
         "other members");
    const auto& [a, b] = environments_;
    same(a.at("entityTypes") == b.at("entityTypes"), "other entity types");
    same(a.value("relations", OrderedJson()) == b.value("relations", OrderedJson()), "other relations");
    const auto held = roles();
    same(a.at("roles").size() == b.at("roles").size(), "not as many roles");
    for (std::size_t i = 0; i < a.at("roles").size(); ++i) {
      const OrderedJson &role = a.at("roles")[i], &twin = b.at("roles")[i];
      same(role.at("name") == twin.at("name"), "other roles");
      same(role == twin || std::ranges::find(held, role.at("name").get<std::string>()) == held.end(),
           "another role of the actor");
    }
    if (actor_.contains("user")) {
      const std::string user = actor_.at("user").get<std::string>();
      const auto of = [&](const OrderedJson& environment) {
        return environment.value("assignments", OrderedJson::object()).value(user, OrderedJson());
      };
      same(of(a) == of(b), "other roles of the actor");
    }
    same(refs_of(one) == refs_of(other), "other entities");
  }

  static std::vector<std::string> refs_of(const Scenario& scenario) {
    std::vector<std::string> out;
    for (const OrderedJson& organization : scenario.organizations)
      for (const auto& [key, environment] : organization.items())
        if (key != "members")
          for (const OrderedJson& entity : environment.value("entities", OrderedJson::array()))
            out.push_back(entity.at("ref").get<std::string>());
    return out;
  }

  void check_entities() {
    const OrderedJson &ones = environments_[0].at("entities"), &others = environments_[1].at("entities");
    for (std::size_t i = 0; i < ones.size(); ++i) {
      const Json one(ones[i]), other(others[i]);
      refs_.emplace_back(one.at("type"), one.at("ref"));
      if (one == other && one.dump() == other.dump()) continue;
      if (one.at("type") != other.at("type")) throw NoTwins("another type");
      const std::string type = one.at("type"), ref = one.at("ref");
      if (one.value("status", "") == other.value("status", "") &&
          looks_the_same(type, one.at("data"), other.at("data"), false)) {
        coverage_.count("twin entity", "masked values");
      } else if (is_unseen(type, ref) && keeps_user(type, one.at("data"), other.at("data")) &&
                 (!sight_.user_field(type) || one.value("status", "") == other.value("status", ""))) {
        coverage_.count("twin entity", "unseen row");
        unseen_.insert(ref);
      } else {
        throw NoTwins("an entity that differs visibly");
      }
    }
  }

  bool looks_the_same(const std::string& type, const Json& one, const Json& other, bool of_patches) const {
    return !passes_policies_ && sight_.looks_the_same(type, one, other, of_patches);
  }

  bool keeps_user(const std::string& type, const Json& one, const Json& other) const {
    const Path* path = sight_.user_field(type);
    if (!path) return true;
    const Json *of_one = find(one, *path), *of_other = find(other, *path);
    return of_one && of_other ? *of_one == *of_other : of_one == of_other;
  }

  // Whether in both worlds no grant of any action admits the row, and no action of the actor can change that.
  bool is_unseen(const std::string& type, const std::string& ref) {
    return !passes_policies_ && sight_.has_static_rules(type) && !sight_.has_keys(type) &&
           admission(0, type, ref).find('+') == std::string::npos &&
           admission(1, type, ref).find('+') == std::string::npos;
  }

  // The grants that admit the row, for each action that looks at rows.
  std::string admission(std::size_t side, const std::string& type, const std::string& ref) {
    World& world = playing_[side].world();
    Json system = actor_;
    for (const char* key : {"user", "roles"}) system.erase(key);
    system["system"] = true;
    const Session asker = world.actor(system), about = world.actor(actor_);
    const EntityId id(world.references().id_of(ref));
    std::string out;
    for (const Action action : {Action::read, Action::list, Action::update, Action::remove}) {
      const Explanation explanation = asker.explain(about, action, type, id);
      out += explanation.decision.allowed() ? " yes" : " no";
      for (const ExplainedGrant& grant : explanation.grants) out += grant.role + (grant.admits ? "+" : "-");
    }
    return out;
  }

  // A rule may depend on a value that the actor does not see. Then its views differ, which is no fault.
  void check_admission() {
    if (passes_policies_) return;
    for (const auto& [type, ref] : refs_) {
      const std::string grants = admission(0, type, ref);
      if (grants != admission(1, type, ref)) throw NoTwins("a rule tells the worlds apart");
      // Earlier steps could change the row freely because it was not visible; now it is visible.
      if (unseen_.contains(ref) && grants.find('+') != std::string::npos) throw NoTwins("an unseen row came to light");
    }
  }

  std::optional<Interference> take(std::size_t step) {
    const std::string op = scenarios_[0].steps[step].value("op", "");
    is_changed_ = !std::ranges::count(asking, op);
    std::array<std::string, 2> told;
    for (std::size_t side = 0; side < 2; ++side) {
      const StepResult result = playing_[side].take(step);
      told[side] = result.answer.dump(-1, ' ', true, Json::error_handler_t::replace) +
                   (result.message.empty() ? "" : " \"" + result.message + "\"");
      name_actor(side, told[side]);
      if (side == 0) coverage_.count_step(op, result.answer);
    }
    if (told[0] == told[1]) return std::nullopt;
    return Interference{"step " + std::to_string(step) + " (" + op + ")", told[0], told[1]};
  }

  // Replaces the id of an API key, because like all ids it depends on how many were made before it.
  void name_actor(std::size_t side, std::string& told) {
    if (!actor_.contains("roles")) return;
    const std::string id = playing_[side].world().actor(actor_).actor().id();
    for (std::size_t at = 0; (at = told.find(id, at)) != std::string::npos;) told.replace(at, id.size(), "(the actor)");
  }

  void take_of_others(std::size_t step) {
    is_changed_ = true;
    const Json &one = scenarios_[0].steps[step], &other = scenarios_[1].steps[step];
    for (const Json* const part : {&one, &other})
      if (part->value("op", "") == "list") throw NoTwins("a cursor of somebody else would be in the actor's hands");
    const auto may_create = [](const Json& done) {
      return done.value("op", "") == "create" || done.value("op", "") == "upsert";
    };
    const bool creates = may_create(one) || may_create(other);
    const bool is_same = one == other && one.dump() == other.dump();
    // Times and ids are visible, so both steps must create under the same ref, or neither may create.
    if (creates && (one.value("op", "") != other.value("op", "") || one.value("ref", "") != other.value("ref", "")))
      throw NoTwins("only one creates");
    const bool elsewhere = is_elsewhere(one) && is_elsewhere(other);
    const bool masked = !is_same && !elsewhere && writes_masked(one, other);
    const bool unseen = !is_same && !elsewhere && !masked;
    if (unseen && !(creates || (is_unseen_target(one) && is_unseen_target(other))))
      throw NoTwins("others do what the actor sees");
    const StepResult done = playing_[0].take(step), done_other = playing_[1].take(step);
    if ((is_same || masked || creates) && !elsewhere && failed(done) != failed(done_other))
      throw NoTwins("what others do fails in one");
    if (creates && failed(done) != failed(done_other)) throw NoTwins("only one creates");
    if (unseen && !(is_unseen_target(one) && is_unseen_target(other))) throw NoTwins("others did what the actor sees");
    const bool created = creates && done.answer.value("created", true);
    if (created != (creates && done_other.answer.value("created", true))) throw NoTwins("only one creates");
    if (created && !failed(done) && !elsewhere) refs_.emplace_back(one.value("type", ""), one.value("ref", ""));
    if (unseen)
      for (const Json* const done_there : {&one, &other})
        for (const char* key : {"id", "ref"})
          if (done_there->contains(key)) unseen_.insert(done_there->at(key).get<std::string>());
    coverage_.count("others", is_same ? "the same" : elsewhere ? "elsewhere" : masked ? "masked values" : "unseen row");
  }

  bool is_elsewhere(const Json& step) const {
    const Json& actor = step.at("actor");
    return actor.at("organization") != actor_.at("organization") || actor.at("environment") != actor_.at("environment");
  }

  bool writes_masked(const Json& one, const Json& other) const {
    Json a = one, b = other;
    const char* written = one.value("op", "") == "update" ? "patch" : "data";
    for (Json* step : {&a, &b}) step->erase(written);
    return a == b && one.contains(written) && other.contains(written) &&
           looks_the_same(one.value("type", ""), one.at(written), other.at(written), true);
  }

  // Whether a step of the system in the actor's scope concerns no row that the actor sees, or only asks.
  bool is_unseen_target(const Json& step) {
    const std::string op = step.value("op", ""), type = step.value("type", "");
    if (!step.at("actor").contains("system")) return false;
    if (op == "can") return true;
    if (op == "create") return !sight_.user_field(type) && is_unseen(type, step.value("ref", ""));
    if (op == "delete" && !sight_.may_go(type)) return false;
    if (op != "update" && op != "delete") return false;
    if (sight_.user_field(type)) return false;
    return is_unseen(type, step.value("id", ""));
  }

  Json actor_;
  std::array<Scenario, 2> scenarios_;
  Coverage& coverage_;
  std::array<OrderedJson, 2> environments_;
  bool passes_policies_;
  Sight sight_;
  std::array<Playing, 2> playing_;
  bool is_changed_ = true;  // since the admission was last compared
  std::vector<std::pair<std::string, std::string>>
      refs_;                      // type and ref of the initial entities and of those that others made
  std::set<std::string> unseen_;  // refs of entities that differ and that the actor does not see
};

}  // namespace

std::optional<Interference> find_interference(const OrderedJson& twins, Coverage& coverage,
                                              const StorageChoice& choice) {
  TwinComparison comparison(twins, coverage, choice);
  try {
    auto found = comparison.run();
    coverage.count("twins", "to the end");
    return found;
  } catch (const NoTwins& why) {
    coverage.count("twins", std::string("until: ") + why.what());
    return std::nullopt;
  } catch (const Error& error) {  // the actor does not exist, so there is nothing to compare
    coverage.count("twins", std::string("until: ") + std::string(to_string(error.code())));
    return std::nullopt;
  }
}

}  // namespace struere::proof
