#include "core/json_schema/schema_resources.hpp"

#include <algorithm>

#include "core/json_schema/schema_location.hpp"
#include "core/uri.hpp"

namespace struere::json_schema {

std::optional<ResourceId> SchemaResources::add(ResourceId within, std::string_view id, const Target& schema) {
  std::string uri = resolve_uri(resources_[within].first, id);
  uri.resize(std::min(uri.find('#'), uri.size()));
  if (schema.json == resources_[0].second.json) {
    by_uri_.erase(resources_[0].first);
    by_uri_[uri] = 0;
    resources_[0].first = std::move(uri);
    return 0;
  }
  if (!by_uri_.emplace(uri, resources_.size()).second) return std::nullopt;
  resources_.emplace_back(std::move(uri), schema);
  return resources_.size() - 1;
}

std::optional<SchemaResources::Destination> SchemaResources::resolve(ResourceId from,
                                                                     std::string_view reference) const {
  std::string uri = resolve_uri(resources_[from].first, reference);
  const auto hash = std::min(uri.find('#'), uri.size());
  const auto found = by_uri_.find(uri.substr(0, hash));
  auto fragment = percent_decoded(std::string_view(uri).substr(std::min(hash + 1, uri.size())));
  if (found == by_uri_.end() || !fragment) return std::nullopt;
  return Destination{found->second, *std::move(fragment)};
}

const Target* SchemaResources::find_anchor(ResourceId resource, const std::string& name) const {
  const auto found = anchors_.find({resource, name});
  return found == anchors_.end() ? nullptr : &found->second;
}

}  // namespace struere::json_schema
