#include "support/fault_workload.hpp"

#include <fmt/format.h>

namespace struere::test {
namespace {

std::string shown(const Written& written) { return written.row ? written.row->to_json().dump() : written.id.str(); }

// Ids are those that StepIds gives: the row of the step of that number.
EntityId row_of(int step) {
  StepIds ids;
  ids.begin(step);
  return EntityId(ids.next(0));
}

}  // namespace

std::string StepIds::next(long long) { return fmt::format("018bcfe5-6800-7000-8000-{:06x}{:06x}", step_, ++last_); }

Session system_of(const Database& database) {
  return database.trusted_host().system_session(acme, Environment::development);
}
Session ana_of(const Database& database) {
  return database.trusted_host().user_session(UserId("ana"), acme, Environment::development);
}

Json teacher_role(const char* effect) {
  return {{"name", "teacher"},
          {"policies", {{{"resource", "note"}, {"actions", {"list", "read", "update"}}, {"effect", effect}}}},
          {"scopeRules",
           {{{"entityType", "note"}, {"field", "data.owner"}, {"operator", "eq"}, {"value", "actor.userId"}}}},
          {"fieldMasks", {{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}}};
}

void found(const Database& database) {
  const TrustedHost host = database.trusted_host();
  host.create_organization("Acme", acme);
  host.create_user("Ana", UserId("ana"));
  host.put_member(acme, UserId("ana"));
  const Session system = system_of(database);
  system.entity_types().define({{"slug", "note"}, {"searchFields", {"title"}}});
  system.roles().define(teacher_role("allow"));
  system.roles().assign(UserId("ana"), "teacher");
}

std::vector<Step> workload() {
  std::vector<Step> steps;
  const auto create = [&](Json data) {
    steps.push_back(
        [data = std::move(data)](const Database& d) { return shown(system_of(d).entities("note").create(data)); });
    return row_of(static_cast<int>(steps.size()) - 1);
  };
  const auto say = [&](Step step) { steps.push_back(std::move(step)); };
  const EntityId first = create({{"title", "a first note"}, {"owner", "ana"}, {"secret", "s"}, {"n", 1}});
  const EntityId second = create({{"title", "a second one"}, {"owner", "bo"}, {"long", std::string(9000, 'x')}});
  const EntityId third = create({{"title", "third"}, {"owner", "ana"}, {"n", 3}});
  say([=](const Database& d) { return shown(ana_of(d).entities("note").update(first, {{"n", 2}})); });
  say([=](const Database& d) { return shown(ana_of(d).entities("note").update(first, {{"secret", 2}})); });  // denied
  say([=](const Database& d) { return ana_of(d).entities("note").get(third).to_json().dump(); });
  say([=](const Database& d) {
    system_of(d).relations().link(first, "about", second);
    return std::string("linked");
  });
  const auto once = [](const Database& d) {
    return system_of(d)
        .once({"key", "request"},
              [](Session& unit) {
                return Json(shown(unit.entities("note").create({{"title", "one note"}})));
              })
        .answer.get<std::string>();
  };
  say(once);
  say([=](const Database& d) {
    std::string out;
    for (const Entity& row : ana_of(d).entities("note").list({.search = "note", .order = {{"data.n"}}}))
      out += row.json();
    return out + std::to_string(ana_of(d).entities("note").count({.where = field("data.n") > 1}));
  });
  say([=](const Database& d) {
    return shown(
        system_of(d).entities("note").update(second, {{"long", std::string(20'000, 'y')}, {"title", "grown"}}));
  });
  say([](const Database& d) {
    system_of(d).roles().define(teacher_role("deny"));
    return std::string("denied from now on");
  });
  say([=](const Database& d) { return ana_of(d).entities("note").get(first).json(); });
  say([](const Database& d) {
    system_of(d).roles().define(teacher_role("allow"));
    return std::string("allowed again");
  });
  say(once);  // carried out here, if the disk failed above
  say([=](const Database& d) {
    system_of(d).relations().unlink(first, "about", second);
    return std::string("unlinked");
  });
  say([](const Database& d) {
    system_of(d).entity_types().define(
        {{"slug", "note"}, {"schema", {{"type", "object"}}}, {"searchFields", {"title", "owner"}}});
    return std::string("another schema");
  });
  say([=](const Database& d) { return system_of(d).audit().append("note.read.aloud", {{"loud", true}}, third).str(); });
  say([=](const Database& d) {
    system_of(d).entities("note").remove(third);
    return std::string("removed");
  });
  say([](const Database& d) {
    system_of(d).roles().unassign(UserId("ana"), "teacher");
    return std::string("unassigned");
  });
  say([](const Database& d) { return std::to_string(system_of(d).events().verify().verified >= 0); });
  create({{"title", "the last"}, {"owner", "ana"}, {"long", std::string(5000, 'z')}});
  return steps;
}

std::string answer_of_step(const Step& step, const Database& database, bool& storage, bool& unrecorded) {
  storage = unrecorded = false;
  try {
    return step(database);
  } catch (const Error& error) {
    storage = error.code() == ErrorCode::storage;
    const std::string message = std::string(to_string(error.code())) + ": " + error.what();
    const std::size_t aside = message.find(" (and the denial could not be recorded: ");
    unrecorded = aside != std::string::npos;
    return message.substr(0, aside);
  }
}

std::string everything(const Database& database) {
  const Session system = system_of(database);
  std::string out;
  for (const char* const status : {"active", "done"})
    for (const Entity& row : system.entities("note").list({.status = status, .limit = 1000}))
      out += row.to_json().dump() + "\n";
  for (const char* const word : {"note", "grown", "last", "ana"})
    out += std::to_string(system.entities("note").count({.search = word})) + " " + word + "\n";
  for (const RoleRecord& role : system.roles().list()) out += role.name + std::to_string(role.policies.size()) + "\n";
  for (const Assignment& assignment : system.roles().assignments(UserId("ana"))) out += assignment.role.str() + "\n";
  for (const EntityType& type : system.entity_types().list()) out += type.slug + type.schema + "\n";
  for (const Entity& row : system.entities("note").list())
    for (const Entity& far : system.relations().related(row.id(), "about")) out += "-> " + far.id().str() + "\n";
  for (const Event& event : system.events().list({.limit = 1000}).events)
    out += event.id().str() + " " + event.type() + event.json() + "\n";
  const Verification verification = system.events().verify();
  // Not its head: payloads are salted.
  return out + (verification.ok ? "sound " : "BROKEN " + verification.problem) +
         std::to_string(verification.verified.value());
}

}  // namespace struere::test
