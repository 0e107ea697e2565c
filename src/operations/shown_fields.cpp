#include "operations/shown_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>

#include "access/schema_fields.hpp"
#include "struere/access/definition.hpp"
#include "struere/access/rule_book.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

using Place = std::vector<std::string>;

constexpr std::size_t most_found = 20;

class ShownFields {
 public:
  explicit ShownFields(const Session& system)
      : system_(system),
        now_(0, system.entity_types().list(), system.roles().list(), system.entity_types().former_names()) {}

  std::vector<ShownField> run() {
    read_past();
    for (const EntityType& type : now_.types()) look_at(type);
    std::vector<ShownField> out;
    for (auto& [key, field] : found_) out.push_back(std::move(field));
    return out;
  }

 private:
  // Reads all earlier masks from the log, by role and type.
  void read_past() {
    each_event({.type_prefix = "role."}, [&](const Event& event) {
      if (event.type() != "role.created" && event.type() != "role.updated") return;
      try {
        const RoleRecord record = read_role(event.payload(), now_.types());
        const RuleBook book(0, now_.types(), {record}, now_.former_names());
        for (const auto& [slug, on_type] : book.roles().at(record.name).types)
          if (!on_type.mask.empty()) past_[{slug, record.name}].push_back(on_type.mask);
      } catch (const Error&) {  // the event names a type that does not exist any more
      }
    });
  }

  void look_at(const EntityType& type) {
    struct Viewer {
      const std::string& role;
      const Mask& now;
      const std::vector<Mask>& past;
    };
    static const Mask no_mask;
    std::vector<Viewer> viewers;
    for (const auto& [key, masks] : past_) {
      const auto role = now_.roles().find(key.second);
      if (key.first != type.slug || role == now_.roles().end() || !may_read(role->second, type.slug)) continue;
      const auto on_type = role->second.types.find(type.slug);
      const Mask& now = on_type == role->second.types.end() ? no_mask : on_type->second.mask;
      if (std::ranges::any_of(masks, [&](const Mask& mask) { return mask != now; }))
        viewers.push_back({role->first, now, masks});
    }
    if (viewers.empty()) return;
    const Json schema = parse_canonical_json(type.schema);
    const auto look = [&](const Json& data, std::int64_t ShownField::*count) {
      Place place;
      each_leaf(data, place, [&](const Json& value) {
        if (!properties_without(schema, place)) return;
        for (const Viewer& viewer : viewers) {
          const int shown = exposure(viewer.now, place, value.is_array());
          if (std::ranges::any_of(viewer.past,
                                  [&](const Mask& mask) { return exposure(mask, place, value.is_array()) < shown; }))
            count_field(viewer.role, type.slug, fmt::format("data.{}", fmt::join(place, ".")), count);
        }
      });
    };
    Query query{.order = {{"createdAt"}}, .limit = 100};
    do {
      const EntityPage page = system_.entities(type.slug).list(query);
      for (const Entity& row : page) look(row.data(), &ShownField::rows);
      query.after = page.next();
    } while (query.after);
    each_event({.type_prefix = type.slug + "."}, [&](const Event& event) {
      if (!event.entity()) return;
      const Json payload = event.payload();
      for (const char* const member : {"data", "changes", "previousData"})
        if (payload.contains(member) && payload.at(member).is_object())
          return look(payload.at(member), &ShownField::events);
    });
  }

  static bool may_read(const Role& role, const std::string& type) {
    const RolePolicies alone{role.name, role.policies};
    return decide(std::span(&alone, 1), Action::read, type).allowed() ||
           decide(std::span(&alone, 1), Action::list, type).allowed();
  }

  static void each_leaf(const Json& object, Place& place, const std::function<void(const Json&)>& visit) {
    for (const auto& [key, value] : object.items()) {
      place.push_back(key);
      if (value.is_object() && !value.empty())
        each_leaf(value, place, visit);
      else
        visit(value);
      place.pop_back();
    }
  }

  void each_event(EventQuery query, const std::function<void(const Event&)>& visit) {
    query.limit = 500;
    do {
      EventPage page = system_.events().list(query);
      for (const Event& event : page.events) visit(event);
      query.after = std::move(page.next);
    } while (query.after);
  }

  void count_field(const std::string& role, const std::string& type, const std::string& path,
                   std::int64_t ShownField::*count) {
    const std::vector<std::string> key{role, type, path};
    if (found_.size() >= most_found && !found_.contains(key)) return;
    auto [field, is_new] = found_.try_emplace(key, ShownField{role, type, path});
    ++(field->second.*count);
  }

  const Session& system_;
  RuleBook now_;
  std::map<std::pair<std::string, std::string>, std::vector<Mask>> past_;
  std::map<std::vector<std::string>, ShownField> found_;
};

}  // namespace

std::vector<ShownField> find_shown_fields(const Session& system) { return ShownFields(system).run(); }

}  // namespace struere
