#include "core/compiled_schemas.hpp"

#include <cstring>

#include "core/digest.hpp"

namespace struere {
namespace {

thread_local CompiledSchemas* schemas_of_this_thread = nullptr;

}  // namespace

CompiledSchemas::CompiledSchemas() : outer_(schemas_of_this_thread) { schemas_of_this_thread = this; }
CompiledSchemas::~CompiledSchemas() { schemas_of_this_thread = outer_; }

CompiledSchemas::Seal::Seal(bool seals) : before_(schemas_of_this_thread->is_sealed_) {
  schemas_of_this_thread->is_sealed_ = seals;
}
CompiledSchemas::Seal::~Seal() { schemas_of_this_thread->is_sealed_ = before_; }

std::size_t CompiledSchemas::DigestHash::operator()(const Digest& digest) const noexcept {
  std::size_t out = 0;
  std::memcpy(&out, digest.data(), sizeof out);
  return out;
}

std::shared_ptr<const JsonSchema> CompiledSchemas::keep(const Digest& key, std::shared_ptr<const JsonSchema> schema) {
  kept_bytes_ += schema->memory();
  while (compiled_.size() > 0 && (kept_bytes_ > most_kept_bytes || compiled_.size() == most_kept))
    kept_bytes_ -= compiled_.pop_oldest()->memory();
  return compiled_.put(key, std::move(schema));
}

std::shared_ptr<const JsonSchema> CompiledSchemas::compile(const std::string& schema) {
  const auto fresh = [&] { return std::make_shared<const JsonSchema>(parse_canonical_json(schema)); };
  if (!schemas_of_this_thread) return fresh();
  const Digest key = sha256(schema);
  const auto known = schemas_of_this_thread->outcomes_.find(key);
  if (known == schemas_of_this_thread->outcomes_.end()) {
    if (schemas_of_this_thread->is_sealed_) throw UncompiledSchema();
  } else if (const auto* const error = std::get_if<Error>(&known->second)) {
    throw Error(*error);
  }
  if (const auto* const kept = schemas_of_this_thread->compiled_.find(key)) return *kept;
  try {
    const auto compiled = fresh();
    schemas_of_this_thread->outcomes_.insert_or_assign(key, compiled->references());
    return schemas_of_this_thread->keep(key, compiled);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::invalid_definition) schemas_of_this_thread->outcomes_.insert_or_assign(key, error);
    throw;
  }
}

std::vector<ReferenceField> CompiledSchemas::references_of(const std::string& schema) {
  if (schemas_of_this_thread)
    if (const auto known = schemas_of_this_thread->outcomes_.find(sha256(schema));
        known != schemas_of_this_thread->outcomes_.end())
      if (const auto* const references = std::get_if<std::vector<ReferenceField>>(&known->second)) return *references;
  return compile(schema)->references();
}

}  // namespace struere
