#include "storage/sql/field_key.hpp"

#include "core/json_scan.hpp"
#include "query/field_key.hpp"

namespace struere {

std::string key_of(const FieldKey& key, std::string_view data) {
  std::string out;
  for (const std::string& path : key.inner) append_field_key(out, find_in_canonical(data, path));
  return out;
}

}  // namespace struere
