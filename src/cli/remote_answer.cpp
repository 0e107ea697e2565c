#include "cli/remote_answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include "cli/workspace.hpp"

namespace struere::cli {
namespace {

constexpr std::array all_codes{ErrorCode::unauthenticated, ErrorCode::permission_denied, ErrorCode::not_found,
                               ErrorCode::invalid_data,    ErrorCode::invalid_reference, ErrorCode::invalid_definition,
                               ErrorCode::invalid_query,   ErrorCode::invalid_cursor,    ErrorCode::conflict,
                               ErrorCode::storage};

// The code of a problem that the server refused before the library was asked.
ErrorCode code_of(unsigned status, const std::string& word) {
  for (const ErrorCode code : all_codes)
    if (to_string(code) == word) return code;
  switch (status) {
    case 401: return ErrorCode::unauthenticated;
    case 403: return ErrorCode::permission_denied;
    case 404: return ErrorCode::not_found;
    case 409:
    case 412: return ErrorCode::conflict;
    default: return status >= 500 || status < 400 || status == 429 ? ErrorCode::storage : ErrorCode::invalid_query;
  }
}

// Null if it is no JSON; the status says enough then.
Json problem_of(const std::string& body) {
  try {
    return read_answer(body, {});
  } catch (const Error&) {
    return nullptr;
  }
}

}  // namespace

Json read_answer(const std::string& text, const std::string& from) {
  constexpr int most_depth = 100;               // data of depth json_max_depth, and what is around it
  constexpr std::size_t most_values = 8 << 20;  // twice what a page of 8 MiB may hold
  std::size_t values = 0;
  const auto count = [&](int depth, Json::parse_event_t event, const Json&) {
    using Event = Json::parse_event_t;
    if (event == Event::object_start || event == Event::array_start || event == Event::value) ++values;
    if (depth > most_depth || values > most_values)
      throw Error(ErrorCode::storage,
                  fmt::format("{} answered JSON that is nested too deep or has too many values; is it a server of "
                              "struere?",
                              from));
    return true;
  };
  // Of a view, as the library parses: its functions for that are optimised also where the tool's own are not.
  Json out = Json::parse(std::string_view(text), count, false);
  if (out.is_discarded())
    throw Error(ErrorCode::storage, fmt::format("{} did not answer JSON; is it a server of struere?", from));
  return out;
}

void require_agreed_environment(const std::string& body) {
  const Json problem = problem_of(body);
  if (problem.is_object() && problem.value("code", Json()) == "contradictory_environment")
    throw UsageError("the key is for the other environment; leave -e out, or give another key");
}

Error error_of_answer(unsigned status, const std::string& body) {
  const Json problem = problem_of(body);
  const auto text = [&](const char* name) {
    return problem.is_object() && problem.contains(name) && problem.at(name).is_string()
               ? problem.at(name).get<std::string>()
               : std::string();
  };
  const std::string detail = text("detail");
  std::vector<std::string> lines;  // such as one for each fault of a set of definitions
  std::istringstream stream(detail);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  if (lines.empty()) lines.push_back(fmt::format("the server answered {}; is it a server of struere?", status));
  Error out(code_of(status, text("code")), lines);
  if (const std::string path = text("path"); !path.empty()) out = out.at(path);
  if (problem.is_object() && problem.value("transient", Json()) == true) out = out.transient();
  if (problem.is_object() && problem.value("index", Json()).is_number_unsigned())
    out = out.at(problem.at("index").get<std::size_t>());
  return out;
}

}  // namespace struere::cli
