// struere/fwd.hpp declares what the umbrella defines, under the same names, and leaves no repository out.
#include "struere/fwd.hpp"

namespace {

// Each must be usable by its forward declaration alone.
struct Named {
  const struere::Session* session;
  const struere::EntityId* id;
  struere::Environment* environment;
  void (*function)(const struere::Query&, struere::Entity&);
};

}  // namespace

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "struere/struere.hpp"
#include "support/places.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::set<std::string> names_in(const std::string& text, const std::regex& declaration) {
  std::set<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), declaration), end; at != end; ++at) out.insert((*at)[1].str());
  return out;
}

template <class T>
constexpr bool is_defined = sizeof(T) > 0;  // does not compile otherwise

// One line for each declaration of fwd.hpp.
#define DEFINED(Name) static_assert(is_defined<Name>)
DEFINED(Environment);
DEFINED(ErrorCode);
DEFINED(Error);
DEFINED(Clock);
DEFINED(IdSource);
DEFINED(Scope);
DEFINED(OrganizationId);
DEFINED(UserId);
DEFINED(EntityId);
DEFINED(RoleId);
DEFINED(ApiKeyId);
DEFINED(EventId);
DEFINED(AgentId);
DEFINED(ThreadId);
DEFINED(MessageId);
DEFINED(ExecutionId);
DEFINED(TriggerRunId);
DEFINED(OperatorSessionId);
DEFINED(Timestamp);
DEFINED(Action);
DEFINED(ActorType);
DEFINED(ActorContext);
DEFINED(Entity);
DEFINED(Event);
DEFINED(AgentConfig);
DEFINED(ApiKey);
DEFINED(EntityType);
DEFINED(Execution);
DEFINED(Message);
DEFINED(OperatorSession);
DEFINED(Organization);
DEFINED(RoleRecord);
DEFINED(Thread);
DEFINED(Trigger);
DEFINED(TriggerRun);
DEFINED(User);
DEFINED(Written);
DEFINED(Condition);
DEFINED(Aggregates);
DEFINED(GetOptions);
DEFINED(Measure);
DEFINED(Query);
DEFINED(RowFields);
DEFINED(Decision);
DEFINED(Explanation);
DEFINED(FieldMaskEvaluator);
DEFINED(PolicyEvaluator);
DEFINED(ScopeRuleEvaluator);
DEFINED(Policy);
DEFINED(Subject);
DEFINED(AgentRepository);
DEFINED(ApiKeyRepository);
DEFINED(AuditLogger);
DEFINED(Caller);
DEFINED(Database);
DEFINED(EntityPage);
DEFINED(EntityRange);
DEFINED(EntityRepository);
DEFINED(EntityTypeRepository);
DEFINED(EventRepository);
DEFINED(EventSubscription);
DEFINED(ExecutionRepository);
DEFINED(OperatorSessions);
DEFINED(PackRepository);
DEFINED(RelationRepository);
DEFINED(RoleRepository);
DEFINED(Session);
DEFINED(ThreadRepository);
DEFINED(TriggerRepository);
DEFINED(TrustedHost);
DEFINED(CreateOptions);
DEFINED(DatabaseOptions);
DEFINED(EventPage);
DEFINED(EventQuery);
DEFINED(UpdateOptions);
DEFINED(TriggerWorker);
#undef DEFINED

}  // namespace

TEST_CASE("the forward declarations are those that are checked, and leave no class of a host out", "[fwd]") {
  const std::string fwd = text_of(source_dir() + "/include/struere/fwd.hpp");
  const auto declared = names_in(fwd, std::regex(R"(\n(?:class|struct|enum class|using) (\w+)( = [^;]+)?;)"));
  std::set<std::string> checked =
      names_in(text_of(source_dir() + "/tests/core/fwd_test.cpp"), std::regex(R"(\nDEFINED\((\w+)\);)"));
  checked.insert("Id");
  std::set<std::string> with_template = declared;
  with_template.insert("Id");
  CHECK(with_template == checked);
  for (const auto& file : std::filesystem::directory_iterator(source_dir() + "/include/struere/repository"))
    for (const std::string& name : names_in(text_of(file.path()), std::regex(R"(\nclass (\w+) \{)"))) {
      INFO(name << " in " << file.path());
      CHECK(declared.contains(name));
    }
}
