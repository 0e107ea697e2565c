// A pack that is installed in one scope: its version, customizations and history.
#pragma once

#include <string>

#include "struere/core/clock.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

struct InstalledPack {
  std::string pack_id;
  std::string version;              // semantic
  Json overrides = Json::object();  // customizations, which survive upgrades
  Json history = Json::array();     // [{"version", "at", "by"}], oldest first
  std::string installed_by;
  Timestamp installed_at = 0;
  Timestamp updated_at = 0;
};

// The definitions of the installed version, before customization. Missing if a pack was recorded without them.
struct PackDefinitions {
  std::string pack_id;
  Json definitions = Json::object();
};

}  // namespace struere
