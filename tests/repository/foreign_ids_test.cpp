// An id of another environment or organization is everywhere exactly what an id that never existed is (SPEC 1).
//
// Which functions take an id is read from the public headers, so that a new one cannot be forgotten here.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "support/any_storage.hpp"
#include "support/places.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// "EntityRepository::get" for each member function with a parameter that is an id, and "EventQuery::entity" for each
// member that is one. The trusted host and what it makes are left out: it speaks for all scopes, and its ids are of
// none.
std::set<std::string> takers_of_ids() {
  std::set<std::string> out;
  for (const auto& file : std::filesystem::recursive_directory_iterator(source_dir() + "/include/struere")) {
    const std::string folder = file.path().parent_path().filename().string();
    if (folder != "repository" && folder != "triggers" && folder != "operations") continue;
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    const std::string code = std::regex_replace(text.str(), std::regex("//[^\n]*"), "");
    const std::regex scope(R"(\n(class|struct) (\w+) \{)");
    for (std::sregex_iterator at(code.begin(), code.end(), scope), end; at != end; ++at) {
      const auto start = static_cast<std::size_t>(at->position()) + at->str().size();
      const std::string body = code.substr(start, code.find("\n};", start) - start);
      const std::string shown = body.substr(0, body.find(" private:"));
      const std::regex function(R"((\w+)\(([^()]*\b[A-Z]\w*Id>?&[^;]*)\)[^;{]*[;{])");
      for (std::sregex_iterator found(shown.begin(), shown.end(), function); found != end; ++found)
        out.insert((*at)[2].str() + "::" + (*found)[1].str());
      const std::regex member(R"(std::optional<\w+Id> (\w+))");
      for (std::sregex_iterator found(shown.begin(), shown.end(), member); found != end; ++found)
        if (shown.substr(0, static_cast<std::size_t>(found->position())).rfind('(') == std::string::npos ||
            (*at)[1] == "struct")
          out.insert((*at)[2].str() + "::" + (*found)[1].str());
    }
  }
  for (auto taker = out.begin(); taker != out.end();)
    taker = taker->starts_with("TrustedHost::") || taker->starts_with("OperatorSessions::") ? out.erase(taker)
                                                                                            : std::next(taker);
  // What verify and the like answer with takes none; the doctor and a copy take a database, a worker is the host's, and
  // members are listed by the trusted host.
  for (const char* const other :
       {"Verification::event", "Finding::organization", "DoctorOptions::organization", "CopyOptions::organization",
        "MemberQuery::after", "TriggerWorkerOptions::organization", "TriggerWorkerOptions::serves",
        "TriggerWorkerOptions::void"})  // the last is called with one
    out.erase(other);
  return out;
}

// One scope, with one of everything that has an id.
struct Things {
  std::string entity, key, thread, execution, run, user, external, reference;
};

class FilledWorld : public World {
 public:
  explicit FilledWorld(StorageKind kind) : World(kind) {
    add_organization("globex");
    here = fill(Environment::development, "acme", "1");
    there = fill(Environment::production, "acme", "2");
    theirs = fill(Environment::development, "globex", "3");
  }

  Things here, there, theirs;

 private:
  Things fill(Environment environment, const std::string& organization, const std::string& mark) {
    define_type({{"slug", "session"}, {"schema", {{"properties", {{"about", {{"references", "session"}}}}}}}},
                environment, organization);
    const Session actor = system(environment, organization);
    actor.triggers().define({{"slug", "t" + mark},
                             {"on", {{"entityType", "session"}, {"action", "created"}}},
                             {"schedule", {{"delay", "1d"}}},
                             {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "a.b"}}}}}}});
    define_role({{"name", "planner"}, {"policies", {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}}}},
                environment, organization);
    Things out;
    out.entity = create("session", {{"n", 1}}, environment, organization).str();
    out.key = actor.api_keys().create({.name = "k"}).key.id.str();
    out.external = "external-" + mark;
    const Thread thread = actor.threads().create({.external_id = out.external});
    out.thread = thread.id.str();
    out.execution = actor.executions().record({.model = "m"}).id.str();
    out.run = actor.triggers().runs().runs.at(0).id.str();
    out.user = user("user-" + mark, {}, environment, organization).actor().id();
    return out;
  }
};

// A call with an id, as text; what it answers is compared, its errors' messages too.
using Call = std::function<std::string(const Session& actor, const Things& things)>;

