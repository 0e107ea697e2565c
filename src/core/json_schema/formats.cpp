#include "core/json_schema/formats.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/json_schema/pattern_translation.hpp"
#include "core/uri.hpp"

namespace struere::json_schema {
namespace {

constexpr bool format_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool format_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool format_hex(char c) { return format_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// A reader that removes the parts that it reads from the front of a text.
class FormatReader {
 public:
  explicit FormatReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Reads a number of exactly `digits` digits.
  std::optional<int> take_number(std::size_t digits) {
    if (rest_.size() < digits || !std::ranges::all_of(rest_.substr(0, digits), format_digit)) return std::nullopt;
    int out = 0;
    for (const char c : rest_.substr(0, digits)) out = out * 10 + (c - '0');
    rest_.remove_prefix(digits);
    return out;
  }
  std::size_t take_digits() {
    const auto length = static_cast<std::size_t>(std::ranges::find_if_not(rest_, format_digit) - rest_.begin());
    rest_.remove_prefix(length);
    return length;
  }

 private:
  std::string_view rest_;
};

std::optional<std::chrono::year_month_day> read_date(FormatReader& reader) {
  const auto year = reader.take_number(4);
  if (!year || !reader.take('-')) return std::nullopt;
  const auto month = reader.take_number(2);
  if (!month || !reader.take('-')) return std::nullopt;
  const auto day = reader.take_number(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day out{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                        std::chrono::day(static_cast<unsigned>(*day))};
  return out.ok() ? std::optional(out) : std::nullopt;
}

// Per RFC 3339, a leap second is the last second of a day in UTC and, if the day is known, of a month.
bool read_time(FormatReader& reader, const std::chrono::year_month_day* date) {
  const auto hour = reader.take_number(2);
  if (!hour || *hour > 23 || !reader.take(':')) return false;
  const auto minute = reader.take_number(2);
  if (!minute || *minute > 59 || !reader.take(':')) return false;
  const auto second = reader.take_number(2);
  if (!second || *second > 60) return false;
  if (reader.take('.') && reader.take_digits() == 0) return false;
  int offset = 0;
  if (!reader.take('Z') && !reader.take('z')) {
    const bool is_behind = reader.take('-');
    if (!is_behind && !reader.take('+')) return false;
    const auto hours = reader.take_number(2);
    if (!hours || *hours > 23 || !reader.take(':')) return false;
    const auto minutes = reader.take_number(2);
    if (!minutes || *minutes > 59) return false;
    offset = (*hours * 60 + *minutes) * (is_behind ? -1 : 1);
  }
  if (*second < 60) return true;
  constexpr int day = 24 * 60;
  const int utc = *hour * 60 + *minute - offset;  // in minutes; may fall on the day before or after
  if ((utc + 2 * day) % day != day - 1) return false;
  if (!date) return true;
  const auto next = std::chrono::year_month_day(std::chrono::sys_days(*date) + std::chrono::days((utc + 1) / day));
  return next.day() == std::chrono::day(1);
}

bool is_date(std::string_view text) {
  FormatReader reader(text);
  return read_date(reader) && reader.at_end();
}

bool is_time(std::string_view text) {
  FormatReader reader(text);
  return read_time(reader, nullptr) && reader.at_end();
}

bool is_date_time(std::string_view text) {
  FormatReader reader(text);
  const auto date = read_date(reader);
  return date && (reader.take('T') || reader.take('t')) && read_time(reader, &*date) && reader.at_end();
}

// RFC 3339, appendix A: years, months and days follow one another without a gap; so do hours, minutes and seconds.
bool is_duration(std::string_view text) {
  FormatReader reader(text);
  if (!reader.take('P') || reader.at_end()) return false;
  for (const std::string_view units : {std::string_view("YMD"), std::string_view("HMS")}) {
    if (units.front() == 'H') {
      if (!reader.take('T')) break;
      if (reader.at_end()) return false;
    }
    for (std::size_t unit = 0; reader.take_digits() > 0; ++unit) {
      if (unit == 0 && units.front() == 'Y' && reader.take('W')) return reader.at_end();
      const std::size_t least = unit;
      while (unit < units.size() && !reader.take(units[unit])) ++unit;
      if (unit == units.size() || (least > 0 && unit > least)) return false;
    }
  }
  return reader.at_end();
}

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  while (true) {
    const auto dot = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-' ||
        !std::ranges::all_of(label, [](char c) { return format_letter(c) || format_digit(c) || c == '-'; }))
      return false;
    if (dot == text.size()) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_email(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64) return false;
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  if (local.front() == '"') {
    if (local.size() < 2 || local.back() != '"') return false;
    const std::string_view quoted = local.substr(1, local.size() - 2);
    for (std::size_t i = 0; i < quoted.size(); ++i) {
      const bool is_escaped = quoted[i] == '\\';
      if (is_escaped && ++i == quoted.size()) return false;
      if (quoted[i] < ' ' || quoted[i] > '~' || (quoted[i] == '"' && !is_escaped)) return false;
    }
  } else {
    if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) return false;
    if (!std::ranges::all_of(local, [](char c) {
          return format_letter(c) || format_digit(c) ||
                 std::string_view(".!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
        }))
      return false;
  }
  if (!domain.starts_with('[')) return is_hostname(domain);
  if (!domain.ends_with(']')) return false;
  const std::string_view address = domain.substr(1, domain.size() - 2);
  return address.starts_with("IPv6:") ? is_ipv6(address.substr(5)) : is_ipv4(address);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-' : !format_hex(text[i])) return false;
  return true;
}

bool is_regex(std::string_view text) {
  std::string unused;
  return !translate_pattern(text, PatternUse::syntax_only, unused);
}

bool is_json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  return true;
}

}  // namespace

const std::array<Format, 13>& formats() {
  static constexpr std::array<Format, 13> all{
      {{"date", is_date, "a date such as 2024-02-29"},
       {"time", is_time, "a time such as 17:30:00Z"},
       {"date-time", is_date_time, "a date and time such as 2024-02-29T17:30:00Z"},
       {"duration", is_duration, "a duration such as P3DT12H"},
       {"email", is_email, "an e-mail address"},
       {"hostname", is_hostname, "a host name"},
       {"ipv4", is_ipv4, "an IPv4 address"},
       {"ipv6", is_ipv6, "an IPv6 address"},
       {"uri", is_uri, "a URI such as https://example.com/a"},
       {"uri-reference", is_uri_reference, "a URI reference such as ../a"},
       {"uuid", is_uuid, "a UUID such as 01a20b58-0000-7000-8000-000000000001"},
       {"regex", is_regex, "a regular expression (ECMAScript)"},
       {"json-pointer", is_json_pointer, "a JSON pointer such as /a/0"}}};
  return all;
}

const Format* find_format(std::string_view name) {
  const auto* const found = std::ranges::find(formats(), name, &Format::name);
  return found == formats().end() ? nullptr : found;
}

}  // namespace struere::json_schema
