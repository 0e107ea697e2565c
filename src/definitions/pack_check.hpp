// Checks a pack, except its definitions.
#pragma once

#include <optional>
#include <vector>

#include "core/companion.hpp"
#include "definitions/shape.hpp"
#include "struere/definitions/pack.hpp"

namespace STRUERE_COMPANION_API struere {

// The faults, with their places in pack.yaml.
std::vector<ShapeFault> pack_faults(const Pack& pack);

// The fields that a migration of the pack renames or removes. Masks may still name them. `pack` must outlive the
// result.
HeldFields fields_of_migrations(const Pack& pack);

// Throws Error{invalid_definition} with all faults, including those of the definitions.
void require_right(const Pack& pack);

}  // namespace struere
