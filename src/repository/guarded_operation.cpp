#include "repository/guarded_operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/single_line.hpp"
#include "storage/mask_splicer.hpp"
#include "storage/retry.hpp"

namespace struere {
namespace {

constexpr std::size_t longest_recorded_text = 200;

constexpr std::uint64_t quick_steps = 50'000;  // about 10 ms

// The text of a caller as an event can record it; null if it is empty, too long or not valid in JSON.
Json recordable(std::string_view text) {
  JsonFault fault;
  Json value = std::string(text.substr(0, longest_recorded_text));
  return !text.empty() && text.size() <= longest_recorded_text && canonical_json(value, fault) ? value : Json(nullptr);
}

}  // namespace

void record_denial(Engine& engine, const ActorContext& actor, const Attempt& attempt, const Error& denial) {
  if (engine.record_denials == DenialRecording::off) return;
  try {
    Json payload{{"action", attempt.action}, {"resource", recordable(attempt.resource)}};
    if (!attempt.id.empty()) payload["entityId"] = recordable(attempt.id);
    // The event names no entity, even if the caller did: an actor that may see the row need not see the denial.
    if (engine.record_denials == DenialRecording::each) {
      retried([&] {
        const auto transaction = engine.storage->begin(actor.scope(), Access::brief_write);
        EventAppender(*transaction, actor, *engine.ids, engine.time_of_write(*transaction))
            .append("access.denied", canonical_json(payload));
        transaction->commit();
      });
    } else {
      engine.denials.add(actor, payload);
    }
  } catch (const Error& failure) {
    throw denial.with_message(
        fmt::format("{} (and the denial could not be recorded: {})", denial.what(), failure.what()));
  }
}

void throw_not_found() {
  throw Error(ErrorCode::not_found,
              "there is no such thing here; check the id, the type and the environment of the key");
}

GuardedOperation::GuardedOperation(Engine& engine, const ActorContext& actor, Access access, bool may_presume,
                                   const FirstLookups& first)
    : engine_(engine),
      actor_(actor),
      presumed_at_(is_write(access) ? std::nullopt : engine.storage->commit_stamp()),
      owned_(is_write(access) && !first.empty() ? engine.storage->begin_at(actor.scope(), access, first)
                                                : engine.storage->begin(actor.scope(), access)),
      transaction_(owned_.get()),
      by_clock_(engine.clock->now()),
      now_(is_write(access) ? std::max(by_clock_, transaction_->last_time()) : by_clock_),
      is_write_(is_write(access)),
      work_(own_work_),
      metered_(*transaction_, work_) {
  if (may_presume)
    compiled_ = presumed_at_ ? engine.compiled_as_of(*presumed_at_, actor.scope()) : engine.last_known(actor.scope());
  presumes_ = compiled_ != nullptr;
  if (presumes_) return;
  compiled_ = engine.compiled(*transaction_, actor.scope());
  // The rules belong to the stamp only if the stamp was equal before and after the read.
  if (presumed_at_ && presumed_at_ == engine.storage->commit_stamp())
    engine.keep_as_of(*presumed_at_, actor.scope(), compiled_);
  presumed_at_.reset();
}

GuardedOperation::GuardedOperation(UnitOfWork& unit, const ActorContext& actor)
    : engine_(unit.engine()),
      actor_(actor),
      unit_(&unit),
      transaction_(&unit.transaction()),
      by_clock_(unit.by_clock()),
      now_(unit.now()),
      is_write_(true),
      work_(unit.work()),
      metered_(*transaction_, work_),
      compiled_(unit.compiled()) {}

void GuardedOperation::commit() {
  if (!has_event_) transaction_->note_time(now_);
  if (owned_) owned_->commit();
}

bool GuardedOperation::rules_stand() {
  return !presumes_ || (presumed_at_ && presumed_at_ == engine_.storage->commit_stamp()) ||
         transaction_->generation() == rules().generation();
}

bool GuardedOperation::rules_stood() noexcept {
  try {
    return rules_stand();
  } catch (const std::exception&) {  // the transaction has failed, and its error is the answer
    return true;
  }
}

std::shared_ptr<const AccessPlan> GuardedOperation::require(Action action, const std::string& type) {
  auto allowed = plan(action, type);
  if (!allowed->decision()) throw Error(ErrorCode::permission_denied, allowed->decision().reason());
  return allowed;
}

void GuardedOperation::require_resource(Action action, std::string_view resource) {
  const Decision decision = decide(rules(), actor_, action, resource);
  if (!decision) throw Error(ErrorCode::permission_denied, decision.reason());
}

void GuardedOperation::require_unrestricted(const char* what) {
  if (is_narrowed()) throw Error(ErrorCode::permission_denied, fmt::format("a restricted tool may not {}", what));
}

void GuardedOperation::require_admin(const char* what) {
  // If a restricted tool could redefine permissions, it could remove its own restriction.
  require_unrestricted(what);
  if (!actor_.passes_policies())
    throw Error(ErrorCode::permission_denied, fmt::format("only system actors and org admins may {}", what));
}

void GuardedOperation::require_host_or_admin(const char* what) {
  // A tool in development acts as the system there, so it could change the tool permissions that production shares.
  if (actor_.restriction() || actor_.cascade_depth() > 0)
    throw Error(ErrorCode::permission_denied, fmt::format("a tool may not {}, whoever it acts as", what));
  require_admin(what);
}

void GuardedOperation::spend(std::int64_t entries) {
  if (!is_write_) return;
  std::int64_t& spent = actor_.type() == ActorType::system ? own_work_.entries : work_.entries;
  spent += entries;
  if (spent <= most_entries_of_a_write) return;
  if (actor_.type() != ActorType::system)
    throw Error(
        ErrorCode::permission_denied,
        fmt::format(
            "this would go through more than {} entities, relations or events while all writers wait; that is for "
            "the host to do, as the system actor",
            most_entries_of_a_write));
  if (!work_.holds_writers)
    throw Error(
        ErrorCode::conflict,
        fmt::format("this would go through more than {} entities, relations or events while all writers wait; set "
                    "`hold_writers` at a time when they may wait",
                    most_entries_of_a_write));
}

std::shared_ptr<const JsonSchema> GuardedOperation::schema(const EntityType& type) {
  if (auto kept = schema_if_compiled(type)) return kept;
  auto compiled = compiled_->schema(type);
  if (!is_write_) return compiled;
  work_.steps_of_compiling += compiled->steps_of_compiling();
  if (work_.steps_of_compiling > JsonSchema::most_steps)
    throw Error(ErrorCode::invalid_data,
                fmt::format("compiling the schemas of the types that are written takes more than {} steps while all "
                            "writers wait; write to fewer types at a time",
                            JsonSchema::most_steps));
  return compiled;
}

EarlierCheck SlowCheck::run() const { return {type.schema, data, compiled->schema(type)->validate(data)}; }

std::optional<SchemaFault> GuardedOperation::fault_in(const EntityType& type, const Json& data) {
  if (checks_apart_) {
    if (earlier_ && earlier_->schema == type.schema && earlier_->data == data) return earlier_->fault;
    const auto known = schema_if_compiled(type);
    std::uint64_t left = quick_steps;
    auto fault = known ? known->validate(data, left) : std::nullopt;
    if (!known || (fault && fault->keyword.empty())) throw SlowCheck{compiled_, type, data};
    return fault;
  }
  const bool is_first = work_.steps_left == JsonSchema::most_steps;
  auto fault = schema(type)->validate(data, work_.steps_left);
  if (fault && fault->keyword.empty() && !is_first)
    throw Error(
        ErrorCode::invalid_data,
        fmt::format(
            "checking the rows of one write or transaction against their schema takes more than {} steps while all "
            "writers wait; write fewer rows at a time",
            JsonSchema::most_steps));
  return fault;
}

void GuardedOperation::resize_definition(const std::string& kind, const std::string& name, std::size_t bytes) {
  if (!sizes_) sizes_ = compiled_->sizes();
  const bool grows = bytes > sizes_->of(kind, name);
  sizes_->set(kind, name, bytes);
  if (grows && sizes_->sum() > most_definition_bytes)
    throw Error(ErrorCode::invalid_definition,
                fmt::format("the entity types, roles and triggers of a scope are at most {} MiB together; remove one "
                            "first, or make it smaller",
                            most_definition_bytes >> 20));
}

bool GuardedOperation::is_narrowed() const noexcept {
  return actor_.restriction() && !actor_.restriction()->is_empty();
}

void GuardedOperation::require_own_roles(const std::vector<std::string>& names) {
  if (is_narrowed() && !names.empty())
    throw Error(ErrorCode::permission_denied, "a restricted tool cannot give roles, which would not be restricted");
  for (const std::string& name : names)
    if (!actor_.passes_policies() && std::ranges::find(actor_.roles(), name, &ActorRole::name) == actor_.roles().end())
      throw Error(ErrorCode::permission_denied, "an actor can give only roles that it has");
}

void GuardedOperation::require_known_roles(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (!rules().roles().contains(name))
      throw Error(ErrorCode::invalid_data,
                  fmt::format("this environment has no role {}; define it first, or name another", in_quotes(name)));
}

const EntityType& GuardedOperation::require_type(const std::string& slug) {
  const EntityType* type = rules().find_type(slug);
  if (!type) throw_not_found();
  return *type;
}

std::vector<const Mask*> GuardedOperation::admitting_masks(const AccessPlan& plan, const StoredEntity& row) {
  if (row.deleted) return {};
  const Grants& grants = *plan.grants();
  const bool admit_all =
      std::ranges::all_of(grants, [](const Grant& grant) { return grant.predicate.kind() == Predicate::Kind::always; });
  // The data of a row that others refer to need not be parsed for that.
  if (admit_all) return admitting(grants, RowFields(), values(), relations());
  return admitting_masks(plan, row, fields_of(row));
}

std::vector<const Mask*> GuardedOperation::admitting_masks(const AccessPlan& plan, const StoredEntity& row,
                                                           const RowFields& fields) {
  if (row.deleted) return {};
  return admitting(*plan.grants(), fields, values(), relations());
}

bool GuardedOperation::in_read_view(const StoredEntity& row, const std::string& type) {
  return !admitting_masks(*plan(Action::read, type), row).empty();
}

bool GuardedOperation::is_accepted_reference(const std::string& type, const std::string& id) {
  spend_steps(1);
  return accepted_.contains({type, id});
}

void GuardedOperation::forget_lookups() noexcept {
  metered_.forget();
  accepted_.clear();
}

std::optional<StoredEntity> GuardedOperation::find_readable(const std::string& id) {
  spend_steps(steps_of_lookup);
  auto row = transaction_->find_entity(id);
  if (!row) return std::nullopt;
  // It is copied, and parsed if a rule looks at its data.
  spend_steps(row->data.size() / 4);
  for (const EntityType& type : rules().types())
    if (type.key == row->type) return in_read_view(*row, type.slug) ? std::move(row) : std::nullopt;
  return std::nullopt;
}

namespace {

// Equals masked_row() of the interpreter, but masks the bytes of the row instead of parsing them.
EntityRow shown_row(std::span<const Mask* const> masks, const StoredEntity& row) {
  std::string data;
  MaskSplicer(masks, MaskPurpose::show).splice(row.data, data);
  EntityRow out{EntityId(row.id), SharedText(std::move(data)), row.version, {}, {}, {}, {}};
  const auto show = [&](FieldPath::Root root, const Json& value) {
    if (auto shown = apply_masks(masks, root, value, MaskPurpose::show)) show_attribute(out, root, *std::move(shown));
  };
  show(FieldPath::Root::status, row.status);
  show(FieldPath::Root::created_at, row.created_at);
  show(FieldPath::Root::updated_at, row.updated_at);
  return out;
}

}  // namespace

Written GuardedOperation::written(const StoredEntity& row, const RowFields& fields, const std::string& type) {
  const auto masks = admitting_masks(*plan(Action::read, type), row, fields);
  if (masks.empty()) return {EntityId(row.id), std::nullopt};
  return {EntityId(row.id), Entity(type, shown_row(masks, row))};
}

namespace {

void require_may(const ActorContext& actor, Access access) {
  if (is_write(access) && !actor.may_write())
    throw Error(ErrorCode::permission_denied,
                "this session may only read as this actor; impersonate it with `may_write` to write");
}

}  // namespace

void run_guarded(const Caller& caller, Access access, const Attempt& attempt, OperationBody body) {
  if (UnitOfWork* const unit = caller.unit())
    return unit->run(caller, attempt, [&](GuardedOperation& operation) {
      require_may(caller.actor(), access);
      if (is_write(access)) unit->require_writable();
      body.call(body.body, operation);
    });
  Engine& engine = caller.engine();
  require_no_unit(engine);
  try {
    require_may(caller.actor(), access);
    retried([&] {
      for (bool may_presume = !is_write(access);; may_presume = false) {
        GuardedOperation operation(engine, caller.actor(), access, may_presume, attempt.first);
        try {
          body.call(body.body, operation);
          if (operation.rules_stand()) return;
        } catch (const Error& error) {
          if (error.is_retryable() || operation.rules_stood()) throw;
        }
      }
    });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::permission_denied) record_denial(engine, caller.actor(), attempt, error);
    throw;
  }
}

}  // namespace struere
