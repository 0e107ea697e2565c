// The data of the race: sessions of a tutoring company, half of them in its other environment, in a file with other
// companies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <struere/struere.hpp>

namespace bench {

inline constexpr std::int64_t sessions_per_teacher = 500;
inline constexpr int other_organizations = 20;

// The facts about the file that the race needs.
struct TutoringData {
  std::int64_t sessions = 0;  // of the measured scope; its other environment has as many by default
  std::string teacher;        // a user with the role `teacher`, which has the rule and the mask of the race
  std::string writer;         // also a teacher; its rows grow during the race
  std::string bursar;         // a user with the role `bursar`: the same rule without the mask
  std::string guardian;       // a user with the role `guardian`, who sees what its family has booked
  std::string api_key;
};

inline constexpr const char* masked_field = "paymentId";
inline constexpr std::int64_t sessions_per_family = 60;

// The data of session `i` of a company: about 300 bytes. Each teacher has 500 sessions, spread over the whole table.
struere::Json session_data(std::int64_t sessions, std::int64_t i);

// Makes the file, unless an earlier run has made it. Takes about 100 µs per session. The other environment has
// `elsewhere` sessions, by default as many.
TutoringData prepare(const std::string& path, std::int64_t sessions, std::optional<std::int64_t> elsewhere = {});

struere::Session actor_of(const struere::Database& database, const std::string& user);

}  // namespace bench
