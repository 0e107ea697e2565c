// API keys: any text but the very key fails, and all of them alike.
#include "fuzz/fuzz_target.hpp"
#include "struere/struere.hpp"
#include "support/world.hpp"

namespace struere::fuzz {

// The first byte says whether the rest is a key, or changes to a live one of development, of production, or one that
// was revoked.
void api_key(std::string_view bytes) {
  static test::World world(test::StorageKind::sqlite);
  static const auto keys = [] {
    std::vector<std::string> out;
    for (const Environment environment : {Environment::development, Environment::production, Environment::production}) {
      const auto made = world.system(environment).api_keys().create({.name = "k"});
      out.push_back(made.secret);
      if (out.size() == 3) world.system(environment).api_keys().revoke(made.key.id);
    }
    return out;
  }();
  static const std::string refusal = answer_of([] { return world.database->authenticate("no key").actor().id(); });
  if (bytes.empty()) return;
  const std::string_view rest = bytes.substr(1);
  const std::string text =
      (bytes[0] & 3) == 3 ? std::string(rest) : edited(keys[static_cast<std::size_t>(bytes[0] & 3)], rest);
  std::optional<Environment> environment;
  const std::string answer = answer_of([&] {
    environment = world.database->authenticate(text).actor().environment();
    return std::string("known");
  });
  if (text == keys[0] || text == keys[1])
    require(environment == (text == keys[0] ? Environment::development : Environment::production),
            "the key itself: " + answer);
  else
    require(answer == refusal && refusal.starts_with("unauthenticated: "), "no key, but: " + answer);
}

}  // namespace struere::fuzz
