// Threads, messages and executions: of the scope of the request that made them.
#include <catch2/catch.hpp>

#include <set>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

class ChatWorld : public World {
 public:
  explicit ChatWorld(StorageKind kind) : World(kind) {
    for (const Environment environment : {Environment::development, Environment::production}) {
      define_role({{"name", "chatter"},
                   {"policies", {{{"resource", "threads"}, {"actions", {"create", "update"}}, {"effect", "allow"}}}}},
                  environment);
      define_role({{"name", "support"},
                   {"policies",
                    {{{"resource", "threads"}, {"actions", {"list", "read"}}, {"effect", "allow"}},
                     {{"resource", "executions"}, {"actions", {"create", "list", "read"}}, {"effect", "allow"}}}}},
                  environment);
    }
    system().agents().define({.slug = "tutor", .name = "Tutor"});
    system().agents().configure("tutor", {.system_prompt = "x", .model = "m"});
  }
  ThreadRepository threads(const Session& actor) const { return actor.threads(); }
};

}  // namespace

TEST_CASE("an external id is unique within its scope alone", "[threads]") {
  ChatWorld world(any_storage());
  const Session ana = world.user("ana", {"chatter"}), there = world.user("ana", {"chatter"}, Environment::production);
  const Thread thread = ana.threads().create({.external_id = "+1 555", .agent = "tutor", .metadata = {{"lang", "en"}}});
  CHECK_ERROR(conflict, ana.threads().create({.external_id = "+1 555"}));
  CHECK(ana.threads().open({.external_id = "+1 555"}).id == thread.id);
  CHECK(ana.threads().find("+1 555")->id == thread.id);
  CHECK_FALSE(there.threads().find("+1 555"));
  CHECK(there.threads().open({.external_id = "+1 555"}).id != thread.id);
  CHECK(ana.threads().get(thread.id).metadata == Json{{"lang", "en"}});
  CHECK_FALSE(ana.threads().find("nobody"));
  ana.threads().create({});  // of no external id there may be many
  ana.threads().create({});
  CHECK_ERROR(invalid_data, ana.threads().open({}));
  CHECK_ERROR(invalid_reference, ana.threads().create({.agent = "nobody"}));
  CHECK_ERROR(invalid_data, ana.threads().create({.metadata = Json::array()}));
}

TEST_CASE("whoever began a thread sees it, others by policy", "[threads]") {
  ChatWorld world(any_storage());
  const Session ana = world.user("ana", {"chatter"}), ben = world.user("ben", {"chatter"}),
                support = world.user("sam", {"support"}), nobody = world.user("nobody");
  const Thread thread = ana.threads().create({.external_id = "a"});
  world.clock.advance(1);
  ben.threads().create({.external_id = "b"});

  CHECK(ana.threads().list().threads.size() == 1);
  CHECK(support.threads().list().threads.size() == 2);
  CHECK(support.threads().find("a")->id == thread.id);
  CHECK(support.threads().list().threads.front().external_id == "b");  // newest first
  CHECK(nobody.threads().list().threads.empty());
  CHECK(support.threads().get(thread.id).id == thread.id);
  for (const Session& other : {ben, nobody}) {
    CHECK_ERROR(not_found, other.threads().get(thread.id));
    CHECK_ERROR(not_found, other.threads().append(thread.id, {.content = "x"}));
    CHECK_ERROR(not_found, other.threads().messages(thread.id));
    CHECK_FALSE(other.threads().find("a"));
  }
  CHECK(ben.threads().open({.external_id = "a"}).id != thread.id);  // taken by nobody whom he sees
  CHECK(ana.threads().open({.external_id = "a"}).id == thread.id);
  CHECK_ERROR(permission_denied, nobody.threads().create({}));
  CHECK_ERROR(permission_denied, support.threads().append(thread.id, {.content = "x"}));
  CHECK_ERROR(not_found, world.user("ana", {"chatter"}, Environment::production).threads().get(thread.id));
}

TEST_CASE("worlds that differ in somebody else's thread answer alike", "[threads][executions][twins]") {
  const StorageKind kind = any_storage();
  const auto answers = [&](bool is_taken) {
    ChatWorld world(kind);
    world.define_role(
        {{"name", "recorder"},
         {"policies", {{{"resource", "executions"}, {"actions", {"create", "list", "read"}}, {"effect", "allow"}}}}});
    const Session ana = world.user("ana", {"chatter"}), ben = world.user("ben", {"chatter", "recorder"});
    const ThreadId hers = ana.threads().create({.external_id = is_taken ? "+1 555" : "other"}).id;
    std::vector<std::string> out;
    const auto tell = [&](auto&& call) { out.push_back(error_of(call)); };
    const ThreadRepository threads = ben.threads();
    tell([&] { CHECK_FALSE(threads.find("+1 555")); });
    tell([&] { (void)threads.create({.external_id = "+1 555"}); });
    tell([&] { (void)threads.create({.external_id = "+1 555"}); });
    tell([&] { CHECK(threads.open({.external_id = "+1 555"}).started_by == "ben"); });
    tell([&] { CHECK(threads.find("+1 555")->started_by == "ben"); });
    // The id of a thread that there is, and of one that there never was.
    tell([&] { (void)ben.executions().record({.thread = is_taken ? hers : ThreadId("x"), .model = "m"}); });
    tell([&] { (void)threads.get(is_taken ? hers : ThreadId("x")); });
    out.push_back(std::to_string(threads.list().threads.size()));
    out.push_back(std::to_string(ben.executions().list().executions.size()));
    return out;
  };
  const auto taken = answers(true);
  CHECK(taken == answers(false));
  CHECK(taken.at(1) == "no error");
  CHECK(taken.at(2).starts_with("conflict"));
  CHECK(taken.at(5).starts_with("invalid_reference"));
}

