// What leads to the rows of a selection by an index: all of them are among the few that it finds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "storage/sql/key_access.hpp"
#include "storage/sql/selection_parameter.hpp"

namespace STRUERE_COMPANION_API struere {

// More rows than these are not looked for one by one.
inline constexpr std::int64_t most_led = 1'000;
// The values of a longer list would have to be looked for each time that a lead is tried.
inline constexpr std::size_t longest_led_list = 100;
// So few are read soon, however they are found.
inline constexpr std::int64_t few_rows = 200;

// Whether it compares with a list whose values are too much work to look for in vain.
bool has_long_list(const Predicate& comparison);

struct CompiledLookup {
  std::string sql;  // selects one column, id
  std::vector<SelectionParameter> parameters;
};

struct CompiledLead {
  enum class Kind { ids, key, path, list, any, range, time };  // those that are likely to find fewer rows first

  Kind kind;
  std::vector<CompiledLookup> lookups;  // for most_led + 1 rows each; what they find together leads
};

class LeadCompiler {
 public:
  // `is_clear`: whether the view shows a field as it is stored, to all that it shows the row.
  LeadCompiler(const Dialect& dialect, const Selection& selection, KeySource& keys,
               std::function<bool(const FieldPath&)> is_clear);

  // The leads of the filter and of what grants access, the most promising first. Conditions that are all in
  // `answered` lead nowhere that the statement does not go by itself.
  std::vector<CompiledLead> compile(const std::vector<Predicate>& grants,
                                    const std::vector<const Predicate*>& answered);
  // The rows that a field key leads to, but no more than `most`.
  CompiledLookup by_key(const KeyAccess& access, std::int64_t most) const;

 private:
  std::vector<CompiledLead> leads_of(const Predicate& predicate, bool is_filter) const;
  std::vector<CompiledLead> leads_of_any(const Predicate& predicate, bool is_filter) const;
  void add_by_id(const Predicate& condition, std::vector<CompiledLead>& out) const;
  void add_by_keys(const std::vector<const Predicate*>& conditions, std::vector<CompiledLead>& out) const;
  void add_by_time(const std::vector<const Predicate*>& conditions, std::vector<CompiledLead>& out) const;
  void add_by_path(const Predicate& path, std::vector<CompiledLead>& out) const;
  bool is_answered(const Predicate* condition) const;

  template <class Write>
  CompiledLookup lookup(std::int64_t most, Write&& write) const;
  template <class Write>
  void add(CompiledLead::Kind kind, std::vector<CompiledLead>& out, Write&& write) const;

  const Dialect& dialect_;
  const Selection& selection_;
  KeySource& keys_;
  std::function<bool(const FieldPath&)> is_clear_;
  const std::vector<const Predicate*>* answered_ = nullptr;
};

}  // namespace struere
