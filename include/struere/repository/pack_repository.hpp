// Which packs are installed in one scope. Governed by policies on `packs`. What is in a pack is none of its business:
// one that was installed with its definitions (definitions/packs.hpp) is changed there, and `conflict` here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/model/installed_pack.hpp"
#include "struere/repository/caller.hpp"

namespace struere {

// Cheap, immutable, safe to share between threads. Each environment has its own installation of a pack.
class PackRepository {
 public:
  explicit PackRepository(Caller caller) : caller_(std::move(caller)) {}

  InstalledPack install(const std::string& pack_id, const std::string& version,
                        const Json& overrides = Json::object()) const;  // conflict where it is installed already
  InstalledPack upgrade(const std::string& pack_id, const std::string& version) const;  // into its history as well
  InstalledPack customize(const std::string& pack_id, const Json& overrides) const;     // replaces the overrides
  void uninstall(const std::string& pack_id) const;
  InstalledPack get(const std::string& pack_id) const;
  std::vector<InstalledPack> list() const;  // by id

 private:
  Caller caller_;
};

}  // namespace struere
