// Strings that mean something to SQL, to JSON paths, to the search index or to a pattern, wherever a caller may put
// one: they are names that there are none of, or values that come back as they went in. Both storages answer alike.
#include <catch2/catch.hpp>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const std::vector<std::string> hostile{
    "' OR '1'='1",
    "'; DROP TABLE entities; --",
    "\" OR 1=1 --",
    "note' UNION SELECT data FROM entities --",
    "$.secret",
    "data.secret') OR json_extract(data, '$.secret",
    "data.a\"].secret",
    "data.*",
    "data.a[0]",
    "data.a' || (SELECT hash FROM api_keys) || '",
    "%",
    "_",
    "*",
    "title: OR NEAR(a b)",
    "\"unfinished",
    "{{secret}}",
    "{0}{1}%s%n",
    "actor.userId",
    "?1",
    ":id",
    "\\",
    "../../etc/passwd",
    "\x1b[2J",
};

struct AttackedWorld : World {
  explicit AttackedWorld(StorageKind kind) : World(kind, {.record_denials = DenialRecording::off}) {
    define_type({{"slug", "note"}, {"searchFields", {"title"}}});
    define_role(R"({"name": "reader", "policies": [{"resource": "note", "actions": ["*"], "effect": "allow"},
                                                   {"resource": "threads", "actions": ["*"], "effect": "allow"}],
      "scopeRules": [{"entityType": "note", "field": "data.owner", "operator": "eq", "value": "actor.userId"}],
      "fieldMasks": [{"entityType": "note", "fieldPath": "data.secret", "maskType": "hide"}]})"_json);
    own = create("note", {{"owner", "ana"}, {"title", "hers"}, {"secret", "TOPSECRET"}});
    other = create("note", {{"owner", "bo"}, {"title", "TOPSECRET"}, {"secret", "TOPSECRET"}});
    ana = user("ana", {"reader"});
  }

  // What is said to each string in each place.
  std::string everything_said_to(const std::string& text) {
    std::string out;
    const auto ask = [&](const char* place, const auto& body) {
      out.append(place).append(": ");
      out += error_of([&] { body(); }) + "\n";
    };
    const auto notes = ana->entities("note");
    const auto show = [&](const EntityPage& page) {
      for (const Entity& row : page) out += row.to_json().dump() + " ";
    };
    ask("type", [&] { show(ana->entities(text).list()); });
    ask("id", [&] { out += notes.get(EntityId(text)).json(); });
    for (const char* const op : {"eq", "neq", "contains", "gt", "in"})
      ask(op, [&] {
        show(notes.list({.where = Condition(Json{{"field", "data.title"}, {"operator", op}, {"value", text}})}));
      });
    ask("in", [&] { show(notes.list({.where = field("id").in({text})})); });
    ask("field", [&] {
      show(notes.list({.where = Condition(Json{{"field", text}, {"operator", "exists"}, {"value", true}})}));
    });
    ask("segment", [&] { show(notes.list({.where = field("data." + text).exists()})); });
    ask("operator", [&] {
      show(notes.list({.where = Condition(Json{{"field", "data.title"}, {"operator", text}, {"value", 1}})}));
    });
    ask("order", [&] { show(notes.list({.order = {{text}}})); });
    ask("order segment", [&] { show(notes.list({.order = {{"data." + text}}})); });
    ask("search", [&] { show(notes.list({.search = text})); });
    ask("status", [&] { show(notes.list({.status = text})); });
    ask("cursor", [&] { show(notes.list({.after = text})); });
    ask("relation", [&] { ana->relations().link(own, text, own); });
    ask("related", [&] { out += std::to_string(ana->relations().related(own, text).size()); });
    ask("far end", [&] { ana->relations().link(own, "a", EntityId(text)); });
    ask("event type", [&] { out += std::to_string(ana->events().list({.type = text}).events.size()); });
    ask("event prefix", [&] { out += std::to_string(ana->events().list({.type_prefix = text}).events.size()); });
    ask("event actor", [&] { out += std::to_string(ana->events().list({.actor = text}).events.size()); });
    ask("event entity", [&] { out += std::to_string(ana->events().list({.entity = EntityId(text)}).events.size()); });
    ask("event cursor", [&] { out += std::to_string(ana->events().list({.after = text}).events.size()); });
    ask("append", [&] { ana->audit().append(text, Json::object()); });
    ask("key", [&] { out += database->authenticate(text).actor().id(); });
    ask("resource", [&] { out += ana->can(Action::read, text).reason(); });
    ask("thread", [&] { out += ana->threads().find(text) ? "found" : "none"; });
    ask("thread agent", [&] { out += std::to_string(ana->threads().list({.agent = text}).threads.size()); });
    ask("agent", [&] { out += ana->agents().get(text).name; });
    ask("user", [&] {
      out += host().user_session(UserId(text), OrganizationId("acme"), Environment::development).actor().id();
    });
    ask("organization",
        [&] { out += host().system_session(OrganizationId(text), Environment::development).actor().id(); });
    ask("type to define", [&] { system().entity_types().define({{"slug", text}}); });
    ask("search field", [&] { system().entity_types().define({{"slug", "other"}, {"searchFields", {text}}}); });
    ask("rule", [&] {
      system().roles().define(
          {{"name", "other"},
           {"scopeRules", {{{"entityType", "note"}, {"field", "data." + text}, {"operator", "eq"}, {"value", 1}}}}});
    });
    ask("mask", [&] {
      system().roles().define(
          {{"name", "other"},
           {"fieldMasks", {{{"entityType", "note"}, {"fieldPath", "data." + text}, {"maskType", "hide"}}}}});
    });
    return out;
  }

  EntityId own, other;
  std::optional<Session> ana;
};

}  // namespace

