// Two organizations in one file: how much does the load of one of them slow down the other?
//
// The victim creates one row and lists one page, again and again, and records the times. First it runs alone, then
// next to one attack after another. An attacker is an org admin that repeats the attack without a pause on its own
// thread. Prints the victim's medians and 99th percentiles, and their ratios to those without an attack.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "struere/definitions/definitions.hpp"
#include "struere/struere.hpp"

using namespace struere;

namespace {

using Stopwatch = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr double most_times_quiet = 3;
constexpr int rows_of_victim = 10'000;

struct Figures {
  std::vector<double> create, list;  // microseconds
};

double percentile(std::vector<double> all, double part) {
  if (all.empty()) return 0;
  const auto at = static_cast<std::size_t>(part * static_cast<double>(all.size() - 1));
  std::nth_element(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(at), all.end());
  return all[at];
}

template <class Body>
double time_of(const Body& body) {
  const auto start = Stopwatch::now();
  body();
  return Microseconds(Stopwatch::now() - start).count();
}

class Victim {
 public:
  explicit Victim(const Database& database) : session_(admin_of(database, "victim")) {
    session_.entity_types().define(
        {{"slug", "visit"}, {"schema", {{"properties", {{"room", {{"type", "integer"}, {"x-index", true}}}}}}}});
    std::vector<Json> rows;
    for (int i = 0; i < rows_of_victim; ++i) rows.push_back(row(i));
    session_.entities("visit").create_all(rows);
  }

  static Session admin_of(const Database& database, const std::string& organization) {
    const TrustedHost host = database.trusted_host();
    host.create_organization(organization, OrganizationId(organization));
    host.create_user("admin", UserId(organization + "-admin"));
    host.put_member(OrganizationId(organization), UserId(organization + "-admin"), MembershipRole::admin);
    return host.user_session(UserId(organization + "-admin"), OrganizationId(organization), Environment::production);
  }

  void work(std::chrono::milliseconds time, Figures& into) {
    const EntityRepository visits = session_.entities("visit");
    for (const auto end = Stopwatch::now() + time; Stopwatch::now() < end; ++next_) {
      into.create.push_back(time_of([&] { visits.create(row(next_)); }));
      into.list.push_back(time_of([&] { visits.list({.where = field("data.room") == next_ % 100, .limit = 50}); }));
    }
  }

 private:
  static Json row(int i) { return {{"room", i % 100}, {"note", "as usual"}}; }

  Session session_;
  int next_ = rows_of_victim;
};

struct Attack {
  std::string name;
  std::function<void()> once;
  std::function<void()> after = {};
};

// Runs `body` and ignores its error, because most attacks get an error.
void tried(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error&) {
  }
}

Json type(const std::string& slug, const Json& schema) { return {{"slug", slug}, {"schema", schema}}; }

std::vector<Json> small_rows(std::size_t count) {
  std::vector<Json> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back({{"n", i}, {"text", "one of many"}});
  return out;
}

Json conditions(std::size_t count) {
  Json out = Json::array();
  for (std::size_t i = 0; i < count; ++i)
    out.push_back({{"field", "data.n"}, {"operator", "neq"}, {"value", -1 - int(i)}});
  return out;
}

// A schema in which each definition refers to the next one twice.
Json doubling_schema(int levels) {
  Json definitions = Json::object();
  for (int i = 0; i < levels; ++i) {
    const Json next = {{"$ref", "#/$defs/l" + std::to_string(i + 1)}};
    definitions["l" + std::to_string(i)] = {{"allOf", {next, next}}};
  }
  definitions["l" + std::to_string(levels)] = {{"type", "object"}};
  return {{"$defs", definitions}, {"$ref", "#/$defs/l0"}};
}

Json distinct_objects(int count) {
  Json out = Json::array();
  for (int i = 0; i < count; ++i) out.push_back({{"i", i}});
  return out;
}

// Checking a list of `count` elements takes about `count` × 400 steps.
Json slow_schema() {
  Json checks = Json::array();
  for (int i = 0; i < 100; ++i) checks.push_back({{"not", {{"const", i}}}});
  return {{"properties", {{"v", {{"items", {{"allOf", checks}}}}}}}};
}

