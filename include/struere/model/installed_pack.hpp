// A pack that is installed in one scope: which version, what was customized, and how it came there.
#pragma once

#include <string>

#include "struere/core/clock.hpp"
#include "struere/core/json.hpp"

namespace struere {

struct InstalledPack {
  std::string pack_id;
  std::string version;              // semantic
  Json overrides = Json::object();  // customizations, which survive upgrades
  Json history = Json::array();     // [{"version", "at", "by"}], oldest first
  std::string installed_by;
  Timestamp installed_at = 0;
  Timestamp updated_at = 0;
};

// What the installed version ships, before customization. There is none where a pack was recorded without it.
struct PackDefinitions {
  std::string pack_id;
  Json definitions = Json::object();
};

}  // namespace struere
