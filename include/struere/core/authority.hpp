// Who may make a scope, an actor or a caller: the library, and nobody else (SPEC 1 and 2).
#pragma once

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

// A passkey. Functions that only the library may call take one. The class is declared here and defined in src/, so code
// outside the library has no object to pass; if it defines a class of this name itself, the functions notice that the
// object is not the library's own, and throw Error{permission_denied}.
class Authority;

}  // namespace struere
