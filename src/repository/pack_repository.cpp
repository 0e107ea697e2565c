#include "struere/repository/pack_repository.hpp"

#include "repository/checks.hpp"
#include "repository/guarded_operation.hpp"
#include "storage/records.hpp"

namespace struere {
namespace {

InstalledPack require_pack(GuardedOperation& operation, const std::string& pack_id) {
  auto pack = find<InstalledPack>(operation.transaction(), "pack_id", pack_id);
  if (!pack) throw_not_found();
  return *std::move(pack);
}

// A pack whose definitions are stored must not be changed here: its record and its definitions would then differ.
InstalledPack require_record_alone(GuardedOperation& operation, const std::string& pack_id) {
  InstalledPack pack = require_pack(operation, pack_id);
  if (find<PackDefinitions>(operation.transaction(), "pack_id", pack_id))
    throw Error(ErrorCode::conflict,
                "this pack was installed with its definitions; change it with `struere packs`, or with Packs "
                "(definitions/packs.hpp)");
  return pack;
}

Json history_entry(GuardedOperation& operation, const std::string& version) {
  return {{"version", version}, {"at", operation.now()}, {"by", operation.actor().id()}};
}

void store(GuardedOperation& operation, InstalledPack& pack, const char* event) {
  pack.updated_at = operation.now();
  operation.transaction().update_records(RecordTable::installed_packs, {{"pack_id", {}, pack.pack_id}},
                                         {{"version", pack.version},
                                          {"overrides", to_value(pack.overrides)},
                                          {"history", to_value(pack.history)},
                                          {"updated_at", pack.updated_at}});
  operation.audit().append(event, canonical_json(Json{{"pack", pack.pack_id}, {"version", pack.version}}));
  operation.commit();
}

}  // namespace

InstalledPack PackRepository::install(const std::string& pack_id, const std::string& version,
                                      const Json& overrides) const {
  return guarded(caller_, Access::write, {"create", "packs"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::create, "packs");
    require_slug(pack_id, "a pack's id");
    require_name(version, "a pack's version");
    const InstalledPack pack{pack_id,
                             version,
                             require_json(overrides, Json::value_t::object, "`overrides`"),
                             Json::array({history_entry(operation, version)}),
                             caller_.actor().id(),
                             operation.now(),
                             operation.now()};
    if (!insert(operation.transaction(), pack))
      throw Error(ErrorCode::conflict, "this pack is installed in this environment; upgrade it");
    operation.audit().append("pack.installed", canonical_json(Json{{"pack", pack_id}, {"version", version}}));
    operation.commit();
    return pack;
  });
}

InstalledPack PackRepository::upgrade(const std::string& pack_id, const std::string& version) const {
  return guarded(caller_, Access::write, {"update", "packs"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::update, "packs");
    InstalledPack pack = require_record_alone(operation, pack_id);
    require_name(version, "a pack's version");
    pack.version = version;
    pack.history.push_back(history_entry(operation, version));
    store(operation, pack, "pack.upgraded");
    return pack;
  });
}

InstalledPack PackRepository::customize(const std::string& pack_id, const Json& overrides) const {
  return guarded(caller_, Access::write, {"update", "packs"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::update, "packs");
    InstalledPack pack = require_record_alone(operation, pack_id);
    pack.overrides = require_json(overrides, Json::value_t::object, "`overrides`");
    store(operation, pack, "pack.customized");
    return pack;
  });
}

void PackRepository::uninstall(const std::string& pack_id) const {
  guarded(caller_, Access::write, {"delete", "packs"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::remove, "packs");
    const InstalledPack pack = require_record_alone(operation, pack_id);
    operation.transaction().remove_records(RecordTable::installed_packs, {{"pack_id", {}, pack_id}});
    operation.audit().append("pack.uninstalled", canonical_json(Json{{"pack", pack_id}, {"version", pack.version}}));
    operation.commit();
  });
}

InstalledPack PackRepository::get(const std::string& pack_id) const {
  return guarded(caller_, Access::read, {"read", "packs"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "packs");
    return require_pack(operation, pack_id);
  });
}

std::vector<InstalledPack> PackRepository::list() const {
  return guarded(caller_, Access::read, {"list", "packs"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::list, "packs");
    return select<InstalledPack>(operation.transaction(), {{}, {}, {"pack_id"}});
  });
}

}  // namespace struere
