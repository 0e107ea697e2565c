// The packs that are installed in one scope. Governed by policies on `packs`. It records packs without their content; a
// pack that was installed with its definitions (definitions/packs.hpp) is changed there, and is `conflict` here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/model/installed_pack.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

// Cheap, immutable, safe to share between threads. Each environment has its own installation of a pack.
class PackRepository {
 public:
  explicit PackRepository(Caller caller) : caller_(std::move(caller)) {}

  InstalledPack install(const std::string& pack_id, const std::string& version,
                        const Json& overrides = Json::object()) const;  // conflict if it is installed already
  InstalledPack upgrade(const std::string& pack_id, const std::string& version) const;  // adds it to the history
  InstalledPack customize(const std::string& pack_id, const Json& overrides) const;     // replaces the overrides
  void uninstall(const std::string& pack_id) const;
  InstalledPack get(const std::string& pack_id) const;
  std::vector<InstalledPack> list() const;  // by id

 private:
  Caller caller_;
};

}  // namespace struere
