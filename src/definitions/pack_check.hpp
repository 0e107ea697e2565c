// Whether a pack is right, beside its definitions.
#pragma once

#include <optional>
#include <vector>

#include "core/companion.hpp"
#include "definitions/shape.hpp"
#include "struere/definitions/pack.hpp"

namespace STRUERE_COMPANION_API struere {

const char* step_key(MigrationStep::Kind kind) noexcept;  // "addField"

// With their places in pack.yaml.
std::vector<ShapeFault> pack_faults(const Pack& pack);

// The fields that a migration of the pack renames or removes: masks may name them still. `pack` must outlive it.
HeldFields fields_of_migrations(const Pack& pack);

// Error{invalid_definition} with all faults, those of the definitions too.
void require_right(const Pack& pack);

}  // namespace struere
