// What is the same for each selection under the same grants: made once, not for each call.
#pragma once

#include <functional>
#include <memory>

#include "core/bounded_cache.hpp"
#include "storage/sql/row_reader.hpp"
#include "storage/sql/selection_compiler.hpp"

namespace struere::postgres {

struct GrantView {
  explicit GrantView(std::shared_ptr<const Grants> of);

  std::shared_ptr<const Grants> grants;  // kept alive, because the groups point to their masks
  MaskGroups groups;
  RowReader reader;
  bool names_values;  // a predicate of a group names a value of the actor or of relations
};

// The views of one connection that were used last. One thread at a time may use it, as with the connection.
class GrantViews {
 public:
  std::shared_ptr<const GrantView> of(const std::shared_ptr<const Grants>& grants);

 private:
  static constexpr std::size_t most_known = 64;

  BoundedCache<const Grants*, std::shared_ptr<const GrantView>, std::hash<const Grants*>> known_{most_known};
};

}  // namespace struere::postgres