TEST_CASE("who may read threads finds the first of an external id, after its own", "[threads]") {
  ChatWorld world(any_storage());
  const Session ana = world.user("ana", {"chatter"}), ben = world.user("ben", {"chatter"}),
                sam = world.user("sam", {"support", "chatter"});
  const Thread first = ana.threads().create({.external_id = "a"});
  world.clock.advance(1);
  ben.threads().create({.external_id = "a"});
  CHECK(sam.threads().find("a")->id == first.id);
  CHECK(sam.threads().open({.external_id = "a"}).id == first.id);
  CHECK_ERROR(conflict, sam.threads().create({.external_id = "a"}));
  const Thread own = sam.threads().create({.external_id = "b"});
  ana.threads().create({.external_id = "b"});
  CHECK(sam.threads().find("b")->id == own.id);
}

TEST_CASE("messages are appended, and paged newest first", "[threads]") {
  ChatWorld world(any_storage());
  const Session ana = world.user("ana", {"chatter"});
  const Thread thread = ana.threads().create({});
  for (int i = 1; i <= 5; ++i) ana.threads().append(thread.id, {.content = "m" + std::to_string(i)});
  const Message call = ana.threads().append(
      thread.id, {.role = MessageRole::assistant, .tool_calls = {{{"id", "c1"}, {"name", "plan"}}}});
  ana.threads().append(
      thread.id,
      {.role = MessageRole::tool, .content = "ok", .tool_call_id = "c1", .attachments = {{{"file", "a.pdf"}}}});
  CHECK(call.sequence == 6);
  CHECK(ana.threads().get(thread.id).message_count == 7);

  const MessagePage first = ana.threads().messages(thread.id, 3);
  REQUIRE(first.messages.size() == 3);
  CHECK(first.messages[0].role == MessageRole::tool);
  CHECK(first.messages[0].tool_call_id == "c1");
  CHECK(first.messages[0].attachments[0].at("file") == "a.pdf");
  CHECK(first.messages[1].tool_calls[0].at("name") == "plan");
  CHECK(first.messages[2].content == "m5");
  ana.threads().append(thread.id, {.content = "meanwhile"});
  const MessagePage second = ana.threads().messages(thread.id, 10, first.next);
  REQUIRE(second.messages.size() == 4);
  CHECK(second.messages[0].content == "m4");
  CHECK_FALSE(second.next);
  const Thread other = ana.threads().create({});
  CHECK_ERROR(invalid_cursor, ana.threads().messages(other.id, 10, first.next));
  CHECK_ERROR(invalid_cursor, ana.threads().list({.after = first.next}));
  CHECK_ERROR(invalid_query, ana.threads().messages(thread.id, 0));
  CHECK_ERROR(invalid_data, ana.threads().append(thread.id, {.content = std::string("a\0b", 3)}));
}

