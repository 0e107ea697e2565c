// The targets of a `$ref`: the schema itself, the schemas in it that have an `$id`, and their anchors.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "struere/core/json.hpp"

namespace struere::json_schema {

using ResourceId = std::size_t;

struct Target {
  const Json* json;
  std::string place;
};

class SchemaResources {
 public:
  explicit SchemaResources(const Json& root) : resources_{{"", {&root, ""}}} { by_uri_[""] = 0; }

  // Adds a schema with an `$id`, resolved against the resource that contains it; the `$id` of the root names the
  // whole schema. Returns nullopt if another schema has the same `$id`.
  std::optional<ResourceId> add(ResourceId within, std::string_view id, const Target& schema);

  // Returns false if the resource already has such an anchor.
  bool add_anchor(ResourceId resource, const std::string& name, const Target& schema) {
    return anchors_.emplace(std::pair(resource, name), schema).second;
  }

  // The resource that a reference leads to, and its decoded fragment; nullopt if the target is outside this schema.
  struct Destination {
    ResourceId resource;
    std::string fragment;
  };
  std::optional<Destination> resolve(ResourceId from, std::string_view reference) const;

  const Target& root_of(ResourceId resource) const { return resources_[resource].second; }
  const Target* find_anchor(ResourceId resource, const std::string& name) const;
  std::size_t size() const noexcept { return resources_.size(); }

 private:
  std::vector<std::pair<std::string, Target>> resources_;  // by URI, without fragment
  std::map<std::string, ResourceId> by_uri_;
  std::map<std::pair<ResourceId, std::string>, Target> anchors_;
};

}  // namespace struere::json_schema