std::string answer_of(const Call& call, const Session& actor, const Things& things) {
  std::string told;
  const std::string error = error_of([&] { told = call(actor, things); });
  return told + "|" + error;
}

EntityRepository sessions(const Session& actor) { return actor.entities("session"); }

const std::map<std::string, Call>& calls() {
  constexpr const char* none = "done";
  static const std::map<std::string, Call> all{
      {"EntityRepository::get",
       [=](auto& a, auto& t) {
         sessions(a).get(EntityId(t.entity));
         return none;
       }},
      {"EntityRepository::find",
       [](auto& a, auto& t) { return std::to_string(sessions(a).find(EntityId(t.entity)).has_value()); }},
      {"EntityRepository::exists",
       [](auto& a, auto& t) { return std::to_string(sessions(a).exists(EntityId(t.entity))); }},
      {"EntityRepository::get_many",
       [](auto& a, auto& t) { return std::to_string(sessions(a).get_many({EntityId(t.entity)}).size()); }},
      {"EntityRepository::update",
       [=](auto& a, auto& t) {
         sessions(a).update(EntityId(t.entity), {{"n", 2}});
         return none;
       }},
      {"EntityRepository::update (text)",
       [=](auto& a, auto& t) {
         sessions(a).update(EntityId(t.entity), JsonTextView{"{\"n\":2}"});
         return none;
       }},
      {"EntityRepository::remove",
       [=](auto& a, auto& t) {
         sessions(a).remove(EntityId(t.entity));
         return none;
       }},
      {"EntityRepository::update_all",
       [=](auto& a, auto& t) {
         sessions(a).update_all({EntityId(t.entity)}, {{"subject", "art"}});
         return none;
       }},
      {"EntityRepository::remove_all",
       [=](auto& a, auto& t) {
         sessions(a).remove_all({EntityId(t.entity)});
         return none;
       }},
      {"EntityRepository::restore",
       [=](auto& a, auto& t) {
         sessions(a).restore(EntityId(t.entity));
         return none;
       }},
      {"EntityRepository::restore_all",
       [=](auto& a, auto& t) {
         sessions(a).restore_all({EntityId(t.entity)});
         return none;
       }},
      {"EntityRepository::purge",
       [=](auto& a, auto& t) {
         sessions(a).purge(EntityId(t.entity));
         return none;
       }},
      {"EntityRepository::create (reference)",
       [=](auto& a, auto& t) {
         sessions(a).create({{"about", t.entity}});
         return none;
       }},
      {"EntityRepository::create_all (reference)",
       [=](auto& a, auto& t) {
         (void)sessions(a).create_all(std::vector{Json{{"about", t.entity}}});
         return none;
       }},
      // With a second row that is refused, so that nothing is left of it.
      {"CreateOptions::id",
       [=](auto& a, auto& t) {
         const std::vector<ImportedRow> rows{{Json::object(), {.id = EntityId(t.entity)}}, {Json{{"about", "none"}}}};
         (void)sessions(a).import_all(rows);
         return none;
       }},
      {"EntityRepository::list (filter)",
       [](auto& a, auto& t) { return std::to_string(sessions(a).list({.where = field("id") == t.entity}).size()); }},
      {"RelationRepository::link",
       [=](auto& a, auto& t) {
         a.relations().link(EntityId(t.entity), "x", EntityId(t.reference));
         return none;
       }},
      {"RelationRepository::link (other end)",
       [=](auto& a, auto& t) {
         a.relations().link(EntityId(t.reference), "x", EntityId(t.entity));
         return none;
       }},
      {"RelationRepository::unlink",
       [=](auto& a, auto& t) {
         a.relations().unlink(EntityId(t.entity), "x", EntityId(t.reference));
         return none;
       }},
      {"RelationRepository::unlink (other end)",
       [=](auto& a, auto& t) {
         a.relations().unlink(EntityId(t.reference), "x", EntityId(t.entity));
         return none;
       }},
      {"RelationRepository::related",
       [](auto& a, auto& t) { return std::to_string(a.relations().related(EntityId(t.entity), "x").size()); }},
      {"AuditLogger::append",
       [=](auto& a, auto& t) {
         a.audit().append("a.b", Json::object(), EntityId(t.entity));
         return none;
       }},
      {"EventQuery::entity",
       [](auto& a, auto& t) { return std::to_string(a.events().list({.entity = EntityId(t.entity)}).events.size()); }},
      {"Session::explain",
       [](auto& a, auto& t) { return a.explain(a, Action::read, "session", EntityId(t.entity)).text(); }},
      {"ApiKeyRepository::revoke",
       [=](auto& a, auto& t) {
         a.api_keys().revoke(ApiKeyId(t.key));
         return none;
       }},
      {"ApiKeyRepository::rotate",
       [=](auto& a, auto& t) {
         a.api_keys().rotate(ApiKeyId(t.key));
         return none;
       }},
      {"RoleRepository::assign",
       [=](auto& a, auto& t) {
         a.roles().assign(UserId(t.user), "planner");
         return none;
       }},
      {"RoleRepository::unassign",
       [](auto& a, auto& t) { return std::to_string(a.roles().unassign(UserId(t.user), "planner")); }},
      {"RoleRepository::assignments",
       [](auto& a, auto& t) { return std::to_string(a.roles().assignments(UserId(t.user)).size()); }},
      {"ThreadRepository::get",
       [=](auto& a, auto& t) {
         a.threads().get(ThreadId(t.thread));
         return none;
       }},
      {"ThreadRepository::append",
       [=](auto& a, auto& t) {
         a.threads().append(ThreadId(t.thread), {.content = "x"});
         return none;
       }},
      {"ThreadRepository::messages",
       [](auto& a, auto& t) { return std::to_string(a.threads().messages(ThreadId(t.thread)).messages.size()); }},
      {"ThreadRepository::find (external id)",
       [](auto& a, auto& t) { return std::to_string(a.threads().find(t.external).has_value()); }},
      {"NewExecution::thread",
       [=](auto& a, auto& t) {
         a.executions().record({.thread = ThreadId(t.thread), .model = "m"});
         return none;
       }},
      {"ExecutionRepository::get",
       [=](auto& a, auto& t) {
         a.executions().get(ExecutionId(t.execution));
         return none;
       }},
      {"TriggerRepository::run",
       [=](auto& a, auto& t) {
         a.triggers().run(TriggerRunId(t.run));
         return none;
       }},
      {"TriggerRepository::cancel",
       [=](auto& a, auto& t) {
         a.triggers().cancel(TriggerRunId(t.run));
         return none;
       }},
      {"TriggerRepository::retry",
       [=](auto& a, auto& t) {
         a.triggers().retry(TriggerRunId(t.run));
         return none;
       }},
      {"TriggerRunQuery::entity",
       [](auto& a, auto& t) { return std::to_string(a.triggers().runs({.entity = EntityId(t.entity)}).runs.size()); }},
  };
  return all;
}

}  // namespace