TEST_CASE("a hostile string is a name that there is none of, in every place", "[hostile][injection]") {
  AttackedWorld memory(StorageKind::memory), stored(any_shared_storage());
  for (const std::string& text : hostile) {
    INFO(text);
    const std::string said = stored.everything_said_to(text);
    CHECK(said.find("TOPSECRET") == std::string::npos);
    CHECK(said.find("storage: ") == std::string::npos);  // no statement broke over it
    CHECK(said.find(stored.other.str()) == std::string::npos);
    CHECK(said == memory.everything_said_to(text));
  }
  CHECK(stored.system().entities("note").list().size() == 2);
  CHECK(stored.system().events().verify().ok);
}

TEST_CASE("a hostile string is a value that comes back as it went in, and is found by itself alone",
          "[hostile][injection]") {
  AttackedWorld stage(any_storage());
  const auto notes = stage.ana->entities("note");
  for (const std::string& text : hostile) {
    INFO(text);
    const Json data{{"owner", "ana"}, {"title", text}, {text, {{text, 1}}}};
    const auto made = notes.create(data);
    CHECK(made.row->data() == data);
    const EntityPage found = notes.list({.where = field("data.title") == text});
    REQUIRE(found.size() == 1);
    CHECK(found.front().id() == made.id);
    const Json patch{{text, nullptr}, {"status", text}};
    CHECK(notes.update(made.id, patch).row->data() == Json{{"owner", "ana"}, {"title", text}, {"status", text}});
    notes.remove(made.id);
  }
  CHECK(notes.count() == 1);
  CHECK(stage.system().events().verify().ok);
}

TEST_CASE("a string that is no UTF-8, or holds U+0000, is refused or found nowhere, in every place",
          "[hostile][injection]") {
  AttackedWorld memory(StorageKind::memory), stored(any_shared_storage());
  for (const std::string& text :
       {std::string("\xff\xfe"), std::string("\xc3"), std::string("\xed\xa0\x80"), std::string("a\0b", 3)}) {
    const std::string said = stored.everything_said_to(text);  // error_of lets nothing but an Error pass
    CHECK(said.find("TOPSECRET") == std::string::npos);
    CHECK(said.find("storage: ") == std::string::npos);
    CHECK(said == memory.everything_said_to(text));
  }
  CHECK(stored.system().events().verify().ok);
}
