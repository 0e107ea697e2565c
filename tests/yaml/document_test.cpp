// What a file holds is what is stored, or it is refused with its place.
#include <catch2/catch.hpp>

#include "struere/yaml/definition_folder.hpp"
#include "support/folder.hpp"
#include "support/throws_error.hpp"
#include "yaml/document.hpp"
#include "yaml/yaml_edit.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::string fault_of(const std::string& text, Document::Format format) {
  try {
    const Document document(text, format);
    return "no fault";
  } catch (const DocumentFault& fault) {
    return std::to_string(fault.position.line) + ":" + std::to_string(fault.position.column) + ": " + fault.message;
  }
}
std::string json_fault(const std::string& text) { return fault_of(text, Document::Format::json); }
std::string yaml_fault(const std::string& text) { return fault_of(text, Document::Format::yaml); }

}  // namespace

TEST_CASE("JSON is read as JSON", "[definitions][document]") {
  const Document document(R"({"slug": "y", "name": "\ud83d\ude00", "list": [1, {"a": "yes"}],
  "ä": {"b": -1.5e3}})",
                          Document::Format::json);
  CHECK(document.value() == R"({"slug": "y", "name": "😀", "list": [1, {"a": "yes"}], "ä": {"b": -1500}})"_json);
  const auto place = [&](const char* pointer) {
    const auto found = document.position_of(Json::json_pointer(pointer));
    return std::to_string(found.line) + ":" + std::to_string(found.column);
  };
  CHECK(place("") == "1:1");
  CHECK(place("/slug") == "1:2");
  CHECK(place("/list/1") == "1:51");
  CHECK(place("/list/1/a") == "1:52");
  CHECK(place("/ä/b") == "2:9");
  CHECK(place("/ä/b/nothing") == "2:9");
}

TEST_CASE("what is no JSON is refused, and where it is", "[definitions][document]") {
  CHECK(json_fault("{\"a\": [tru, 1]}").starts_with("1:8: this is not JSON"));
  CHECK(json_fault("{\"a\": [1, , 2]}").starts_with("1:11: "));
  CHECK(json_fault("{\"a\":\n  1.2a-3}").starts_with("2:3: this is not JSON"));
  CHECK(json_fault("{\"a\": 1,\n \"a\": 2}") == "2:2: the key `a` is here twice");
  CHECK(json_fault("{\"b\": {\"a\": 1, \"\\u0061\": 2}}") == "1:16: the key `a` is here twice");
  CHECK(json_fault("{\"a\": \"\\u0000\"}").starts_with("1:7: a string holds U+0000"));
  CHECK(json_fault("{\"a\": \"\\ud83d\"}").starts_with("1:7: "));
  CHECK(json_fault("{\"a\": 1e999}").starts_with("1:7: a number"));
  CHECK(json_fault(std::string(65, '[') + std::string(65, ']')).find("deep") != std::string::npos);
  for (const char* const text : {"",
                                 "slug: y",
                                 "{slug: y}",
                                 "{'a': 1}",
                                 "{\"a\": 1,}",
                                 "[1,]",
                                 "{\"a\" 1}",
                                 "{\"a\": 1} {}",
                                 "{\"a\": 01}",
                                 "{\"a\": .5}",
                                 "{\"a\": NaN}",
                                 "{\"a\": 1 // x\n}",
                                 "# x\n{}",
                                 "\xef\xbb\xbf{\"a\": \"\xff\"}",
                                 "{\"a\": \"\t\"}",
                                 "{\"a\": 1",
                                 "]",
                                 "{\"a\": \"b",
                                 "{1: 2}",
                                 "\"a\": 1"})
    CHECK_FALSE(json_fault(text) == "no fault");
  CHECK(json_fault(" {\"a\": [[], {}, null, true, false, \"\\\\\\\"\", -0, 1E5]} \n") == "no fault");
}

TEST_CASE("YAML that would be read as other bytes is refused", "[definitions][document]") {
  using namespace std::string_literals;
  CHECK(yaml_fault("a: x\0y\n"s).starts_with("1:5: the control character U+0000"));
  CHECK(yaml_fault("a: \"x\\0y\"\n").starts_with("1:4: a text holds U+0000"));
  CHECK(yaml_fault("a: \"\\x00\"\n").find("U+0000") != std::string::npos);
  CHECK(yaml_fault("a: \"\\u0000\"\n").find("U+0000") != std::string::npos);
  CHECK(yaml_fault("\"a\\0\": x\n").find("U+0000") != std::string::npos);
  CHECK(yaml_fault("a: x\n\x04"
                   "b: y\n")
            .starts_with("2:1: the control character U+0004"));  // an end for yaml-cpp
  CHECK(yaml_fault("a: x\x1b[2J\n").find("U+001B") != std::string::npos);
  CHECK(yaml_fault("a: \xff\n").find("UTF-8") != std::string::npos);
  CHECK(yaml_fault("\xff\xfe"
                   "a\0:\0 \0b\0"s)
            .find("not") != std::string::npos);  // UTF-16
  CHECK(yaml_fault("a: 1e999\n").find("number") != std::string::npos);
  CHECK(yaml_fault("a: \"\\e[2J\"\n") == "no fault");  // an escape says that it is meant
  CHECK(yaml_fault("a: |\n  x\r\n  y\t\n") == "no fault");
  CHECK(yaml_fault("# " + std::string(2 << 20, 'x')).find("1 MiB") != std::string::npos);
}