TEST_CASE("every public function that takes an id is in the list", "[foreign-ids]") {
  const auto takers = takers_of_ids();
  CHECK(takers.size() >= 22);
  for (const std::string& taker : takers) {
    INFO(taker << " takes an id: add it to calls() in this file");
    CHECK(calls().contains(taker));
  }
}

TEST_CASE("an id of elsewhere is an id that never existed", "[foreign-ids]") {
  FilledWorld world(any_storage());
  const Session actors[] = {world.system(),
                            world.user("omar", {}, Environment::development, "acme", MembershipRole::admin),
                            world.user("ana", {"planner"}), world.user("nobody")};
  Things made_up{"01a20b58-0000-7000-8000-000000000001",
                 "01a20b58-0000-7000-8000-000000000002",
                 "01a20b58-0000-7000-8000-000000000003",
                 "01a20b58-0000-7000-8000-000000000004",
                 "01a20b58-0000-7000-8000-000000000005",
                 "nobody-knows-them",
                 "external-none",
                 world.here.entity};
  Things there = world.there, theirs = world.theirs;
  there.user = made_up.user;  // users are shared by both environments
  there.reference = theirs.reference = world.here.entity;
  for (const auto& [name, call] : calls())
    for (const Session& actor : actors) {
      INFO(name << " as " << actor.actor().id());
      const std::string expected = answer_of(call, actor, made_up);
      CHECK(answer_of(call, actor, there) == expected);
      CHECK(answer_of(call, actor, theirs) == expected);
    }
  // That says something only because an id of here is answered otherwise.
  Things here = world.here;
  here.reference = here.entity;
  int otherwise = 0;
  for (const auto& [name, call] : calls())
    if (name != "EntityRepository::purge" &&  // nothing is left for the calls after it
        answer_of(call, world.system(), here) != answer_of(call, world.system(), made_up))
      ++otherwise;
  CHECK(otherwise >= 20);
}
