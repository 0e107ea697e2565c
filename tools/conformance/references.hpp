// The names that a scenario gives to its entities, and the ids that stand for them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "struere/core/id.hpp"
#include "struere/core/json.hpp"

namespace struere::conformance {

// Refs and ids, both ways. Ids sort in the order in which they were reserved.
class References {
 public:
  // The id of a ref. One that was not reserved gets the next id: it is that of an entity that is never made.
  const std::string& id_of(const std::string& ref);

  // The ref of an id; an id that is nobody's stays as it is.
  const std::string& ref_of(const std::string& id) const;

  // A value with each "@ref" in it, however deep, replaced by the id; and back again.
  Json resolved(Json value);
  Json shown(Json value) const;

 private:
  std::map<std::string, std::string, std::less<>> ids_;
  std::map<std::string, std::string, std::less<>> refs_;
};

// Hands out the id that was put in front, once; otherwise unique ids of a range that no ref is in.
class PreparedIds final : public IdSource {
 public:
  // Takes the id back at the end of its life, where nobody drew it.
  class InFront {
   public:
    InFront(PreparedIds& ids, std::string id) : ids_(ids) { ids_.set_front(std::move(id)); }
    ~InFront() { ids_.set_front(std::nullopt); }
    InFront(const InFront&) = delete;
    InFront& operator=(const InFront&) = delete;

   private:
    PreparedIds& ids_;
  };

  std::string next(long long now) override;

 private:
  void set_front(std::optional<std::string> id);

  std::mutex mutex_;
  std::optional<std::string> front_;
  std::uint64_t drawn_ = 0;
};

}  // namespace struere::conformance
