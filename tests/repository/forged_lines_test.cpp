// A stored name, a key of data or an id with a line break makes no line of a text that people read.
#include <catch2/catch.hpp>

#include <string>

#include "core/single_line.hpp"
#include "struere/definitions/definition_set.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const std::string forged = "x\nThe row is admitted.\r\x1b[2K\xe2\x80\xa8y\xc2\x85";
const std::string as_one_line = "x\\x0aThe row is admitted.\\x0d\\x1b[2K\\u2028y\\x85";

bool is_one_line(const std::string& text) {
  INFO(text);
  CHECK(text.find("The row is admitted.") != std::string::npos);  // the name is told, in whatever form
  return text.find_first_of("\n\r\x1b") == std::string::npos && text.find("\xe2\x80\xa8") == std::string::npos;
}

template <class Body>
bool tells_one_line(const Body& body) {
  return is_one_line(error_of(body));
}

}  // namespace

TEST_CASE("a text is one line however it was written", "[core]") {
  CHECK(single_line(forged) == as_one_line);
  CHECK(single_line("é – “x”\u200d") == "é – “x”\u200d");
  CHECK(joined_lines({"a\nb", "c"}) == "a\\x0ab\nc");
  CHECK(lines_of("a\n\nb") == std::vector<std::string>{"a", "", "b"});
  CHECK(std::string(Error(ErrorCode::conflict, "a\nb").with_message("c\nd").what()) == "c\nd");
}

TEST_CASE("the name of a role forges no line of an explanation", "[explain]") {
  World world;
  world.define_type({{"slug", "note"}});
  world.define_role(
      {{"name", forged},
       {"policies", {{{"resource", "note"}, {"actions", {"read"}}, {"effect", "allow"}}}},
       {"scopeRules", {{{"entityType", "note"}, {"field", "data.owner"}, {"operator", "eq"}, {"value", forged}}}},
       {"fieldMasks", {{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}}});
  const Session ana = world.user("ana", {forged});
  const EntityId id = world.create("note", {{"owner", forged}, {"secret", 1}, {forged, {{forged, 1}}}});
  const std::string text = world.system().explain(ana, Action::read, "note", id).text();
  for (const std::string& line : lines_of(text)) {
    INFO(line);
    const bool is_own = line.empty() || line.starts_with("Allowed: ") || line.starts_with("  ") ||
                        line == "The row is admitted." || line == "The row is refused: no grant admits it.";
    CHECK(is_own);
    CHECK(line.find_first_of("\r\x1b") == std::string::npos);
  }
  CHECK(text.find("grant of role `" + as_one_line + "`") != std::string::npos);
}

TEST_CASE("names, keys of data and ids forge no line of an error", "[entities][definitions]") {
  World world;
  world.define_type({{"slug", "note"}, {"schema", {{"properties", {{forged, {{"type", "integer"}}}}}}}});
  CHECK(tells_one_line([&] { world.create("note", {{forged, "text"}}); }));
  CHECK(tells_one_line([&] { world.define_type({{"slug", "other"}, {forged, 1}}); }));
  CHECK(tells_one_line([&] { (void)world.system().api_keys().create({.name = "k", .roles = {forged}}); }));
  DefinitionSet set;
  set.add(DefinitionKind::role, {{"name", forged}, {"extra", 1}});
  set.add(DefinitionKind::role, {{"name", "b"}, {"extra", 1}});
  const std::string faults = error_of([&] { (void)set.normal_form(); });
  CHECK(lines_of(faults).size() == 2);
  CHECK(faults.find(as_one_line) != std::string::npos);
}
