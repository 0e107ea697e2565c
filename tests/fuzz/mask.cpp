// Masks: cut out of bytes they are what the reference makes of the value.
#include "fuzz/fuzz_target.hpp"
#include "storage/mask_splicer.hpp"
#include "struere/struere.hpp"

namespace struere::fuzz {
namespace {

std::vector<FieldPath> paths_of(const Json& node, const char* key) {
  std::vector<FieldPath> out;
  if (node.is_object() && node.contains(key) && node[key].is_array())
    for (const Json& text : node[key])
      if (text.is_string())
        if (const auto path = FieldPath::parse(text.get<std::string>()); path && path->is_data()) out.push_back(*path);
  return out;
}

}  // namespace

// A list of masks, {"visible": [path…], "hide": [path…], "redact": [path…], "with": any, "keepLast": 2}, and on the
// next line a row.
void mask(std::string_view bytes) {
  JsonFault fault;
  const auto list = parse_json(take_line(bytes), fault);
  const auto row = parse_json(bytes, fault);
  if (!list || !list->is_array() || list->size() > 4 || !row || !row->is_object()) return;
  std::vector<Mask> masks;
  for (const Json& node : *list) {
    Mask mask;
    if (node.is_object() && node.contains("visible")) mask.visible = paths_of(node, "visible");
    mask.hidden = paths_of(node, "hide");
    // One redaction for all paths of a mask: of two that cover an array alike, the contract does not say which applies.
    Redaction redaction;
    if (node.is_object() && node.contains("with")) redaction.replacement = node["with"];
    if (node.is_object() && node.contains("keepLast") && node["keepLast"].is_number_integer())
      redaction.keep_last = 1 + static_cast<int>(node["keepLast"].get<std::uint64_t>() % 32);
    for (const FieldPath& path : paths_of(node, "redact")) mask.redacted.emplace_back(path, redaction);
    masks.push_back(mask);
  }
  std::vector<const Mask*> all;
  for (const Mask& mask : masks) all.push_back(&mask);
  const std::string canonical = canonical_json(*row);
  for (const MaskPurpose purpose : {MaskPurpose::show, MaskPurpose::query}) {
    std::string spliced, again;
    MaskSplicer splicer(all, purpose);
    splicer.splice(canonical, spliced);
    splicer.splice(canonical, again);  // by the members that it knows by then
    require(spliced == again, "masked by the same splicer it is another: " + again);
    const Json reference = apply_masks(all, parse_canonical_json(canonical), purpose);
    require(spliced == canonical_json(reference), spliced + "\nrather than\n" + canonical_json(reference));
    if (all.empty()) require(reference.empty(), "without a grant something is shown");
    if (purpose == MaskPurpose::query)  // hiding twice is hiding once
      require(apply_masks(all, reference, purpose) == reference, "masked again it is another: " + spliced);
  }
}

}  // namespace struere::fuzz
