#include "server/pack_json.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "server/plan_options.hpp"
#include "server/refusal.hpp"

namespace struere::server {
namespace {

using Kind = MigrationStep::Kind;

constexpr std::array step_kinds{Kind::add_field, Kind::remove_field, Kind::rename_field, Kind::add_type,
                                Kind::modify_schema};

[[noreturn]] void refuse_pack(const std::string& detail) { throw Refusal(400, "malformed_request", detail); }

std::string text_in(const Json& json, const char* name, bool is_required) {
  const auto found = json.find(name);
  if (found == json.end() && !is_required) return {};
  if (found == json.end() || !found->is_string())
    refuse_pack(std::string("a pack or step needs the text `") + name + "`");
  return found->get<std::string>();
}

MigrationStep read_step(const Json& json) {
  if (!json.is_object() || json.size() != 1) refuse_pack("a step of a migration has one member, such as addField");
  const std::string& word = json.begin().key();
  const Json& step = json.begin().value();
  const auto* const known = std::ranges::find(step_kinds, word, [](Kind each) { return to_string(each); });
  if (known == step_kinds.end()) refuse_pack("there is no such step of a migration: " + word);
  if (step.is_string()) return {*known, step.get<std::string>()};
  if (!step.is_object()) refuse_pack("a step of a migration is an object, or the slug of a type");
  return {*known, text_in(step, "entityType", true), text_in(step, "field", false), text_in(step, "to", false),
          step.value("value", Json())};
}

}  // namespace

Pack read_pack(std::string_view text) {
  const BodyObject json(text, {"id", "version", "name", "description", "definitions", "migrations"});
  Pack out{json.required_string("id"),
           json.required_string("version"),
           json.string("name").value_or(""),
           json.string("description").value_or(""),
           definitions_in(json, Kinds::some).value_or(DefinitionSet()),
           {}};
  const Json migrations = json.json("migrations").value_or(Json::array());
  if (!migrations.is_array()) refuse_pack("`migrations` must be an array");
  for (const Json& migration : migrations) {
    if (!migration.is_object()) refuse_pack("a migration must be an object with from, to and steps");
    Migration& one =
        out.migrations.emplace_back(Migration{text_in(migration, "from", true), text_in(migration, "to", true), {}});
    const Json steps = migration.value("steps", Json::array());
    if (!steps.is_array()) refuse_pack("`steps` must be an array");
    for (const Json& step : steps) one.steps.push_back(read_step(step));
  }
  return out;
}

}  // namespace struere::server
