// An actor as events name it.
#pragma once

#include <string>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

struct ActorName {
  std::string type;  // "user"
  std::string id;

  friend bool operator==(const ActorName&, const ActorName&) = default;
};

}  // namespace struere