// The definitions of the scope, and `count` roles with a rule each.
DefinitionSet with_roles(const Definitions& definitions, int count) {
  DefinitionSet out;
  const DefinitionSet now = definitions.current();
  for (const DefinitionKind kind : definition_kinds)
    for (const auto& [name, definition] : now.of(kind))
      if (!name.starts_with("planned-")) out.add(kind, definition);
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(i);
    out.add(
        DefinitionKind::role,
        {{"name", "planned-" + number},
         {"policies", {{{"resource", "many"}, {"actions", {"read"}}, {"effect", "allow"}}}},
         {"scopeRules",
          {{{"entityType", "many"}, {"field", "data.f" + number}, {"operator", "eq"}, {"value", "actor.userId"}}}}});
  }
  return out;
}

std::vector<Attack> attacks(const Database& database, const Session& admin) {
  const TrustedHost host = database.trusted_host();
  const OrganizationId organization("attacker");
  host.create_user("nobody", UserId("nobody"));
  host.put_member(organization, UserId("nobody"));
  const Session nobody = host.user_session(UserId("nobody"), organization, Environment::production);
  const auto types = admin.entity_types();
  types.define(type("many", Json::object()));
  admin.entities("many").create_all(small_rows(10'000));
  types.define(
      type("strict", {{"properties", {{"list", {{"uniqueItems", true}}}, {"text", {{"pattern", "^(a+)+$"}}}}}}));
  types.define(type("doubling", doubling_schema(60)));
  types.define(type("heap", Json::object()));
  types.define(type("slow", slow_schema()));
  types.define({{"slug", "searched"}, {"searchFields", {"text"}}});
  const EntityId slow = admin.entities("slow").create({{"v", Json(std::vector<int>(10'000, -1))}}).id;

  // Three layers of 60 × 60 relations each, and a role whose rule follows all of them.
  types.define(type("node", Json::object()));
  std::vector<std::vector<EntityId>> layers;
  for (int layer = 0; layer < 4; ++layer) layers.push_back(admin.entities("node").create_all(small_rows(60)));
  admin.transaction([&](Session& unit) {
    for (std::size_t layer = 0; layer + 1 < layers.size(); ++layer)
      for (const EntityId& from : layers[layer])
        for (const EntityId& to : layers[layer + 1]) unit.relations().link(from, "knows", to);
  });
  admin.roles().define({{"name", "walker"},
                        {"policies", {{{"resource", "node"}, {"actions", {"*"}}, {"effect", "allow"}}}},
                        {"scopeRules", {{{"entityType", "node"}, {"relationPath", "knows/knows/knows"}}}}});
  host.create_user("walker", UserId("walker"));
  host.put_member(organization, UserId("walker"));
  admin.roles().assign(UserId("walker"), "walker");
  const Session walker = host.user_session(UserId("walker"), organization, Environment::production);

  admin.triggers().define({{"slug", "multiply"},
                           {"on", {{"entityType", "heap"}, {"action", "created"}}},
                           {"actions",
                            {{{"tool", "entity.create"}, {"args", {{"type", "heap"}, {"data", Json::object()}}}},
                             {{"tool", "entity.create"}, {"args", {{"type", "heap"}, {"data", Json::object()}}}}}}});

  const auto flag = std::make_shared<int>(0);
  const auto worker = std::make_shared<TriggerWorker>(database);
  return {
      {"creates, one after another",
       [=] {
         admin.entities("many").create({{"n", 1}});
       }},
      {"creates of 900 kB",
       [=] {
         admin.entities("many").create({{"text", std::string(900'000, 'x')}});
       }},
      {"10,000 creates in one call", [=] { admin.entities("many").create_all(small_rows(10'000)); }},
      {"10,000 removals in one unit",
       [=] {
         const auto ids = admin.entities("many").create_all(small_rows(1000));
         admin.transaction([&](Session& unit) {
           for (const EntityId& id : ids) unit.entities("many").remove(id);
         });
       }},
      {"nested groups in a pattern",
       [=] { tried([&] {
               admin.entities("strict").create({{"text", std::string(500'000, 'a') + "b"}});
             }); }},
      {"uniqueItems on 20,000 objects",
       [=] { tried([&] {
               admin.entities("strict").create({{"list", distinct_objects(20'000)}});
             }); }},
      {"two `$ref`s a level, 60 levels", [=] { tried([&] { admin.entities("doubling").create(Json::object()); }); }},
      {"a field key of 10,000 rows comes and goes",
       [=] {
         ++*flag;
         types.define(type("many", *flag % 2 ? Json{{"properties", {{"text", {{"x-index", true}}}}}} : Json::object()));
       }},
      {"a unique key of 10,000 rows comes and goes",
       [=] {
         ++*flag;
         Json definition = type("many", Json::object());
         if (*flag % 2) definition["unique"] = Json::array({Json::array({"n"})});
         tried([&] { types.define(definition); });
       }},
      {"search fields of 10,000 rows come and go",
       [=] {
         Json definition = type("many", Json::object());
         if (++*flag % 2) definition["searchFields"] = {"text"};
         types.define(definition);
       }},
      {"updates that take long to check",
       [=] {
         admin.entities("slow").update(slow, {{"n", 1}});
       }},
      {"creates with 90,000 words to search",
       [=] {
         std::string words;
         for (int i = 0; i < 90'000; ++i) words += std::to_string(i) + " ";
         admin.entities("searched").create({{"text", std::move(words)}});
       }},
      {"plans of 300 roles come and go",
       [=] {
         const Definitions definitions(admin);
         tried([&] { definitions.apply(definitions.plan(with_roles(definitions, ++*flag % 2 ? 300 : 0))); });
       }},
      {"definitions, one after another",
       [=] {
         admin.roles().define({{"name", "r" + std::to_string(++*flag % 50)}});
       }},
      {"256 conditions on all rows", [=] { admin.entities("many").count({.where = Condition(conditions(256))}); }},
      {"pages of 1,000, without an index",
       [=] {
         admin.entities("many").list({.where = field("data.text") != "x", .order = {{"data.text"}}, .limit = 1000});
       }},
      {"writes that walk 216,000 ways",
       [=] { tried([&] {
               walker.entities("node").update(layers[0][0], {{"n", 2}});
             }); }},
      {"lists that walk 216,000 ways", [=] { walker.entities("node").list(); }},
      {"denied calls", [=] { tried([&] {
                               nobody.entities("many").create({{"n", 1}});
                             }); }},
      {"triggers that multiply",
       [=] {
         admin.entities("heap").create(Json::object());
         worker->run_due();
       }},
      {"verifying the log", [=] { (void)admin.events().verify(); }},
  };
}

void print(const std::string& name, const Figures& now, const Figures& quiet, double attacks_a_second, int& slower) {
  const auto cell = [&](const std::vector<double>& times, const std::vector<double>& alone) {
    const double ratio = percentile(times, 0.99) / percentile(alone, 0.99);
    if (ratio > most_times_quiet) ++slower;
    return fmt::format("{:8.0f} {:8.0f} {:6.1f}", percentile(times, 0.5), percentile(times, 0.99), ratio);
  };
  fmt::print("{:<44} {:>9.1f}  {}  {}\n", name, attacks_a_second, cell(now.create, quiet.create),
             cell(now.list, quiet.list));
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  const std::chrono::milliseconds time(count > 1 ? std::stoi(arguments[1]) : 3000);
  const std::string only = count > 2 ? arguments[2] : "";
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("struere-neighbours-{}.db", getpid())).string();
  const auto remove_files = [&] {
    for (const char* const suffix : {"", "-wal", "-shm", "-lock"}) std::filesystem::remove(path + suffix);
  };
  remove_files();
  int slower = 0;
  {
    const Database database = Database::open(path);
    Victim victim(database);
    const Session attacker = Victim::admin_of(database, "attacker");
    const auto all = attacks(database, attacker);

    Figures warm_up, quiet;
    victim.work(time / 4, warm_up);
    victim.work(time, quiet);
    fmt::print("Microseconds of the victim; x: the 99th percentile as a multiple of the quiet one.\n\n");
    fmt::print("{:<44} {:>9}  {:>8} {:>8} {:>6}  {:>8} {:>8} {:>6}\n", "the other one's attack", "a second", "create",
               "99 %", "x", "list", "99 %", "x");
    print("none", quiet, quiet, 0, slower);
    for (const Attack& attack : all) {
      if (attack.name.find(only) == std::string::npos) continue;
      std::atomic<bool> over = false;
      std::atomic<int> times = 0;
      std::thread attacking([&] {
        for (; !over; ++times) attack.once();
      });
      Figures figures;
      const auto start = Stopwatch::now();
      victim.work(time, figures);
      const double seconds = std::chrono::duration<double>(Stopwatch::now() - start).count();
      over = true;
      attacking.join();
      print(attack.name, figures, quiet, times / seconds, slower);
    }
  }
  remove_files();
  fmt::print("\n{} of the 99th percentiles are more than {} times the quiet one.\n", slower, most_times_quiet);
  return 0;
}
