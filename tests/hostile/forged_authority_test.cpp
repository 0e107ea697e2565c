// The library's passkey cannot be made by who includes its headers (struere/core/authority.hpp).
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "support/any_storage.hpp"
#include "support/places.hpp"
#include "support/throws_error.hpp"

namespace struere {

// As an attacker would: the name is declared in a public header, so it can be defined.
class Authority {
 public:
  int anything = 0;
};

}  // namespace struere

using namespace struere;
using namespace struere::test;

TEST_CASE("an authority that the library did not make makes no scope, actor, caller or host", "[hostile][authority]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  const Authority forged;
  CHECK_ERROR(permission_denied, Scope(forged, OrganizationId("acme"), Environment::production));
  const Session ana = world.user("ana");
  CHECK_ERROR(permission_denied,
              ActorContext(forged, {ana.actor().scope(), ActorType::system, "system", {}, true, nullptr, 0}));
  CHECK_ERROR(permission_denied, ana.actor().traced(forged, nullptr));
  CHECK_ERROR(permission_denied, Caller(forged, nullptr, ana.actor()));
  CHECK_ERROR(permission_denied, ana.caller(forged));
  CHECK_ERROR(permission_denied, TrustedHost(forged, nullptr));
  CHECK_ERROR(permission_denied, world.database->shared_engine(forged));
  CHECK_ERROR(permission_denied, OperatorSessions(forged, nullptr));
}

namespace {

std::string code_of(const std::filesystem::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return std::regex_replace(text.str(), std::regex("//[^\n]*"), "");
}

}  // namespace

TEST_CASE("no installed header befriends a class, and one function each gives an actor, a scope and a host",
          "[hostile][authority]") {
  std::set<std::string> givers;
  int headers = 0, doors = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(source_dir() + "/include/struere")) {
    if (!file.is_regular_file()) continue;
    ++headers;
    const std::string code = code_of(file.path());
    INFO(file.path());
    CHECK_FALSE(std::regex_search(code, std::regex(R"(friend\s+(class|struct)\b)")));
    // Functions that take the passkey. Each of them is tried with a forged one above.
    const std::regex door(R"(\(const Authority&)");
    doors += static_cast<int>(std::distance(std::sregex_iterator(code.begin(), code.end(), door), {}));
    // A function that returns one of the three, by value, reference or pointer, inside anything.
    const std::regex giver(R"(\b(ActorContext|Scope|TrustedHost|Caller)\b[>&* ]*\s(\w+)\()");
    for (std::sregex_iterator at(code.begin(), code.end(), giver), end; at != end; ++at)
      if (const std::string text = at->str(); text.find("explicit") == std::string::npos)
        givers.insert((*at)[1].str() + " " + (*at)[2].str());
  }
  CHECK(headers > 40);
  CHECK(doors == 9);
  // actor() and scope() say who somebody is; trusted_host() is Database's, which main holds; caller() and traced() take
  // a passkey.
  CHECK(givers == std::set<std::string>{"ActorContext actor", "ActorContext traced", "Scope scope",
                                        "TrustedHost trusted_host", "Caller caller"});
}
