#include "storage/sqlite/selection_compiler.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "storage/sqlite/predicate_compiler.hpp"

namespace struere {
namespace {

// '1' where the predicate of a group is true of the row, for each group, as one text.
std::string bits_expression(PredicateCompiler& compiler, const MaskGroups& groups, const RowSource& row) {
  std::vector<std::string> parts;
  for (const Predicate& predicate : groups.predicates)
    parts.push_back(fmt::format("CASE WHEN {} THEN '1' ELSE '0' END", compiler.compile(predicate, row)));
  return joined(parts, " || ", "''");
}

std::string admits(PredicateCompiler& compiler, const MaskGroups& groups, const RowSource& row) {
  std::vector<std::string> parts;
  for (const Predicate& predicate : groups.predicates) parts.push_back(compiler.compile(predicate, row));
  return joined(parts, " OR ", "0");
}

// A row's fields as the view shows them to a query.
class ViewSource final : public RowSource {
 public:
  ViewSource(const RowSource& stored, const MaskGroups& groups, std::string bits, std::string view_data)
      : stored_(stored), groups_(groups), bits_(std::move(bits)), view_data_(std::move(view_data)) {}

  std::string id() const override { return stored_.id(); }

  std::optional<std::string> data(const FieldPath& field) const override {
    switch (visible(field)) {
      case Visibility::clear: return stored_.data(field);
      case Visibility::gone: return std::nullopt;
      case Visibility::mixed: return view_data_;
    }
    return std::nullopt;
  }

  std::optional<std::string> attribute(const FieldPath& field) const override {
    switch (visible(field)) {
      case Visibility::clear: return stored_.attribute(field);
      case Visibility::gone: return std::nullopt;
      case Visibility::mixed: break;
    }
    // The value where some group that admits the row leaves it clear.
    std::vector<std::string> clear;
    for (std::size_t i = 0; i < groups_.masks.size(); ++i)
      if (visibility(*groups_.masks[i], field) == Visibility::clear)
        clear.push_back(fmt::format("substr({}, {}, 1) = '1'", bits_, i + 1));
    return fmt::format("CASE WHEN {} THEN {} END", joined(clear, " OR ", "0"), *stored_.attribute(field));
  }

  const std::string& whole_data() const noexcept { return view_data_; }

  // Whether all groups agree, so that no row needs to be looked at.
  Visibility visible(const FieldPath& field) const {
    const Visibility first = groups_.masks.empty() ? Visibility::gone : visibility(*groups_.masks.front(), field);
    const bool agreed =
        std::ranges::all_of(groups_.masks, [&](const Mask* mask) { return visibility(*mask, field) == first; });
    return agreed ? first : Visibility::mixed;
  }

 private:
  const RowSource& stored_;
  const MaskGroups& groups_;
  std::string bits_, view_data_;
};

// How one key of the order is written and compared.
struct OrderColumn {
  std::string expression;
  bool descending;
  bool is_attribute;  // the column itself, of integers or texts that are always there; otherwise a sort key, a blob
};

class SelectCompiler {
 public:
  // A count has no rows to mask: it works out which groups admit a row only where the query looks at a field that they
  // mask.
  SelectCompiler(const Selection& selection, const std::optional<std::string>& candidates, bool with_rows)
      : selection_(selection), predicates_(out_.parameters) {
    out_.groups = std::make_shared<MaskGroups>(*selection.grants);
    const MaskGroups& groups = *out_.groups;
    const std::string type = parameter(selection.type);
    where_ = fmt::format("e.scope_id = ?1 AND e.type_key = {} AND e.deleted_at IS NULL", type);
    from_ = "entities e";
    if (candidates) {
      // CROSS JOIN: the candidates first, and then each row by its key.
      from_ = fmt::format("entity_search({}) s CROSS JOIN entities e", parameter(*candidates));
      where_ += " AND s.scope_id = ?1 AND e.id = s.entity_id";
    }
    if (selection.id) where_ += fmt::format(" AND e.id = {}", parameter(Slot{Slot::Value::id, Slot::Form::text}));
    where_ += fmt::format(" AND {}", admits(predicates_, groups, stored_));
    if (groups.single()) {
      bits_ = "'1'";
    } else if (with_rows || looks_at_mixed(false)) {
      // Worked out once for each row, and named, so that the expressions that need it do not hold it.
      from_ = fmt::format(
          "(SELECT e.id, e.data, e.version, e.status, e.created_at, e.updated_at, {} AS bits FROM {} WHERE {}) e",
          bits_expression(predicates_, groups, stored_), from_, where_);
      where_ = "1";
      bits_ = "e.bits";
    }
    std::string view_data;
    if (looks_at_mixed(true)) {
      out_.query_view = std::make_shared<ViewMasks>(groups.masks, MaskPurpose::query);
      view_data = fmt::format("struere_view({}, e.data, {})",
                              parameter(Pointer{out_.query_view.get(), view_masks_kind}), bits_);
    }
    view_ = std::make_unique<ViewSource>(stored_, groups, bits_, std::move(view_data));
    if (selection.filter.kind() != Predicate::Kind::always)
      where_ += fmt::format(" AND {}", predicates_.compile(selection.filter, *view_));
    if (selection.search) add_search();
  }

