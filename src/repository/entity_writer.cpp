#include "repository/entity_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/single_line.hpp"
#include "repository/checks.hpp"
#include "repository/definition_writer.hpp"
#include "repository/event_purge.hpp"
#include "repository/kept_answers.hpp"
#include "repository/log_verifier.hpp"
#include "struere/spi/unique_key.hpp"

namespace struere {
namespace {

[[noreturn]] void invalid_data(const std::string& message) { throw Error(ErrorCode::invalid_data, message); }

// Only a tool's permission can deny an actor that passes policies, and such an actor may learn which fields it
// denies. Other actors need explain().
[[noreturn]] void denied_by_grants(const ActorContext& actor, const AccessPlan& plan, const Json& written,
                                   bool status_asked) {
  if (actor.passes_policies())
    for (const Grant& grant : *plan.grants())
      if (const auto masked = masked_in_write(grant.mask, written, status_asked); !masked.empty())
        throw Error(ErrorCode::permission_denied,
                    fmt::format("the tool's permission denies what is written: {}", fmt::join(masked, ", ")));
  throw Error(
      ErrorCode::permission_denied,
      "no single grant of the actor's roles admits the row as it would be and leaves every written field unmasked; an "
      "org admin can ask explain() for the reason");
}

void check_status(const std::string& status) {
  JsonFault fault;
  if (status.empty()) invalid_data("`status` is a non-empty text");
  if (status == "deleted") invalid_data("only remove() sets the status `deleted`");
  if (!canonical_json(Json(status), fault)) invalid_data("`status` cannot be stored: " + fault.message);
}

// Calls `visit` with each value at `place`, where "*" stands for every array element. Skips what a patch removes.
template <class Visit>
void each_value(const Json& value, std::span<const std::string> place, bool is_patch, const Visit& visit) {
  if (place.empty()) return visit(value);
  const auto rest = place.subspan(1);
  if (place.front() == "*") {
    if (value.is_array())
      for (const Json& element : value) each_value(element, rest, false, visit);  // a patch replaces whole arrays
  } else if (value.is_object()) {
    const auto member = value.find(place.front());
    if (member == value.end() || (is_patch && member->is_null())) return;
    each_value(*member, rest, is_patch, visit);
  }
}

// Whether the written JSON holds the whole value at `place`, so that no stored part of that value remains.
bool writes_whole(const Json& written, std::span<const std::string> place, bool is_patch) {
  const Json* at = &written;
  for (const std::string& segment : place) {
    if (!at->is_object()) return true;  // inside an array or another value that is written as a whole
    const auto member = at->find(segment);
    if (member == at->end()) return false;
    at = &*member;
  }
  return !is_patch || !at->is_object();
}

// The place tells a stale version from other conflicts, which reading again does not cure.
void require_version(const StoredEntity& row, const std::optional<std::int64_t>& version) {
  if (version && *version != row.version)
    throw Error(ErrorCode::conflict, "the row has changed since that version; read it again and repeat the change")
        .at("version");
}

// A merge patch that changes `before` into `after`, except that a merge patch cannot set a value to null.
Json merge_patch_between(const Json& before, const Json& after) {
  Json out = Json::object();
  for (const auto& [key, value] : before.items())
    if (!after.contains(key)) out[key] = nullptr;
  for (const auto& [key, value] : after.items()) {
    const auto known = before.find(key);
    if (known == before.end() || !known->is_object() || !value.is_object()) {
      if (known == before.end() || *known != value) out[key] = value;
    } else if (*known != value) {
      out[key] = merge_patch_between(*known, value);
    }
  }
  return out;
}

}  // namespace

Written EntityWriter::create(const WrittenJson& input, const CreateOptions& options) {
  const StoredRow row = insert(input, options);
  return operation_.written(row.entity, row.fields, type_);
}

EntityWriter::StoredRow EntityWriter::insert(const WrittenJson& input, const CreateOptions& options,
                                             References references) {
  const auto plan = operation_.require(Action::create, type_);
  const EntityType& type = operation_.require_type(type_);
  if (options.id || options.created_at) operation_.require_admin("choose the id or the time of an entity");

  auto [written, text] = input.object("`data`");
  if (options.status) check_status(*options.status);
  if (options.id) require_name(options.id->str(), "the id of an entity");
  if (options.created_at && (*options.created_at < 0 || *options.created_at > operation_.now()))
    invalid_data("`createdAt` must not be in the future, nor before 1970");

  StoredEntity row;
  row.type = type.key;
  row.id = options.id ? options.id->str() : input.id_of_new([&] { return operation_.new_id(); });
  row.data = std::move(text);
  row.status = options.status.value_or("active");
  row.updated_at = operation_.now();
  row.created_at = options.created_at.value_or(row.updated_at);
  row.version = 1;
  RowFields fields = fields_of(row, std::move(written));
  const Json& data = fields.data;
  const Grant* const grant = find_writing_grant(*plan->grants(), nullptr, fields, data, options.status.has_value(),
                                                operation_.values(), operation_.relations());
  if (!grant) denied_by_grants(operation_.actor(), *plan, data, options.status.has_value());

  const auto* const prepared = input.fault_by(operation_.rules(), type);
  if (const auto fault = prepared ? *prepared : operation_.fault_in(type, data))
    refuse_data(*fault, data, grant->mask, nullptr);
  if (references == References::with_row) require_references(type, data, false);
  if (options.id && operation_.transaction().find_entity(row.id))
    throw Error(ErrorCode::conflict, "an entity with this id is there already, or was and is deleted");

  operation_.transaction().insert_entity(row);
  if (type.bound_to_role) operation_.forget_lookups();  // it may be an actor's own entity
  std::string payload = R"({"data":)" + row.data;
  if (options.status) append_json_string(payload.append(R"(,"status":)"), row.status);
  operation_.audit().append(type_ + ".created", payload.append("}"), row.id);
  operation_.observer().created(operation_, type_, row);
  return {std::move(row), std::move(fields)};
}

void EntityWriter::expect(const std::vector<const Json*>& data) {
  const EntityType* const type = operation_.rules().find_type(type_);
  if (type && !type->unique.empty()) operation_.transaction().expect_entities(type->key, data);
}

void EntityWriter::add_references(std::vector<std::string>& ids, const std::vector<const Json*>& data, bool is_patch) {
  const EntityType* const type = operation_.rules().find_type(type_);
  // It is not compiled for a hint: whether the actor may write at all is not known yet.
  if (const auto schema = type ? operation_.schema_if_compiled(*type) : nullptr)
    for (const ReferenceField& field : schema->references())
      for (const Json* const written : data)
        each_value(*written, field.place, is_patch, [&](const Json& value) {
          if (value.is_string()) ids.push_back(value.get_ref<const std::string&>());
        });
}

Written EntityWriter::update(const std::string& id, const WrittenJson& input, const UpdateOptions& options) {
  const auto plan = operation_.require(Action::update, type_);
  const EntityType& type = operation_.require_type(type_);
  const auto [before, old_fields] = require_row(type, id, *plan);
  require_version(before, options.version);

  const CanonicalObject object = input.object("the patch");
  const Json& patch = object.value;
  if (options.status) check_status(*options.status);

  StoredEntity after = before;
  after.status = options.status.value_or(before.status);
  after.updated_at = operation_.now();
  after.version = before.version + 1;
  RowFields new_fields = fields_of(after, old_fields.data);
  new_fields.data.merge_patch(patch);
  const Json& data = new_fields.data;
  const Grant* const grant =
      find_writing_grant(*plan->grants(), &old_fields, new_fields, patch, options.status.has_value(),
                         operation_.values(), operation_.relations());
  if (!grant) denied_by_grants(operation_.actor(), *plan, patch, options.status.has_value());

  JsonFault fault;
  const auto canonical = canonical_json(data, fault);
  if (!canonical) invalid_data("the row as it would be cannot be stored: " + fault.message);
  after.data = *canonical;
  if (const auto wrong = operation_.fault_in(type, data)) refuse_data(*wrong, patch, grant->mask, &before);
  require_references(type, patch, true);

  operation_.transaction().update_entity(after);
  if (type.bound_to_role)
    operation_.forget_lookups();
  else
    operation_.forget_reference(type_, id);
  std::string payload = R"({"changes":)" + object.text + R"(,"previousData":)" + before.data;
  if (options.status) {
    append_json_string(payload.append(R"(,"previousStatus":)"), before.status);
    append_json_string(payload.append(R"(,"status":)"), after.status);
  }
  operation_.audit().append(type_ + ".updated", payload.append("}"), id);
  operation_.observer().updated(operation_, type_, after, before);
  return operation_.written(after, new_fields, type_);
}

void EntityWriter::remove(const std::string& id, const RemoveOptions& options) {
  const auto plan = operation_.require(Action::remove, type_);
  const EntityType& type = operation_.require_type(type_);
  const StoredEntity before = require_row(type, id, *plan).entity;
  require_version(before, options.version);
  StoredEntity row = before;
  row.status = "deleted";
  row.deleted = true;
  row.updated_at = operation_.now();
  ++row.version;
  operation_.transaction().update_entity(row);
  operation_.forget_lookups();
  operation_.audit().append(type_ + ".deleted", R"({"previousData":)" + before.data + "}", id);
  operation_.observer().removed(operation_, type_, row, before);
}

Upserted EntityWriter::upsert(const UniqueKey& key, const WrittenJson& input,
                              const std::function<void(Action)>& phase) {
  const auto creation = operation_.require(Action::create, type_);
  phase(Action::update);
  const auto change = operation_.require(Action::update, type_);
  phase(Action::create);
  const EntityType& type = operation_.require_type(type_);
  if (std::ranges::find(type.unique, key) == type.unique.end())
    throw Error(
        ErrorCode::invalid_query,
        fmt::format("`{}` has no such unique key; give the paths of one of its keys, in the same order", type_));
  const CanonicalObject written = input.object("`data`");
  if (!unique_value(key, written.value))
    invalid_data(fmt::format("`data` must hold a value other than null at {}", quoted_paths(key)));
  const auto may_name = [&](const Grant& grant) {
    return std::ranges::none_of(key, [&](const std::string& path) {
      const FieldPath field = *FieldPath::parse("data." + path);
      return masks_written_leaf(grant.mask, field.segments());
    });
  };
  if (std::ranges::none_of(*creation->grants(), may_name))
    denied_by_grants(operation_.actor(), *creation, written.value, false);

  const auto id = operation_.transaction().find_by_key(type.key, key, written.value);
  if (!id) return {create(input, {}), true};
  phase(Action::update);
  const auto row = operation_.transaction().find_entity(*id);
  if (operation_.admitting_masks(*change, *row).empty() && !operation_.in_read_view(*row, type_)) throw_key_taken(key);
  return {update(*id, input, {}), false};
}

Written EntityWriter::restore(const std::string& id, References references) {
  operation_.require_admin("restore rows");
  const EntityType& type = operation_.require_type(type_);
  StoredEntity row = require_stored(type, id);
  if (!row.deleted) throw Error(ErrorCode::conflict, "this row is not deleted; there is nothing to restore");
  RowFields fields = fields_of(row);
  const Json& data = fields.data;
  if (const auto fault = operation_.fault_in(type, data)) refuse_data(*fault, data, Mask{}, nullptr);
  if (references == References::with_row) require_references(type, data, false, id);
  row.status = "active";
  row.deleted = false;
  row.updated_at = operation_.now();
  ++row.version;
  operation_.transaction().update_entity(row);
  operation_.forget_lookups();
  operation_.audit().append(type_ + ".restored", "{}", id);
  fields.status = row.status;
  fields.updated_at = row.updated_at;
  return operation_.written(row, fields, type_);
}

void EntityWriter::require_references_of(const std::string& id) {
  const EntityType& type = operation_.require_type(type_);
  require_references(type, parse_canonical_json(require_stored(type, id).data), false);
}

void EntityWriter::purge(const std::string& id) {
  operation_.require_admin("purge rows");
  require_stored(operation_.require_type(type_), id);
  operation_.audit().append(type_ + std::string(purged_suffix), "{}", id);
  operation_.spend(count_of(operation_.transaction(), RecordTable::trigger_runs, {{"entity_id", {}, id}}) +
                   operation_.transaction().count_ends(id, most_entries_of_a_write + 1));
  purge_payloads(operation_, id);
  forget_answers(operation_);
  operation_.transaction().purge_entity(id);
  operation_.forget_lookups();
}

void EntityWriter::migrate(const StoredEntity& before, const Json& data) {
  JsonFault fault;
  const auto canonical = canonical_json(data, fault);
  if (!canonical) invalid_data("the row as it would be cannot be stored: " + fault.message);
  StoredEntity after = before;
  after.data = *canonical;
  after.updated_at = operation_.now();
  ++after.version;
  operation_.transaction().update_entity(after);
  operation_.forget_lookups();
  const Json changes = merge_patch_between(parse_canonical_json(before.data), data);
  operation_.audit().append(type_ + ".updated",
                            R"({"changes":)" + canonical_json(changes) + R"(,"previousData":)" + before.data + "}",
                            before.id);
}

EntityWriter::StoredRow EntityWriter::require_row(const EntityType& type, const std::string& id,
                                                  const AccessPlan& plan) {
  auto row = operation_.transaction().find_entity(id);
  if (!row || row->type != type.key || row->deleted) throw_not_found();
  RowFields fields = fields_of(*row);
  if (!operation_.admitting_masks(plan, *row, fields).empty()) return {*std::move(row), std::move(fields)};
  if (!operation_.in_read_view(*row, type_)) throw_not_found();
  throw Error(ErrorCode::permission_denied,
              "the actor may see this row, but no grant of its roles admits it for this action; an org admin can ask "
              "explain() for the reason");
}

void EntityWriter::refuse_data(const SchemaFault& fault, const Json& written, const Mask& mask,
                               const StoredEntity* before) {
  const std::string message = fmt::format("the row as it would be does not match the schema of `{}`", type_);
  const std::string place = fmt::format("data{}{}", fault.place.empty() ? "" : ".", fmt::join(fault.place, "."));
  // The description of the fault may quote any field of the row, so only an actor that sees all of the row gets it.
  const auto sees_all = [&](const StoredEntity& row) {
    return std::ranges::any_of(operation_.admitting_masks(*operation_.plan(Action::read, type_), row), &Mask::empty);
  };
  if (mask.empty() && (!before || sees_all(*before)))
    throw Error(ErrorCode::invalid_data, fmt::format("{}: `{}`: {}", message, shown_place(place), fault.description))
        .at(place);
  if (fault.place.empty() || !writes_whole(written, fault.place, before != nullptr)) invalid_data(message);
  throw Error(ErrorCode::invalid_data,
              fmt::format("{}: `{}`: the value does not match the schema", message, shown_place(place)))
      .at(place);
}

StoredEntity EntityWriter::require_stored(const EntityType& type, const std::string& id) {
  auto row = operation_.transaction().find_entity(id);
  if (!row || row->type != type.key) throw_not_found();
  return *std::move(row);
}

// Whether the actor's view shows the status of the row. If it does not, a refusal must not reveal the status.
bool EntityWriter::sees_status(const StoredEntity& row, const std::string& type) {
  const auto masks = operation_.admitting_masks(*operation_.plan(Action::read, type), row);
  return apply_masks(masks, FieldPath::Root::status, row.status, MaskPurpose::query).has_value();
}

void EntityWriter::require_references(const EntityType& type, const Json& written, bool is_patch,
                                      std::string_view self) {
  auto schema = operation_.schema_if_compiled(type);
  // One that was given up is not compiled under the write lock only to learn that it has no such field.
  if (!schema && type.schema.find(R"("references")") == std::string::npos) return;
  if (!schema) schema = operation_.schema(type);
  for (const ReferenceField& field : schema->references()) {
    each_value(written, field.place, is_patch, [&](const Json& value) {
      if (!self.empty() && field.type == type.slug && value.is_string() && value.get_ref<const std::string&>() == self)
        return;
      if (value.is_string() && operation_.is_accepted_reference(field.type, value.get_ref<const std::string&>()))
        return;
      const EntityType* target = operation_.rules().find_type(field.type);
      const auto row =
          target && value.is_string() ? operation_.find_readable(value.get_ref<const std::string&>()) : std::nullopt;
      if (row && row->type == target->key && (row->status == "active" || !sees_status(*row, field.type))) {
        operation_.accept_reference(field.type, value.get_ref<const std::string&>());
        return;
      }
      throw Error(ErrorCode::invalid_reference,
                  fmt::format("`{}` must hold the id of an active `{}` that the actor may read",
                              fmt::join(field.place, "."), field.type))
          .at(fmt::format("data.{}", fmt::join(field.place, ".")));
    });
  }
}

}  // namespace struere