TEST_CASE("a rollup of more than 10000 groups is refused, and reads no more of them", "[executions][bounds]") {
  const World world(StorageKind::memory);
  const Session session = world.system();
  session.transaction([](Session& unit) {
    for (int i = 0; i <= 10'000; ++i) unit.executions().record({.model = std::to_string(i)});
  });
  CHECK(session.executions().rollup({ExecutionGroup::status}).at(0).executions == 10'001);
  try {
    (void)session.executions().rollup({ExecutionGroup::model});
    FAIL("it was not refused");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::invalid_query);
    CHECK(std::string(error.what()).find("there are more than 10000 groups") != std::string::npos);
  }
  session.executions().record({.model = "0"});  // no further group
  CHECK(session.executions().rollup({ExecutionGroup::model}, {.model = "0"}).at(0).executions == 2);
}

TEST_CASE("executions are recorded, listed and added up", "[executions]") {
  ChatWorld world(any_storage());
  const Session sam = world.user("sam", {"support"});
  const ExecutionRepository executions = sam.executions();
  constexpr Timestamp day = 24LL * 3600 * 1000;
  const Timestamp start = world.clock.now();
  const Thread thread = world.system().threads().create({});
  for (int i = 0; i < 6; ++i) {
    executions.record({.agent = i % 2 ? std::optional<std::string>("tutor") : std::nullopt,
                       .thread = thread.id,
                       .model = i < 4 ? "small" : "large",
                       .status = i == 5 ? ExecutionStatus::failed : ExecutionStatus::completed,
                       .error = i == 5 ? std::optional<std::string>("no line") : std::nullopt,
                       .input_tokens = 100,
                       .output_tokens = 10 + i,
                       .duration = std::chrono::milliseconds(5),
                       .tool_calls = {{{"name", "plan"}}}});
    world.clock.advance(day);
  }
  const ExecutionPage page = executions.list({}, 4);
  REQUIRE(page.executions.size() == 4);
  CHECK(page.executions[0].error == "no line");
  CHECK(page.executions[0].config_version == 1);
  CHECK(executions.list({}, 4, page.next).executions.size() == 2);
  CHECK(executions.list({.model = "large"}).executions.size() == 2);
  CHECK(executions.list({.since = start + day, .until = start + 3 * day}).executions.size() == 2);
  CHECK(executions.get(page.executions[0].id).thread == thread.id);

  const auto by_model = executions.rollup({ExecutionGroup::model});
  REQUIRE(by_model.size() == 2);
  CHECK(by_model[0].model == "large");
  CHECK(by_model[0].executions == 2);
  CHECK(by_model[0].output_tokens == 14 + 15);
  CHECK(by_model[1].input_tokens == 400);
  CHECK(executions.rollup({ExecutionGroup::day}).size() == 6);
  CHECK(executions.rollup({ExecutionGroup::agent, ExecutionGroup::status}).size() == 3);
  CHECK(executions.rollup({}, {.agent = "tutor"}).at(0).executions == 3);
  CHECK(executions.rollup({}, {.agent = "nobody"}).empty());
  CHECK_ERROR(invalid_query, executions.rollup({ExecutionGroup::day, ExecutionGroup::model, ExecutionGroup::day}));
  CHECK_ERROR(invalid_query, executions.rollup(std::vector<ExecutionGroup>(3'000, ExecutionGroup::day)));

  const Session there = world.user("sam", {"support"}, Environment::production);
  CHECK(there.executions().list().executions.empty());
  CHECK_ERROR(not_found, there.executions().get(page.executions[0].id));
  CHECK_ERROR(invalid_reference, there.executions().record({.thread = thread.id, .model = "m"}));
  CHECK_ERROR(permission_denied, world.user("nobody").executions().list());
  CHECK_ERROR(permission_denied, world.user("nobody").executions().record({.model = "m"}));
  CHECK_ERROR(invalid_data, executions.record({.model = "m", .input_tokens = -1}));
}

TEST_CASE("a pack is installed in each environment by itself", "[packs]") {
  ChatWorld world(any_storage());
  const PackRepository packs = world.system().packs();
  packs.install("tutoring", "1.0.0", {{"currency", "EUR"}});
  CHECK_ERROR(conflict, packs.install("tutoring", "1.0.0"));
  world.clock.advance(5);
  packs.upgrade("tutoring", "1.1.0");
  packs.customize("tutoring", {{"currency", "CHF"}});
  const InstalledPack pack = packs.get("tutoring");
  CHECK(pack.version == "1.1.0");
  CHECK(pack.overrides == Json{{"currency", "CHF"}});
  REQUIRE(pack.history.size() == 2);
  CHECK(pack.history[1].at("version") == "1.1.0");
  CHECK_ERROR(not_found, world.system(Environment::production).packs().get("tutoring"));
  CHECK_ERROR(permission_denied, world.user("ana").packs().list());
  packs.uninstall("tutoring");
  CHECK(packs.list().empty());
  CHECK_ERROR(not_found, packs.uninstall("tutoring"));
}

TEST_CASE("a key is rotated with time to hand the new one out", "[keys]") {
  ChatWorld world(any_storage());
  const ApiKeyRepository keys = world.system().api_keys();
  const CreatedApiKey old = keys.create({.name = "bot", .roles = {"chatter"}});
  const CreatedApiKey next = keys.rotate(old.key.id, std::chrono::minutes(1));
  CHECK(next.secret != old.secret);
  CHECK(next.key.roles == old.key.roles);
  CHECK(world.database->authenticate(old.secret).actor().id() == old.key.id.str());
  world.clock.advance(60'000);
  CHECK_ERROR(unauthenticated, world.database->authenticate(old.secret));
  CHECK(world.database->authenticate(next.secret).actor().id() == next.key.id.str());
  CHECK_ERROR(conflict, keys.rotate(old.key.id));
  const CreatedApiKey last = keys.rotate(next.key.id);
  CHECK_ERROR(unauthenticated, world.database->authenticate(next.secret));
  CHECK_NOTHROW(world.database->authenticate(last.secret));
  CHECK_ERROR(not_found, world.system(Environment::production).api_keys().rotate(last.key.id));
  CHECK_ERROR(invalid_data, keys.rotate(last.key.id, std::chrono::milliseconds(-1)));
}
