#include "core/memory_use.hpp"

namespace struere {

// A Json is nested at most json_max_depth deep.
std::size_t bytes_outside(const Json& value) {  // NOLINT(misc-no-recursion)
  std::size_t out = 0;
  if (const auto* const text = value.get_ptr<const Json::string_t*>())
    out += sizeof *text + bytes_of_allocation + bytes_outside(*text);
  if (const auto* const list = value.get_ptr<const Json::array_t*>()) {
    out += sizeof *list + bytes_of_allocation + bytes_of_elements(*list);
    for (const Json& element : *list) out += bytes_outside(element);
  }
  if (const auto* const object = value.get_ptr<const Json::object_t*>()) {
    out += sizeof *object + bytes_of_allocation;
    for (const auto& member : *object)
      out += sizeof member + bytes_of_map_node + bytes_outside(member.first) + bytes_outside(member.second);
  }
  return out;
}

}  // namespace struere
