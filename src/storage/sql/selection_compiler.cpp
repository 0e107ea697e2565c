#include "storage/sql/selection_compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "core/json_scan.hpp"
#include "storage/sql/key_access.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {
namespace {

// One text with a character for each group: '1' if the predicate of the group is true of the row, otherwise '0'.
std::string bits_expression(PredicateCompiler& compiler, const MaskGroups& groups, const RowSource& row) {
  std::vector<std::string> parts;
  for (const Predicate& predicate : groups.predicates)
    parts.push_back(fmt::format("CASE WHEN {} THEN '1' ELSE '0' END", compiler.compile(predicate, row)));
  return joined(parts, " || ", "''");
}

std::string admits(PredicateCompiler& compiler, const MaskGroups& groups, const RowSource& row) {
  std::vector<std::string> parts;
  for (const Predicate& predicate : groups.predicates) parts.push_back(compiler.compile(predicate, row));
  return joined(parts, " OR ", compiler.dialect().no);
}

// The fields of a row as the view shows them to a query.
class ViewSource final : public RowSource {
 public:
  ViewSource(const Dialect& dialect, const RowSource& stored, const MaskGroups& groups, std::string bits,
             std::string view_data)
      : no_(dialect.no), stored_(stored), groups_(groups), bits_(std::move(bits)), view_data_(std::move(view_data)) {}

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
    // The value if some group that admits the row leaves it clear, otherwise NULL.
    std::vector<std::string> clear;
    for (std::size_t i = 0; i < groups_.masks.size(); ++i)
      if (visibility(*groups_.masks[i], field) == Visibility::clear)
        clear.push_back(fmt::format("substr({}, {}, 1) = '1'", bits_, i + 1));
    return fmt::format("CASE WHEN {} THEN {} END", joined(clear, " OR ", no_), *stored_.attribute(field));
  }

  const std::string& whole_data() const noexcept { return view_data_; }

  // The visibility on which all groups agree, or `mixed` if they differ, so that it depends on the row.
  Visibility visible(const FieldPath& field) const {
    const Visibility first = groups_.masks.empty() ? Visibility::gone : visibility(*groups_.masks.front(), field);
    const bool agreed =
        std::ranges::all_of(groups_.masks, [&](const Mask* mask) { return visibility(*mask, field) == first; });
    return agreed ? first : Visibility::mixed;
  }

 private:
  std::string_view no_;
  const RowSource& stored_;
  const MaskGroups& groups_;
  std::string bits_, view_data_;
};

// How one key of the order is written and compared.
struct OrderColumn {
  std::string expression;
  bool descending;
  bool is_attribute;  // true: the column itself, an integer or text that is never NULL; false: a sort key, a blob
};

