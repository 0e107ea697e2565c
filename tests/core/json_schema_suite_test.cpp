// The JSON Schema Test Suite (Debian: json-schema-test-suite), draft by draft. What is not passed is listed with its
// reason, and a list that is wrong either way fails.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "core/json_schema.hpp"
#include "core/json_schema/formats.hpp"
#include "struere/core/error.hpp"

using namespace struere;

namespace {

namespace fs = std::filesystem;

fs::path suite_folder() {
  const char* const given = std::getenv("STRUERE_JSON_SCHEMA_SUITE");
  return fs::path(given ? given : "/usr/share/json-schema-test-suite") / "tests";
}

// Why cases are not passed.
constexpr const char* remote = "a `$ref` leads out of the schema: nothing is fetched, meta-schemas neither";
constexpr const char* unknown = "a keyword that the draft does not have would not be enforced, so it is refused";
constexpr const char* beside_ref = "draft 7 ignores what stands beside a `$ref`, so it is refused there";
constexpr const char* dynamic = "`$dynamicRef` across several `$id`s is refused";
constexpr const char* other_meta_schema = "a `$schema` of one's own is refused";
constexpr const char* always_enforced = "`format` is enforced, and a format that is not is refused";
constexpr const char* no_nul = "U+0000 is not accepted in any JSON";
constexpr const char* no_values = "an `enum` without values is refused: no value would match";
constexpr const char* no_idna = "what an `xn--` label stands for is not looked at";

struct Exception {
  const char* reason;
  bool in_some_versions = false;  // of the suite: in others all of the group is passed
};

// By "file: group" or, for a whole file, "file". A group that the installed version does not have is not missed.
using Exceptions = std::map<std::string, Exception>;

const Exceptions& draft_7_exceptions() {
  static const Exceptions all{{"refRemote", {remote}},
                              {"ref: remote ref, containing refs itself", {remote}},
                              {"definitions: valid definition", {remote}},
                              {"definitions: invalid definition", {remote}},
                              {"definitions: validate definition against metaschema", {remote}},
                              {"ref: escaped pointer ref", {unknown, true}},
                              {"ref: ref overrides any sibling keywords", {beside_ref}},
                              {"ref: $ref prevents a sibling $id from changing the base uri", {beside_ref}},
                              {"const: nul characters in strings", {no_nul}},
                              {"enum: nul characters in strings", {no_nul}},
                              {"enum: empty enum", {no_values}},
                              {"format", {always_enforced}},
                              {"date: validation of date strings", {no_nul, true}},
                              {"ipv4: validation of IP addresses", {no_nul, true}},
                              {"hostname: validation of A-label (punycode) host names", {no_idna}}};
  return all;
}

const Exceptions& draft_2020_12_exceptions() {
  static const Exceptions all{{"refRemote", {remote}},
                              {"ref: remote ref, containing refs itself", {remote}},
                              {"defs: validate definition against metaschema", {remote}},
                              {"dynamicRef", {dynamic}},
                              {"unevaluatedItems: unevaluatedItems with $dynamicRef", {dynamic}},
                              {"unevaluatedProperties: unevaluatedProperties with $dynamicRef", {dynamic}},
                              {"vocabulary", {other_meta_schema}},
                              {"const: nul characters in strings", {no_nul}},
                              {"enum: nul characters in strings", {no_nul}},
                              {"enum: empty enum", {no_values}},
                              {"format", {always_enforced}},
                              {"date: validation of date strings", {no_nul, true}},
                              {"ipv4: validation of IP addresses", {no_nul, true}},
                              {"hostname: validation of A-label (punycode) host names", {no_idna}}};
  return all;
}

// Of the optional cases those of the formats that are enforced.
std::vector<fs::path> files_of(const fs::path& draft) {
  std::vector<fs::path> out;
  for (const auto& file : fs::directory_iterator(draft))
    if (file.path().extension() == ".json") out.push_back(file.path());
  for (const json_schema::Format& format : json_schema::formats()) {
    const fs::path file = draft / "optional" / "format" / (std::string(format.name) + ".json");
    if (fs::exists(file)) out.push_back(file);
  }
  std::sort(out.begin(), out.end());
  return out;
}

// What is wrong with the answer to a case; empty if it is right.
std::string failure_of(const Json& schema, const Json& test) {
  try {
    const auto fault = JsonSchema(schema).validate(test.at("data"));
    if (!fault.has_value() == test.at("valid").get<bool>()) return {};
    return fault ? "refused: " + fault->description : "taken";
  } catch (const Error& error) {
    return std::string("the schema is refused: ") + error.what();
  } catch (const std::invalid_argument& error) {
    return std::string("the data is refused: ") + error.what();
  }
}

void run_draft(const std::string& draft, const char* uri, const Exceptions& exceptions) {
  const fs::path folder = suite_folder() / draft;
  if (!fs::exists(folder)) {
    WARN("skipped: " << folder << " is not there (Debian: json-schema-test-suite)");
    return;
  }
  std::set<std::string> found, needed;
  int passed = 0, excepted = 0;
  for (const fs::path& file : files_of(folder)) {
    std::ifstream text(file);
    for (const Json& group : Json::parse(text)) {
      Json schema = group.at("schema");
      if (schema.is_boolean()) schema = {{"allOf", {schema}}};  // that of an entity type is an object
      schema.emplace("$schema", uri);
      const std::string name = file.stem().string() + ": " + group.at("description").get<std::string>();
      const std::string exception = exceptions.contains(name) ? name : file.stem().string();
      found.insert(exception);
      for (const Json& test : group.at("tests")) {
        const std::string failure = failure_of(schema, test);
        (failure.empty() ? passed : excepted) += 1;
        if (failure.empty()) continue;
        needed.insert(exception);
        INFO(name << ": " << test.at("description").get<std::string>() << ": " << failure);
        CHECK(exceptions.contains(exception));
      }
    }
  }
  CHECK(passed > 400);
  for (const auto& [name, exception] : exceptions) {
    INFO(name << " is listed as not passed (" << exception.reason << "), and all of it is passed");
    CHECK((exception.in_some_versions || found.contains(name) == needed.contains(name)));
  }
  std::cout << "JSON Schema Test Suite, " << draft << ": " << passed << " cases passed, " << excepted
            << " not, each with a reason\n";
}

}  // namespace

TEST_CASE("the standard suite is passed in draft 7", "[schema][schema-suite]") {
  run_draft("draft7", "http://json-schema.org/draft-07/schema#", draft_7_exceptions());
}

TEST_CASE("the standard suite is passed in draft 2020-12", "[schema][schema-suite]") {
  run_draft("draft2020-12", "https://json-schema.org/draft/2020-12/schema", draft_2020_12_exceptions());
}