TEST_CASE("a value that could only fail at run time is refused in the definition", "[definitions][triggers]") {
  const Folder folder;
  folder.write("entity-types/visit.yaml", R"(slug: visit
schema:
  properties:
    startsAt: {type: string}
    seen: {type: boolean}
    at: {type: [integer, "null"]}
)");
  const auto refused = [&](const std::string& rest, const std::string& action = "updated") {
    folder.write("triggers/t.yaml", "slug: t\non: {entityType: visit, action: " + action + "}\n" + rest);
    const std::string out = error_of([&] { read_definitions(folder.path()); });
    return out;
  };
  const std::string step = "actions: [{tool: entity.get, args: {type: visit, id: x}}]\n";
  const auto at = [&](const std::string& value) { return refused("schedule: {at: \"" + value + "\"}\n" + step); };
  for (const char* const wrong :
       {"tomorrow", "", "12", "2026-02-30T00:00:00Z", "2026-01-01", "{{trigger.data.startAt}}", "{{trigger.data.seen}}",
        "{{trigger.nonsense}}", "{{trigger}}", "{{steps.step1.id}}", "{{trigger.entityId.x}}"}) {
    INFO(wrong);
    CHECK(at(wrong).find("triggers/t.yaml:") != std::string::npos);
  }
  for (const char* const right : {"2026-01-01T00:00:00Z", "{{trigger.data.startsAt}}", "{{trigger.data.at}}",
                                  "{{trigger.at}}", "{{trigger.previousData.startsAt}}"}) {
    INFO(right);
    CHECK(at(right) == "no error");
  }
  const auto steps = [&](const std::string& tool, const std::string& arguments, const std::string& action = "updated") {
    return refused("actions: [{tool: " + tool + ", args: " + arguments + "}]\n", action);
  };
  CHECK(steps("entity.create", "{type: visit, data: {seen: true}}") == "no error");
  CHECK(steps("entity.create", "{type: visit}").find("needs an object `data`") != std::string::npos);
  CHECK(steps("entity.create", "{typ: visit, data: {}}").find("needs a text `type`") != std::string::npos);
  CHECK(steps("entity.create", "{type: visit, data: {}, more: 1}").find("no argument `more`") != std::string::npos);
  CHECK(steps("entity.create", "{type: vist, data: {}}").find("Did you mean `visit`?") != std::string::npos);
  CHECK(steps("entity.create", "{type: visit, data: {}, status: deleted}").find("deleted") != std::string::npos);
  CHECK(steps("entity.update", "{type: visit, id: \"{{trigger.entityId}}\", data: \"{{trigger.data}}\"}") ==
        "no error");
  CHECK(steps("entity.query", "{type: visit, limit: many}").find("whole number") != std::string::npos);
  CHECK(steps("event.emit", "{type: visit}").find("event type") != std::string::npos);
  CHECK(steps("event.emit", "{type: visit.created}").find("struere itself writes events") != std::string::npos);
  CHECK(
      steps("event.emit", "{type: visit.seen, payload: {s: \"{{trigger.data.sen}}\"}}").find("Did you mean `seen`?") !=
      std::string::npos);
  CHECK(steps("event.emit", "{type: visit.seen, payload: {s: \"{{trigger.previousStatus}}\"}}") == "no error");
  CHECK(steps("event.emit", "{type: visit.seen, payload: {s: \"{{trigger.previousStatus}}\"}}", "created")
            .find("names nothing of a write that creates") != std::string::npos);
  folder.write("triggers/t.yaml",
               "slug: t\non: {entityType: visit, action: updated, condition: {data.sen: true}}\n" + step);
  CHECK(error_of([&] { read_definitions(folder.path()); }).find("Did you mean `seen`?") != std::string::npos);
}

TEST_CASE("an edited file reads as what is wanted, whatever it looked like", "[definitions][document]") {
  const std::vector<std::string> texts{"name: a\n",
                                       "{name: a, list: [1, 2]}",
                                       "# x\nname: a # y\nlist:\n- 1\n# two\n- 2\n\n# end",
                                       "name: |\n  # no comment\n  x\nlist:\n  - - 1\n    - 2\n  - {a: 1}\n",
                                       "list:\n  -\n    a: 1\n  - b: 2\n    c: 3\nmap:\n    deep:\n        a: 1\n\n",
                                       "\"name\": 'a'\r\nmap: {a: 1}\r\n",
                                       "map:\n  a: >\n    x\n    y\n  # b\n  b: 2\nname: a\n",
                                       "[1, 2]\n",
                                       "x\n",
                                       "name: [broken\n",
                                       ""};
  const std::vector<Json> values{R"({"name": "a"})"_json,
                                 R"({"name": "b", "list": [2, 3]})"_json,
                                 R"({"list": [[1, 2], {"a": 1}], "map": {"deep": {"a": 2, "b": null}}})"_json,
                                 R"({"map": {"a": "x y\n", "b": 2}})"_json,
                                 R"({"list": [{"a": 1}, {"b": 2, "c": 4}, 5], "name": "# no comment\nx\n"})"_json,
                                 R"({"list": [], "map": {}})"_json,
                                 R"({"new": {"a": [{"b": "c: d"}]}})"_json};
  for (const std::string& text : texts)
    for (const Json& value : values) {
      const std::string edited = edited_yaml(text, value);
      INFO(text << "\n=== becomes\n" << edited);
      CHECK(Document(edited).value() == value);
      CHECK(edited_yaml(edited, value) == edited);
    }
  CHECK(edited_yaml("# x\nname: a # y\nlist:\n- 1\n# two\n- 2\n\n# end", R"({"name": "a", "list": [2, 3]})"_json) ==
        "# x\nname: a # y\nlist:\n# two\n- 2\n- 3\n\n# end\n");
}
