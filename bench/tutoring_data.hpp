// The data that is raced on: sessions of a tutoring company, half of them in another environment, beside other
// companies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <struere/struere.hpp>

namespace bench {

inline constexpr std::int64_t sessions_per_teacher = 500;
inline constexpr int other_organizations = 20;

// What the race needs to know of the file.
struct TutoringData {
  std::int64_t sessions = 0;  // of the scope that is raced in; as many are in its other environment
  std::string teacher;        // a user with the role `teacher`, whose rule and mask are those of the race
  std::string writer;         // likewise, whose rows grow while it is on
  std::string bursar;         // a user with the role `bursar`: the same rule, and no mask
  std::string api_key;
};

inline constexpr const char* masked_field = "paymentId";

// The data of session `i` of a company: some 300 bytes, of a teacher, 500 for each, spread over the whole table.
struere::Json session_data(std::int64_t sessions, std::int64_t i);

// Makes the file, or finds it made by an earlier run. Takes about 100 µs a session. In the other environment there are
// `elsewhere` sessions, or as many.
TutoringData prepare(const std::string& path, std::int64_t sessions, std::optional<std::int64_t> elsewhere = {});

struere::Session actor_of(const struere::Database& database, const std::string& user);

}  // namespace bench
