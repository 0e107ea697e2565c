#include "storage/postgres/schema_text.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "storage/postgres/schema_steps.hpp"

namespace struere::postgres {
namespace {

constexpr std::string_view create_table = "CREATE TABLE struere.", create_index = "CREATE INDEX ",
                           create_unique_index = "CREATE UNIQUE INDEX ", alter_table = "ALTER TABLE struere.",
                           add_column = " ADD COLUMN ", change_rows = "UPDATE struere.",
                           add_rows = "INSERT INTO struere.";

constexpr std::array<std::string_view, 4> known_types{"text", "bigint", "integer", "bytea"};

[[noreturn]] void throw_not_understood(std::string_view sql) {
  throw std::logic_error("schema_text.cpp does not understand this step: " + std::string(sql.substr(0, 80)));
}

std::string_view next_word(std::string_view& text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find_first_of(" ("));
  text.remove_prefix(word.size());
  return word;
}

// What stands between the commas that are inside no parenthesis and no quotes.
std::vector<std::string_view> parts_of(std::string_view list) {
  std::vector<std::string_view> out;
  int depth = 0;
  bool is_quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] == '\'') is_quoted = !is_quoted;
    if (is_quoted) continue;
    depth += list[i] == '(' ? 1 : list[i] == ')' ? -1 : 0;
    if (depth == 0 && list[i] == ',') {
      out.push_back(list.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  out.push_back(list.substr(begin));
  return out;
}

// The list in parentheses that the text begins with, without them.
std::string_view parenthesized(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (depth == 0) return text.substr(1, i - 1);
  }
  throw_not_understood(text);
}

ColumnText column_of(std::string_view text) {
  const bool is_required = text.find(" NOT NULL") != std::string_view::npos;
  const std::string name(next_word(text)), type(next_word(text));
  if (std::ranges::find(known_types, type) == known_types.end()) throw_not_understood(name + " " + type);
  return {name, type, is_required};
}

void read_table(std::string_view sql, std::vector<TableText>& out) {
  std::string_view rest = sql.substr(create_table.size());
  TableText& table = out.emplace_back(TableText{std::string(next_word(rest)), {}});
  for (std::string_view part : parts_of(parenthesized(rest))) {
    std::string_view first = part;
    const std::string_view word = next_word(first);
    if (word != "PRIMARY" && word != "UNIQUE" && word != "FOREIGN" && word != "CHECK")
      table.columns.push_back(column_of(part));
  }
}

void read_change(std::string_view sql, std::vector<TableText>& out) {
  std::string_view rest = sql.substr(alter_table.size());
  const std::string_view name = next_word(rest);
  const auto table = std::ranges::find(out, name, &TableText::name);
  if (table == out.end() || !rest.starts_with(add_column)) throw_not_understood(sql);
  table->columns.push_back(column_of(rest.substr(add_column.size())));
}

}  // namespace

bool TableText::has(std::string_view column) const {
  return std::ranges::find(columns, column, &ColumnText::name) != columns.end();
}

const std::vector<TableText>& schema_tables() {
  static const std::vector<TableText> tables = [] {
    std::vector<TableText> out;
    for (const auto step : schema_steps)
      for (const std::string_view sql : step) {
        if (sql.starts_with(create_table))
          read_table(sql, out);
        else if (sql.starts_with(alter_table))
          read_change(sql, out);
        else if (!sql.starts_with(create_index) && !sql.starts_with(create_unique_index) &&
                 !sql.starts_with(change_rows) && !sql.starts_with(add_rows))
          throw_not_understood(sql);
      }
    return out;
  }();
  return tables;
}

}  // namespace struere::postgres
