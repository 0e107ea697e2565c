// An actor that was built before things changed: what it holds is obeyed as it is now, and never turns into more.
#include <catch2/catch.hpp>

#include <functional>
#include <utility>

#include "struere/spi/forwarding_storage.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

Json reader_role(const Json& rules = Json::array(), const Json& masks = Json::array()) {
  return {{"name", "reader"},
          {"policies", {{{"resource", "note"}, {"actions", {"list", "read"}}, {"effect", "allow"}}}},
          {"scopeRules", rules},
          {"fieldMasks", masks}};
}

}  // namespace

TEST_CASE("an actor that is held on to sees no more than its roles give now", "[hostile][stale]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(reader_role());
  const EntityId id = world.create("note", {{"secret", "s"}, {"open", 1}});
  const Session ana = world.user("ana", {"reader"});
  const auto notes = ana.entities("note");  // kept as well, and its plan is in the cache
  CHECK(notes.get(id).data() == Json{{"secret", "s"}, {"open", 1}});

  world.define_role(
      reader_role(Json::array(), {{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}));
  CHECK(notes.get(id).data() == Json{{"open", 1}});
  CHECK(notes.count({.where = field("data.secret") == "s"}) == 0);
  const std::string next_page = [&] {
    world.create("note", {{"open", 2}});
    return *notes.list({.limit = 1}).next();
  }();

  world.define_role(reader_role({{{"entityType", "note"}, {"field", "data.open"}, {"operator", "eq"}, {"value", 7}}}));
  CHECK_ERROR(not_found, notes.get(id));
  CHECK(notes.list().empty());
  CHECK(notes.list({.limit = 1, .after = next_page}).empty());  // a page that was begun goes on under what holds now

  world.system().roles().remove("reader");
  CHECK_ERROR(permission_denied, notes.list());
  // A role of that name, made anew with more in it, is another role.
  world.define_role(reader_role());
  CHECK_ERROR(permission_denied, notes.list());
  CHECK_ERROR(permission_denied, ana.entities("note").get(id));
  CHECK_FALSE(ana.can(Action::read, "note"));
}

namespace {

// A storage in which something happens just before a reader's snapshot is taken.
class BusyStorage final : public ForwardingStorage {
 public:
  BusyStorage(std::unique_ptr<Storage> storage, std::function<void()>& before_read)
      : ForwardingStorage(std::move(storage)), before_read_(before_read) {}

  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    if (access == Access::read && before_read_) std::exchange(before_read_, nullptr)();
    return ForwardingStorage::begin_at(scope, access, first);
  }

 private:
  std::function<void()>& before_read_;
};

}  // namespace

TEST_CASE("rules that change while a reader begins are those of its snapshot", "[hostile][stale]") {
  World world(any_shared_storage());
  world.define_type({{"slug", "note"}});
  world.define_role(reader_role());
  const EntityId id = world.create("note", {{"secret", "s"}, {"open", 1}});
  std::function<void()> meanwhile;
  const Database database = Database::with_storage(std::make_unique<BusyStorage>(world.open_storage(), meanwhile));
  const auto as = [&](const char* user) {
    return database.trusted_host().user_session(UserId(user), OrganizationId("acme"), Environment::development);
  };
  (void)world.user("ana", {"reader"});
  (void)world.user("bo");
  const auto notes = as("ana").entities("note");
  const Json everything{{"secret", "s"}, {"open", 1}}, masked{{"open", 1}};
  const auto mask = [&] {
    world.define_role(
        reader_role(Json::array(), {{{"entityType", "note"}, {"fieldPath", "data.secret"}, {"maskType", "hide"}}}));
  };
  const auto unmask = [&] { world.define_role(reader_role()); };
  for (int i = 0; i < 3; ++i) CHECK(notes.get(id).data() == everything);
  meanwhile = mask;
  CHECK(notes.get(id).data() == masked);
  meanwhile = unmask;
  CHECK(notes.list().front().data() == everything);
  // Somebody's commit that changes no rule.
  meanwhile = [&] { world.create("note", {{"open", 2}}); };
  CHECK(notes.count() == 2);
  // A refusal by rules that are gone is none.
  CHECK_ERROR(permission_denied, as("bo").entities("note").get(id));
  (void)world.user("bo", {"reader"});
  const auto as_bo = as("bo").entities("note");
  meanwhile = [&] { world.system().roles().remove("reader"); };
  CHECK_ERROR(permission_denied, as_bo.get(id));
}

TEST_CASE("a type that is made anew under its name has nothing of the old one", "[hostile][stale]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}});
  const EntityId id = world.create("note", {{"text", "old"}});
  const auto notes = world.system().entities("note");
  notes.remove(id);
  if (error_code_of([&] { world.system().entity_types().remove("note"); })) return;  // it is still needed: as good
  CHECK_ERROR(not_found, notes.list());
  world.define_type({{"slug", "note"}});
  CHECK(notes.count() == 0);
  CHECK_ERROR(not_found, notes.get(id));
  CHECK_ERROR(not_found, notes.update(id, {{"text", "new"}}));
}

TEST_CASE("an actor of one scope is of no other, whatever is made there", "[hostile][stale]") {
  World world(any_storage());
  for (const Environment environment : {Environment::development, Environment::production}) {
    world.define_type({{"slug", "note"}}, environment);
    world.define_role(reader_role(), environment);
  }
  const EntityId there = world.create("note", {{"text", "production"}}, Environment::production);
  const Session ana = world.user("ana", {"reader"});
  CHECK(ana.entities("note").list().empty());
  (void)world.user("ana", {"reader"}, Environment::production);  // now she has it there, too
  CHECK(ana.entities("note").list().empty());
  CHECK_ERROR(not_found, ana.entities("note").get(there));
}