class SelectCompiler {
 public:
  // A count has no rows to mask. It computes which groups admit a row only if the query uses a field that they mask.
  SelectCompiler(const Dialect& dialect, const Selection& selection, KeySource* keys, const Lead& lead, bool with_rows)
      : dialect_(dialect), selection_(selection), lead_(lead), predicates_(dialect, out_.parameters, keys) {
    predicates_.bind_literals(selection.filter);
    if (selection.id) predicates_.expect_one_row();
    if (selection.ids) predicates_.expect_few_rows();
    out_.groups = std::make_shared<MaskGroups>(*selection.grants);
    const MaskGroups& groups = *out_.groups;
    const std::string type = parameter(selection.type);
    row_ = fmt::format("e.scope_id = ?1 AND e.type_key = {} AND e.deleted_at IS NULL", type);
    from_ = "entities e";
    // CROSS JOIN makes SQLite read what leads to the rows first, and then each row by its key.
    if (lead.search) {
      from_ = fmt::format("{} s CROSS JOIN entities e",
                          fmt::format(fmt::runtime(dialect.search_matches), parameter(*lead.search)));
      row_ += " AND s.scope_id = ?1 AND e.id = s.entity_id";
    } else if (keys && !selection.id && !selection.ids) {
      use_key(*keys, type, with_rows);
    }
    if (with_rows) leave_equalities_to_reader();
    if (selection.ids) {
      from_ = fmt::format("{} CROSS JOIN entities e", fmt::format(fmt::runtime(dialect.asked_texts),
                                                                  parameter(Slot{Slot::Value::ids, Slot::Form::json})));
      row_ += " AND e.id = asked.value";
    }
    if (selection.id) row_ += fmt::format(" AND e.id = {}", parameter(Slot{Slot::Value::id, Slot::Form::text}));
    row_ += fmt::format(" AND {}", admits(predicates_, groups, stored_));
    where_ = key_ + row_;
    if (groups.single()) {
      bits_ = "'1'";
    } else if (with_rows || looks_at_mixed(false)) {
      // The bits are computed once for each row and named, so that the expressions that need them do not repeat them.
      from_ =
          fmt::format("(SELECT e.id, e.data, e.version, e.status, {}, e.updated_at, {} AS bits{} FROM {} WHERE {}) e",
                      access_ ? "k.created_at" : "e.created_at", bits_expression(predicates_, groups, stored_),
                      access_ ? ", k.key, k.id AS key_id" : "", from_, where_);
      where_ = dialect.yes;
      bits_ = "e.bits";
      if (access_) in_key_ = {"e.key", "e.created_at", "e.key_id"};
    }
    std::string view_data;
    if (looks_at_mixed(true)) {
      out_.query_view = std::make_shared<ViewMasks>(groups.masks, MaskPurpose::query);
      view_data = fmt::format("{}({}, e.data, {})", dialect.view,
                              parameter(Pointer{out_.query_view.get(), view_masks_kind}), bits_);
    }
    view_ = std::make_unique<ViewSource>(dialect, stored_, groups, bits_, std::move(view_data));
    if (selection.filter.kind() != Predicate::Kind::always)
      filter_ = fmt::format(" AND {}", predicates_.compile(selection.filter, *view_));
    if (selection.search) add_search();
    where_ += filter_;
  }