  CompiledSelection select() {
    const std::vector<OrderColumn> columns = order_columns();
    std::string key_list, order;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const OrderColumn& column = columns[i];
      key_list += fmt::format(", {}", column.expression);
      out_.key_columns.push_back(7 + static_cast<int>(i));
      order += fmt::format("{}{}{}", i == 0 ? " ORDER BY " : ", ", column.expression, column.descending ? " DESC" : "");
    }
    if (selection_.after) where_ += fmt::format(" AND {}", after(columns));
    const std::string limit = parameter(Slot{Slot::Value::limit, Slot::Form::integer});
    out_.sql = fmt::format(
        "{}SELECT e.id, e.data, e.version, e.status, e.created_at, e.updated_at, {}{} FROM {} WHERE {}{} LIMIT {}",
        predicates_.with(), bits_, key_list, from_, where_, order, limit);
    return std::move(out_);
  }

  CompiledSelection count() {
    out_.sql = fmt::format("{}SELECT count(*) FROM {} WHERE {}", predicates_.with(), from_, where_);
    return std::move(out_);
  }

  CompiledSelection count_up_to(std::int64_t most) {
    const std::string limit = parameter(most);
    out_.sql = fmt::format("{}SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT {})", predicates_.with(), from_,
                           where_, limit);
    return std::move(out_);
  }

 private:
  std::string parameter(SelectionParameter value) { return predicates_.parameter(std::move(value)); }

  // Whether the filter, the order or the search looks at a field that is neither plainly visible nor plainly hidden.
  bool looks_at_mixed(bool data_only) const {
    const ViewSource probe(stored_, *out_.groups, {}, {});
    const auto mixed = [&](const FieldPath& field) {
      return (field.is_data() || !data_only) && probe.visible(field) == Visibility::mixed;
    };
    return any_field(selection_.filter, mixed) ||
           std::ranges::any_of(selection_.order, [&](const OrderKey& key) { return mixed(key.field); }) ||
           (selection_.search &&
            !std::ranges::all_of(out_.groups->masks, [](const Mask* mask) { return mask->empty(); }));
  }

  template <class Test>
  static bool any_field(const Predicate& predicate, const Test& test) {
    if (predicate.kind() == Predicate::Kind::comparison) return test(predicate.field());
    return std::ranges::any_of(predicate.parts(), [&](const Predicate& part) { return any_field(part, test); });
  }

  void add_search() {
    const std::string data = out_.query_view ? view_->whole_data() : "e.data";
    where_ += fmt::format(" AND struere_search({}, {})", parameter(Pointer{&*selection_.search, search_kind}), data);
  }

  std::vector<OrderColumn> order_columns() const {
    std::vector<OrderColumn> out;
    for (const OrderKey& key : selection_.order) {
      const bool clear = view_->visible(key.field) == Visibility::clear;
      if (!key.field.is_data() && clear) {
        out.push_back({*stored_.attribute(key.field), key.descending, true});
      } else if (!key.field.is_data()) {
        out.push_back({fmt::format("struere_value_key({})", view_->attribute(key.field).value_or("NULL")),
                       key.descending, false});
      } else {
        const auto data = view_->data(key.field);
        out.push_back({data ? fmt::format("struere_key({})", json_at(*data, key.field)) : "struere_key(NULL)",
                       key.descending, false});
      }
    }
    return out;
  }

  // The rows past a position. Where the keys are columns in one direction, a row value, which an index can seek.
  std::string after(const std::vector<OrderColumn>& columns) {
    std::vector<std::string> bounds;
    for (std::size_t i = 0; i < columns.size(); ++i) bounds.push_back(bound(columns[i], i));
    const bool plain = std::ranges::all_of(columns, [&](const OrderColumn& column) {
      return column.is_attribute && column.descending == columns.front().descending;
    });
    if (plain) {
      std::string names;
      for (const OrderColumn& column : columns) names += (names.empty() ? "" : ", ") + column.expression;
      return fmt::format("({}) {} ({})", names, columns.front().descending ? "<" : ">", fmt::join(bounds, ", "));
    }
    // Past in the first key that differs.
    std::vector<std::string> alternatives, equal;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::vector<std::string> parts = equal;
      parts.push_back(fmt::format("{} {} {}", columns[i].expression, columns[i].descending ? "<" : ">", bounds[i]));
      alternatives.push_back(joined(parts, " AND ", "1"));
      equal.push_back(fmt::format("{} = {}", columns[i].expression, bounds[i]));
    }
    return joined(alternatives, " OR ", "0");
  }

  std::string bound(const OrderColumn& column, std::size_t key) {
    return parameter(Slot{Slot::Value::position, column.is_attribute ? Slot::Form::column : Slot::Form::sort_key, key});
  }

