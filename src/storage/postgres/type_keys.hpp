// What is kept beside the rows of an entity type: its field keys, unique keys and search fields.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/bounded_cache.hpp"
#include "core/mutex.hpp"
#include "storage/postgres/work.hpp"
#include "storage/sql/field_key.hpp"
#include "struere/spi/unique_key.hpp"

namespace struere::postgres {

struct StoredKey {  // a unique key
  std::int64_t number;
  UniqueKey paths;
};

struct TypeKeys {
  FieldKeys fields;  // being built, or whole
  std::vector<StoredKey> unique;
  std::vector<FieldPath> search;
};

TypeKeys read_type_keys(Work& work, std::int64_t scope, EntityTypeKey type);

FieldKey parse_field_key(std::int64_t number, std::string_view fields, bool is_whole);

// What committed transactions left, by the generation that they left it with. Safe to use from many threads.
class TypeKeyCache {
 public:
  struct Known {
    std::uint64_t generation;
    std::shared_ptr<const TypeKeys> keys;
  };

  // As they were known last; nullopt if they never were.
  std::optional<Known> find(std::int64_t scope, EntityTypeKey type);
  void put(std::int64_t scope, EntityTypeKey type, std::uint64_t generation, std::shared_ptr<const TypeKeys> keys);

 private:
  using Place = std::pair<std::int64_t, EntityTypeKey>;
  struct PlaceHash {
    std::size_t operator()(const Place& place) const noexcept {
      return std::hash<std::int64_t>()(place.first * 1'000'003 + place.second);
    }
  };
  static constexpr std::size_t most_known = 4096;

  Mutex mutex_;
  BoundedCache<Place, Known, PlaceHash> known_ STRUERE_GUARDED_BY(mutex_){most_known};
};

}  // namespace struere::postgres