  CompiledSelection select() {
    const std::vector<OrderColumn> columns = order_columns();
    constexpr int bits_column = 6;
    const int first_key_column = out_.groups->single() ? bits_column : bits_column + 1;
    int computed = 0;
    std::string computed_keys, order;
    // The key has the order of its last field, except for values that are cut.
    if (access_ && access_->is_in_order)
      order = fmt::format(" ORDER BY {}{}", in_key_.key, selection_.order.front().descending ? " DESC" : "");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const OrderColumn& column = columns[i];
      if (column.is_attribute) {
        out_.key_columns.push_back(column_of(selection_.order[i].field.root()));
      } else {
        out_.key_columns.push_back(first_key_column + computed++);
        computed_keys += fmt::format(", {}", column.expression);
      }
      order += fmt::format("{}{}{}", order.empty() ? " ORDER BY " : ", ", column.expression,
                           column.descending ? " DESC" : "");
    }
    if (selection_.after) where_ += fmt::format(" AND {}", after(columns));
    std::string limit;
    if (out_.required.empty())
      limit = fmt::format(" LIMIT {}", parameter(Slot{Slot::Value::limit, Slot::Form::integer}));
    out_.sql = fmt::format("{}SELECT e.id, e.data, e.version, e.status, {}, e.updated_at{}{} FROM {} WHERE {}{}{}",
                           predicates_.with(), access_ ? in_key_.created_at : "e.created_at",
                           out_.groups->single() ? "" : ", " + bits_, computed_keys, from_, where_, order, limit);
    out_.sql = dialect_.finish(std::move(out_.sql));
    return std::move(out_);
  }

  CompiledSelection count() {
    if (is_all_in_key()) {
      // Counts the keys. Reads the row of a key only if the key could also stand for other values; if all keys are
      // equal, that is decided once.
      const std::string key = access_->is_full() ? KeyCondition(predicates_, *access_).only_key() : "k.key";
      out_.sql = fmt::format(
          "{}SELECT count(*) FROM entity_keys k WHERE {}({}({}) OR EXISTS (SELECT 1 FROM entities e WHERE {}{}))",
          predicates_.with(), key_, dialect_.key_is_exact, key, row_, filter_);
    } else {
      out_.sql = fmt::format("{}SELECT count(*) FROM {} WHERE {}", predicates_.with(), from_, where_);
    }
    out_.sql = dialect_.finish(std::move(out_.sql));
    return std::move(out_);
  }

  CompiledSelection count_up_to(std::int64_t most) {
    const std::string limit = parameter(most);
    out_.sql = fmt::format("{}SELECT count(*) FROM (SELECT 1 FROM {} WHERE {} LIMIT {})", predicates_.with(), from_,
                           where_, limit);
    out_.sql = dialect_.finish(std::move(out_.sql));
    return std::move(out_);
  }

 private:
  std::string parameter(SelectionParameter value) { return predicates_.parameter(std::move(value)); }

  // Finds the rows by a field key, if one fits the conditions on the stored rows.
  void use_key(KeySource& keys, const std::string& type, bool with_rows) {
    const ViewSource probe(dialect_, stored_, *out_.groups, {}, {});
    const auto is_clear = [&](const FieldPath& field) { return probe.visible(field) == Visibility::clear; };
    if (out_.groups->predicates.size() == 1) conditions_ = conditions_of(out_.groups->predicates.front());
    for (const Predicate* const condition : conditions_of(selection_.filter))
      if (is_clear(condition->field())) conditions_.push_back(condition);
    keys_ = keys.keys_of(selection_.type);
    is_by_time_ = is_by_time(selection_.order) &&
                  std::ranges::all_of(selection_.order, [&](const OrderKey& key) { return is_clear(key.field); });
    const std::vector<OrderKey> order = with_rows ? selection_.order : std::vector<OrderKey>();
    access_ = choose_key(*keys_, conditions_, order, is_clear, lead_.walks);
    note_leads(keys, order, is_clear);
    if (!access_) {
      if (order.empty() || !is_by_time_) use_keys_of_alternatives(type, is_clear);
      return;
    }
    key_ = fmt::format("k.scope_id = ?1 AND k.type_key = {} AND k.key_no = {} AND {} AND ", type,
                       parameter(access_->key->number), KeyCondition(predicates_, *access_).compile());
    from_ = "entity_keys k CROSS JOIN entities e";
    row_ += " AND e.row_no = k.row_no AND e.id = k.id";
    in_key_ = {"k.key", "k.created_at", "k.id"};
    out_.key = *access_->key;
  }

  // Leads are worth trying unless the statement reads no more than it has to: the rows of a page in their order, or
  // those that a key counts, under no condition that leads elsewhere.
  void note_leads(KeySource& keys, const std::vector<OrderKey>& order,
                  const std::function<bool(const FieldPath&)>& is_clear) {
    std::vector<const Predicate*> answered;
    const bool is_page = !order.empty();
    if (access_ && (!is_page || access_->has_order(order))) answered = access_->answered();
    if (!access_ && (!is_page || is_by_time_))
      for (const Predicate* const condition : conditions_)
        if (condition->field().root() == FieldPath::Root::created_at) answered.push_back(condition);
    LeadCompiler leads(dialect_, selection_, keys, is_clear);
    out_.leads = leads.compile(out_.groups->predicates, answered);
    if (!out_.leads.empty() && access_ && !(access_->list && has_long_list(*access_->list)))
      out_.own_rows = leads.by_key(*access_, few_rows + 1);
    out_.may_walk = is_page && access_ && !access_->has_order(order) &&
                    (is_by_time_ || choose_key(*keys_, conditions_, order, is_clear, true));
  }

  // The key has found the rows by their values, and the rows come in the order of the page. The reader compares the
  // values again while it masks a row, which saves a scan of the row for each of them.
  void leave_equalities_to_reader() {
    if (!access_ || !access_->is_full() || !out_.groups->single() || !is_by_time_) return;
    for (const Predicate* const condition : access_->equal) {
      const std::vector<std::string>& segments = condition->field().segments();
      const bool is_value = condition->operand().kind != Operand::Kind::own_entity;
      if (!is_value || segments.size() != 1 || out_.required.size() == MemberCheck::most ||
          std::ranges::find(out_.required, segments.front(), &RequiredMember::key) != out_.required.end())
        continue;
      out_.required.push_back({segments.front(), predicates_.json_of(condition->operand())});
      predicates_.leave_out(*condition);
    }
  }

  // If several predicates admit rows: restricts the rows to those that a key of each predicate finds, if each has one.
  // A page in the order of time does not use this, because it is full after few rows.
  void use_keys_of_alternatives(const std::string& type, const std::function<bool(const FieldPath&)>& is_clear) {
    std::vector<const Predicate*> alternatives;
    for (const Predicate& predicate : out_.groups->predicates)
      if (predicate.kind() == Predicate::Kind::any)
        for (const Predicate& part : predicate.parts()) alternatives.push_back(&part);
      else
        alternatives.push_back(&predicate);
    constexpr std::size_t most_alternatives = 64;  // SQLite limits the number of queries in one UNION
    if (alternatives.size() > most_alternatives) return;
    std::vector<KeyAccess> found;
    for (const Predicate* const alternative : alternatives) {
      auto access = choose_key(*keys_, conditions_of(*alternative), {}, is_clear);
      if (!access || (!access->is_full() && !access->list)) return;
      found.push_back(*std::move(access));
    }
    std::vector<std::string> rows;
    for (const KeyAccess& access : found)
      rows.push_back(fmt::format(
          "SELECT k.row_no FROM entity_keys k WHERE k.scope_id = ?1 AND k.type_key = {} AND k.key_no = {} AND {}", type,
          parameter(access.key->number), KeyCondition(predicates_, access).compile()));
    if (rows.empty()) return;
    // CROSS JOIN makes SQLite read the keys first.
    from_ = fmt::format("({}) s CROSS JOIN entities e", fmt::join(rows, " UNION "));
    row_ += " AND e.row_no = s.row_no";
  }

  // Whether the key by itself answers all conditions on a row, provided that the key is exact.
  bool is_all_in_key() const {
    if (!access_ || !out_.groups->single() || selection_.search || out_.query_view) return false;
    if (!access_->is_full() && !access_->list) return false;
    const auto is_in_key = [&](const Predicate* condition) {
      return condition == access_->list || std::ranges::find(access_->equal, condition) != access_->equal.end();
    };
    const auto is_conjunction = [](const Predicate& predicate, const auto& self) -> bool {
      return predicate.kind() == Predicate::Kind::comparison || predicate.kind() == Predicate::Kind::always ||
             (predicate.kind() == Predicate::Kind::all &&
              std::ranges::all_of(predicate.parts(), [&](const Predicate& part) { return self(part, self); }));
    };
    const Predicate& admits = out_.groups->predicates.front();
    return is_conjunction(admits, is_conjunction) && is_conjunction(selection_.filter, is_conjunction) &&
           std::ranges::all_of(conditions_of(admits), is_in_key) &&
           std::ranges::all_of(conditions_of(selection_.filter), is_in_key);
  }

  // Whether the filter, the order or the search uses a field that is neither fully visible nor fully hidden.
  bool looks_at_mixed(bool data_only) const {
    const ViewSource probe(dialect_, stored_, *out_.groups, {}, {});
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
    filter_ +=
        fmt::format(" AND {}({}, {})", dialect_.search, parameter(Pointer{&*selection_.search, search_kind}), data);
  }

  std::vector<OrderColumn> order_columns() const {
    std::vector<OrderColumn> out;
    for (const OrderKey& key : selection_.order) {
      const bool clear = view_->visible(key.field) == Visibility::clear;
      if (!key.field.is_data() && clear) {
        const bool in_key = access_.has_value();
        const std::string column = in_key && key.field.root() == FieldPath::Root::created_at ? in_key_.created_at
                                   : in_key && key.field.root() == FieldPath::Root::id       ? in_key_.id
                                   : lead_.by_type ? std::string(dialect_.without_index) + "e.id"
                                                   : *stored_.attribute(key.field);
        out.push_back({column, key.descending, true});
      } else if (!key.field.is_data()) {
        out.push_back({fmt::format("{}({})", dialect_.value_key, view_->attribute(key.field).value_or("NULL")),
                       key.descending, false});
      } else {
        const auto data = view_->data(key.field);
        out.push_back({fmt::format("{}({})", dialect_.sort_key, data ? json_at(dialect_, *data, key.field) : "NULL"),
                       key.descending, false});
      }
    }
    return out;
  }

  // Where CompiledSelection has an attribute of the row.
  static int column_of(FieldPath::Root attribute) {
    switch (attribute) {
      case FieldPath::Root::id: return 0;
      case FieldPath::Root::data: return 1;
      case FieldPath::Root::status: return 3;
      case FieldPath::Root::created_at: return 4;
      case FieldPath::Root::updated_at: return 5;
    }
    return 0;
  }

  // The condition for rows after a position. If all keys are columns in one direction, it is a row value, for which an
  // index can seek.
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
    // A row comes after the position if it does so in the first key that differs.
    std::vector<std::string> alternatives, equal;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      std::vector<std::string> parts = equal;
      parts.push_back(fmt::format("{} {} {}", columns[i].expression, columns[i].descending ? "<" : ">", bounds[i]));
      alternatives.push_back(joined(parts, " AND ", dialect_.yes));
      equal.push_back(fmt::format("{} = {}", columns[i].expression, bounds[i]));
    }
    const std::string past = joined(alternatives, " OR ", dialect_.no);
    if (!access_ || !access_->is_in_order || in_key_.key != "k.key") return past;
    // The condition on the key lets the database seek to the page.
    return fmt::format("{} AND {}", KeyCondition(predicates_, *access_).compile_after(columns.front().descending),
                       past);
  }

  std::string bound(const OrderColumn& column, std::size_t key) {
    return parameter(Slot{Slot::Value::position, column.is_attribute ? Slot::Form::column : Slot::Form::sort_key, key});
  }

  const Dialect& dialect_;
  const Selection& selection_;
  const Lead& lead_;
  CompiledSelection out_;
  PredicateCompiler predicates_;
  StoredSource stored_{"e"};
  std::unique_ptr<ViewSource> view_;
  std::string from_, where_, bits_;
  std::string row_, filter_;  // the conditions on a row as stored, and on the row as the view shows it

  // The field key that leads to the rows, if there is one.
  std::shared_ptr<const FieldKeys> keys_;
  std::vector<const Predicate*> conditions_;
  std::optional<KeyAccess> access_;
  bool is_by_time_ = false;  // the order, as the view shows it
  std::string key_;          // the condition on the key, followed by AND
  struct {
    std::string key, created_at, id;
  } in_key_;  // the columns of the key
};

}  // namespace