  const Selection& selection_;
  CompiledSelection out_;
  PredicateCompiler predicates_;
  StoredSource stored_{"e"};
  std::unique_ptr<ViewSource> view_;
  std::string from_, where_, bits_;
};

}  // namespace

MaskGroups::MaskGroups(const Grants& grants) {
  std::vector<std::vector<Predicate>> parts;
  for (const Grant& grant : grants) {
    const auto same = std::ranges::find_if(masks, [&](const Mask* mask) { return *mask == grant.mask; });
    const auto at = static_cast<std::size_t>(same - masks.begin());
    if (same == masks.end()) {
      masks.push_back(&grant.mask);
      parts.emplace_back();
    }
    parts[at].push_back(grant.predicate);
  }
  for (auto& group : parts) predicates.push_back(Predicate::any(std::move(group)));
}

CompiledSelection compile_select(const Selection& selection, const std::optional<std::string>& candidates) {
  return SelectCompiler(selection, candidates, true).select();
}

CompiledSelection compile_count(const Selection& selection, const std::optional<std::string>& candidates) {
  return SelectCompiler(selection, candidates, false).count();
}

CompiledSelection compile_count_up_to(const Selection& selection, std::int64_t most) {
  return SelectCompiler(selection, std::nullopt, false).count_up_to(most);
}

CompiledEvents compile_events(const EventSelection& selection) {
  CompiledEvents out;
  PredicateCompiler predicates(out.parameters);
  for (const EventSelection::TypeGrants& type : selection.types) out.groups.emplace_back(*type.grants);
  const auto visible = [&](const char* alias) {
    const StoredSource row(alias);
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < selection.types.size(); ++i)
      parts.push_back(fmt::format("({}.type_key = {} AND {})", alias, predicates.parameter(selection.types[i].type),
                                  admits(predicates, out.groups[i], row)));
    return joined(parts, " OR ", "0");
  };
  std::string bits = "''";
  if (!selection.types.empty()) {
    bits = "CASE e.type_key";
    for (std::size_t i = 0; i < selection.types.size(); ++i)
      bits += fmt::format(" WHEN {} THEN {}", predicates.parameter(selection.types[i].type),
                          bits_expression(predicates, out.groups[i], StoredSource("e")));
    bits += " END";
  }
  std::string where = fmt::format("v.scope_id = ?1 AND v.sequence > {}", predicates.parameter(selection.after));
  if (selection.entity) where += fmt::format(" AND v.entity_id = {}", predicates.parameter(*selection.entity));
  if (selection.type) where += fmt::format(" AND v.type = {}", predicates.parameter(*selection.type));
  if (selection.type_prefix)
    where += fmt::format(" AND substr(v.type, 1, {}) = {}",
                         predicates.parameter(static_cast<std::int64_t>(selection.type_prefix->size())),
                         predicates.parameter(*selection.type_prefix));
  if (selection.actor_id) where += fmt::format(" AND v.actor_id = {}", predicates.parameter(*selection.actor_id));
  if (selection.since) where += fmt::format(" AND v.created_at >= {}", predicates.parameter(*selection.since));
  if (selection.until) where += fmt::format(" AND v.created_at < {}", predicates.parameter(*selection.until));
  where += fmt::format(" AND ({} OR ({} AND (v.other_end_id IS NULL OR {})))",
                       selection.others ? "v.entity_id IS NULL" : "0", visible("e"), visible("o"));
  out.sql = fmt::format(
      "{}SELECT v.sequence, v.id, v.type, v.entity_id, v.other_end_id, v.actor_type, v.actor_id, v.payload, "
      "v.created_at, e.type_key, {} "
      "FROM events v LEFT JOIN entities e ON e.scope_id = ?1 AND e.id = v.entity_id "
      "LEFT JOIN entities o ON o.scope_id = ?1 AND o.id = v.other_end_id "
      "WHERE {} ORDER BY v.sequence LIMIT {}",
      predicates.with(), bits, where, predicates.parameter(selection.limit));
  return out;
}

std::string field_index_name(const FieldPath& field) { return "entities_by_" + field.str(); }

std::string field_index_sql(const FieldPath& field) {
  return fmt::format("CREATE INDEX \"{}\" ON entities(scope_id, type_key, {}, deleted_at, created_at DESC, id DESC)",
                     field_index_name(field), json_at("data", field));
}

CompiledLookup compile_own_entity(const OwnEntity& own) {
  CompiledLookup out;
  PredicateCompiler predicates(out.parameters);
  const std::string name = predicates.own_entity(own);
  out.sql = fmt::format("{}SELECT id FROM {}", predicates.with(), name);
  return out;
}

CompiledLookup compile_related_ids(const std::string& id, const Hop& hop) {
  CompiledLookup out;
  PredicateCompiler predicates(out.parameters);
  const std::string name = predicates.far_ends("= " + predicates.parameter(id), hop);
  out.sql = fmt::format("{}SELECT id FROM {} ORDER BY id", predicates.with(), name);
  return out;
}

}  // namespace struere
