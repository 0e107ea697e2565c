#include "report.hpp"

#include <algorithm>

#include "comparison.hpp"

namespace struere::conformance {
namespace {

template <class AnyJson>
std::string text_of(const AnyJson& value) {
  return value.dump(-1, ' ', false, AnyJson::error_handler_t::replace);
}

// The building of the world in the form of a step with an expectation.
Json setup_step(const Scenario& scenario) {
  Json step = Json::object();
  step["op"] = "setup";
  if (scenario.setup_error)
    step["expect"]["error"] = *scenario.setup_error;
  else
    step["expect"]["ok"] = true;
  return step;
}

// Whether the runner failed, or the library failed in a way that it never should.
bool is_internal(const Json& answer) {
  return answer.contains("error") && answer.at("error").get_ref<const std::string&>().starts_with("internal:");
}

}  // namespace

void print_record(std::ostream& out, const Scenario& scenario, const std::vector<StepResult>& results) {
  for (const StepResult& result : results) {
    OrderedJson line;
    line["scenario"] = scenario.name;
    line["step"] = result.index;
    line["result"] = result.answer;
    out << text_of(line) << '\n';
  }
}

void Tally::add(const Scenario& scenario, const std::vector<StepResult>& results) {
  for (const StepResult& result : results)
    judge(scenario, result,
          result.index == StepResult::setup ? setup_step(scenario)
                                            : scenario.steps[static_cast<std::size_t>(result.index)]);
}

void Tally::judge(const Scenario& scenario, const StepResult& result, const Json& step) {
  const bool expects = step.is_object() && step.contains("expect");
  if (!expects && !is_internal(result.answer)) return;  // a step that only prepares another one
  const Json expected = expects ? step.at("expect") : Json::object();
  const auto difference = is_internal(result.answer) ? "error" : first_difference(expected, result.answer);
  if (!difference) {
    ++passed_;
    return;
  }
  ++failed_;
  out_ << "FAILED   " << scenario.name << ", step " << result.index << " ("
       << (step.is_object() ? step.value("op", "no op") : "no object") << "), at " << *difference << '\n'
       << "expected " << text_of(expected) << '\n'
       << "got      " << text_of(result.answer) << '\n';
  if (!result.message.empty()) out_ << "message  " << result.message << '\n';
}

void Tally::print_closing_line() const { out_ << passed_ << " passed, " << failed_ << " failed\n"; }

}  // namespace struere::conformance