MaskGroups::MaskGroups(const Grants& grants) {
  if (grants.size() == 1) {
    masks.push_back(&grants.front().mask);
    predicates.push_back(grants.front().predicate);
    return;
  }
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

CompiledSelection compile_select(const Dialect& dialect, const Selection& selection, KeySource* keys,
                                 const Lead& lead) {
  return SelectCompiler(dialect, selection, keys, lead, true).select();
}

CompiledSelection compile_count(const Dialect& dialect, const Selection& selection, KeySource* keys, const Lead& lead) {
  return SelectCompiler(dialect, selection, keys, lead, false).count();
}

CompiledSelection compile_count_up_to(const Dialect& dialect, const Selection& selection, KeySource* keys,
                                      std::int64_t most) {
  return SelectCompiler(dialect, selection, keys, {}, false).count_up_to(most);
}

CompiledEvents compile_events(const Dialect& dialect, const EventSelection& selection, KeySource* keys,
                              bool entity_is_purged, const std::optional<std::string>& about) {
  CompiledEvents out;
  PredicateCompiler predicates(dialect, out.parameters, keys);
  for (const EventSelection::TypeGrants& type : selection.types) out.groups.emplace_back(*type.grants);
  const auto visible = [&](const char* alias) {
    const StoredSource row(alias);
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < selection.types.size(); ++i)
      parts.push_back(fmt::format("({}.type_key = {} AND {})", alias, predicates.parameter(selection.types[i].type),
                                  admits(predicates, out.groups[i], row)));
    return joined(parts, " OR ", dialect.no);
  };
  std::string bits = "''";
  if (!selection.types.empty()) {
    bits = "CASE e.type_key";
    for (std::size_t i = 0; i < selection.types.size(); ++i)
      bits += fmt::format(" WHEN {} THEN {}", predicates.parameter(selection.types[i].type),
                          bits_expression(predicates, out.groups[i], StoredSource("e")));
    bits += " END";
  }
  std::string where =
      fmt::format("v.scope_id = ?1 AND v.sequence > {}", later_than(dialect, predicates.parameter(selection.after)));
  if (selection.before) where += fmt::format(" AND v.sequence < {}", predicates.parameter(*selection.before));
  if (selection.entity) {
    const std::string id = predicates.parameter(*selection.entity);
    // One column, so that its index leads to the events: the id of a purged entity is in no other.
    where += fmt::format(" AND v.{} = {}", entity_is_purged ? "purged_entity_id" : "entity_id", id);
  }
  if (selection.type) where += fmt::format(" AND v.type = {}", predicates.parameter(*selection.type));
  if (selection.type_prefix)
    where += fmt::format(" AND substr(v.type, 1, {}) = {}",
                         predicates.parameter(static_cast<std::int64_t>(selection.type_prefix->size())),
                         predicates.parameter(*selection.type_prefix));
  if (selection.actor_id) where += fmt::format(" AND v.actor_id = {}", predicates.parameter(*selection.actor_id));
  if (selection.since) where += fmt::format(" AND v.created_at >= {}", predicates.parameter(*selection.since));
  if (selection.until) where += fmt::format(" AND v.created_at < {}", predicates.parameter(*selection.until));
  // A grant must admit each end, or the end must be purged. For an event about no entity both columns are NULL.
  const std::string purged = selection.purged ? "IS NOT NULL" : fmt::format("IS NULL AND {}", dialect.no);
  where += fmt::format(
      " AND ({} OR (({} OR v.purged_entity_id {}) AND "
      "(coalesce(v.other_end_id, v.purged_other_end_id) IS NULL OR {} OR v.purged_other_end_id {})))",
      selection.others ? "coalesce(v.entity_id, v.purged_entity_id) IS NULL" : dialect.no, visible("e"), purged,
      visible("o"), purged);
  std::string from = "events v";
  if (about) {  // CROSS JOIN makes SQLite read the ids first
    from = fmt::format("{} CROSS JOIN events v",
                       fmt::format(fmt::runtime(dialect.asked_texts), predicates.parameter(*about)));
    where += " AND v.entity_id = asked.value";
  }
  out.sql = fmt::format(
      "{}SELECT {}, e.type_key, {} "
      "FROM {} LEFT JOIN entities e ON e.scope_id = ?1 AND e.id = v.entity_id "
      "LEFT JOIN entities o ON o.scope_id = ?1 AND o.id = v.other_end_id "
      "WHERE {} ORDER BY v.sequence{} LIMIT {}",
      predicates.with(), event_columns, bits, from, where, selection.newest_first ? " DESC" : "",
      predicates.parameter(selection.limit));
  out.sql = dialect.finish(std::move(out.sql));
  return out;
}

CompiledLookup compile_own_entity(const Dialect& dialect, const OwnEntity& own, KeySource* keys) {
  CompiledLookup out;
  PredicateCompiler predicates(dialect, out.parameters, keys);
  const std::string name = predicates.own_entity(own);
  out.sql = fmt::format("{}SELECT id FROM {}", predicates.with(), name);
  out.sql = dialect.finish(std::move(out.sql));
  return out;
}

CompiledLookup compile_related_ids(const Dialect& dialect, const std::string& id, const Hop& hop) {
  CompiledLookup out;
  PredicateCompiler predicates(dialect, out.parameters);
  const std::string name = predicates.far_ends(predicates.alive(predicates.parameter(id)), hop);
  const std::string limit = predicates.parameter(static_cast<std::int64_t>(most_relations_visited) + 1);
  // More ids than the limit are refused, so it does not matter which of them the limit drops.
  out.sql = fmt::format("{}SELECT id FROM (SELECT id, created_at FROM {} LIMIT {}) n ORDER BY created_at, id",
                        predicates.with(), name, limit);
  out.sql = dialect.finish(std::move(out.sql));
  return out;
}

}  // namespace struere
