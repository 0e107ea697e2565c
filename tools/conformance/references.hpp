// The names (refs) that a scenario gives to its entities, and the ids that they stand for.
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

// Maps refs to ids and back. Ids sort in the order in which they were reserved.
class References {
 public:
  References();
  // Ids begin with this.
  explicit References(std::string range) : range_(std::move(range)) {}

  // The id of a ref. A ref that was not reserved gets the next id, which belongs to an entity that is never made.
  const std::string& id_of(const std::string& ref);

  // The ref was given to an entity with this id, in place of the one that was reserved.
  void learn(const std::string& ref, const std::string& id);

  // The ref of an id. An id without a ref is returned unchanged.
  const std::string& ref_of(const std::string& id) const;

  // resolved() replaces each "@ref" in a value, at any depth, by its id; shown() does the reverse.
  Json resolved(Json value);
  Json shown(Json value) const;

 private:
  std::string range_;
  std::map<std::string, std::string, std::less<>> ids_;
  std::map<std::string, std::string, std::less<>> refs_;
};

// Returns the prepared id once; otherwise unique ids of a range that no ref uses.
class PreparedIds final : public IdSource {
 public:
  // Removes the prepared id in its destructor if it was not used.
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
