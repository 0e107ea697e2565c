#include "core/instant.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>

namespace struere {
namespace {

// Reads parts from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool digits(std::size_t count, int& out) {
    if (rest_.size() < count) return false;
    out = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      out = out * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }
  bool one_of(std::string_view characters, char* found = nullptr) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    if (found) *found = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

}  // namespace

std::optional<Timestamp> parse_instant(std::string_view text) {
  Reader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milliseconds = 0;
  if (!reader.digits(4, year) || !reader.one_of("-") || !reader.digits(2, month) || !reader.one_of("-") ||
      !reader.digits(2, day) || !reader.one_of("Tt") || !reader.digits(2, hour) || !reader.one_of(":") ||
      !reader.digits(2, minute) || !reader.one_of(":") || !reader.digits(2, second))
    return std::nullopt;
  if (reader.one_of(".")) {
    int digit = 0, weight = 100, count = 0;
    for (; reader.digits(1, digit); weight /= 10, ++count) milliseconds += digit * weight;
    if (count == 0) return std::nullopt;
  }
  int offset_minutes = 0;
  char sign = 'Z';
  if (!reader.one_of("Zz+-", &sign)) return std::nullopt;
  if (sign == '+' || sign == '-') {
    int offset_hour = 0, offset_minute = 0;
    if (!reader.digits(2, offset_hour) || !reader.one_of(":") || !reader.digits(2, offset_minute) || offset_hour > 23 ||
        offset_minute > 59)
      return std::nullopt;
    offset_minutes = (offset_hour * 60 + offset_minute) * (sign == '+' ? 1 : -1);
  }
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!reader.at_end() || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((static_cast<Timestamp>(days) * 24 + hour) * 60 + minute - offset_minutes) * 60'000 + second * 1000 +
         milliseconds;
}

std::int64_t day_of(Timestamp time) noexcept {
  constexpr Timestamp day = 24LL * 3600 * 1000;
  return time / day - (time % day < 0 ? 1 : 0);
}

std::optional<Timestamp> parse_duration(std::string_view text) {
  constexpr Timestamp longest = 3660LL * 24 * 3600 * 1000;
  Timestamp count = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (fault != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const Timestamp length = unit == "ms"  ? 1
                           : unit == "s" ? 1000
                           : unit == "m" ? 60'000
                           : unit == "h" ? 3'600'000
                           : unit == "d" ? 86'400'000
                                         : 0;
  if (length == 0 || count > longest / length || count < -longest / length) return std::nullopt;
  return count * length;
}

}  // namespace struere
