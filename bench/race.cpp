#include "race.hpp"

#include <fmt/format.h>

#include <algorithm>

using struere::Json;

namespace bench {
namespace {

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

double best(const std::vector<double>& times) { return *std::ranges::min_element(times); }

std::string figure(double value) { return fmt::format("{:.{}f}", value, value < 10 ? 3 : value < 1000 ? 1 : 0); }

std::string median_and_best(const Json& contender) {
  return fmt::format("{} [{}]", figure(contender.at("median")), figure(contender.at("best")));
}

}  // namespace

const Race::Contender* Race::Operation::find(const std::string& contender) const {
  const auto found = std::ranges::find(contenders, contender, &Contender::name);
  return found == contenders.end() ? nullptr : &*found;
}

void Race::enter(const std::string& operation, const std::string& contender, std::optional<double> target) {
  auto found = std::ranges::find(operations_, operation, &Operation::name);
  if (found == operations_.end()) found = operations_.insert(found, {operation});
  found->contenders.push_back({contender, target});
}

void Race::set_rounds(int count, double seconds) {
  rounds_ = count;
  seconds_ = seconds;
}

void Race::add(const std::string& operation, const std::string& contender, std::function<void()> body,
               std::optional<double> target) {
  enter(operation, contender, target);
  const auto loop = [](benchmark::State& state, const std::function<void()>& timed) {
    for (auto _ : state) timed();
  };
  benchmark::RegisterBenchmark((operation + "/" + contender).c_str(), loop, std::move(body))
      ->Unit(benchmark::kMicrosecond)
      ->MinTime(seconds_)
      ->Repetitions(rounds_)
      ->UseRealTime();
}

void Race::add_measured(const std::string& operation, const std::string& contender, std::function<Turn()> turn,
                        std::optional<double> target) {
  enter(operation, contender, target);
  const auto loop = [](benchmark::State& state, const std::function<Turn()>& measured) {
    for (auto _ : state) {
      const Turn taken = measured();
      state.SetIterationTime(taken.seconds);
      for (const auto& [name, value] : taken.beside) state.counters[name] = value;
    }
  };
  benchmark::RegisterBenchmark((operation + "/" + contender).c_str(), loop, std::move(turn))
      ->Unit(benchmark::kMicrosecond)
      ->Iterations(1)
      ->Repetitions(rounds_)
      ->UseManualTime();
}

void Race::run() {
  benchmark::RunSpecifiedBenchmarks(this);
  benchmark::ClearRegisteredBenchmarks();
}

void Race::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    if (run.run_type != Run::RT_Iteration) continue;
    const std::string& name = run.run_name.function_name;
    const auto slash = name.rfind('/');
    for (Operation& operation : operations_) {
      if (operation.name != name.substr(0, slash)) continue;
      for (Contender& contender : operation.contenders) {
        if (contender.name != name.substr(slash + 1)) continue;
        contender.times.push_back(run.GetAdjustedRealTime());
        for (const auto& [what, counter] : run.counters) contender.beside[what].push_back(counter.value);
      }
    }
  }
}

Json Race::to_json(const Operation& operation) const {
  const Contender* const ours = operation.find(struere_itself);
  Json contenders = Json::array();
  for (const Contender& contender : operation.contenders) {
    if (contender.times.empty()) continue;  // excluded by the filter
    Json one = {{"name", contender.name},
                {"best", best(contender.times)},
                {"median", median(contender.times)},
                {"times", contender.times}};
    for (const auto& [what, values] : contender.beside) one[what] = median(values);
    double achieved = best(contender.times);
    if (&contender != ours && ours && !ours->times.empty()) {
      achieved = best(ours->times) / best(contender.times);
      one["ratioOfBests"] = achieved;
      one["ratioOfMedians"] = median(ours->times) / median(contender.times);
    }
    if (contender.target) {
      one["target"] = *contender.target;
      one["met"] = achieved <= *contender.target;
    }
    contenders.push_back(std::move(one));
  }
  return {{"operation", operation.name}, {"contenders", std::move(contenders)}};
}

Json Race::to_json() const {
  Json out = Json::array();
  for (const Operation& operation : operations_)
    if (Json one = to_json(operation); !one.at("contenders").empty()) out.push_back(std::move(one));
  return out;
}

void Race::print() const {
  fmt::print("{:<44} {:<18} {:>18} {:>18} {:>14} {:>7}\n", "µs: median [best]", "against", "struere", "the other",
             "ratio [bests]", "target");
  for (const Json& operation : to_json()) {
    const Json& contenders = operation.at("contenders");
    const std::string name = operation.at("operation");
    const auto ours =
        std::ranges::find_if(contenders, [](const Json& one) { return one.at("name") == struere_itself; });
    const std::string our_times = ours == contenders.end() ? "" : median_and_best(*ours);
    const auto print_line = [&](const std::string& against, const std::string& times, const std::string& ratio,
                                const Json& one) {
      const std::string target = one.contains("target") ? figure(one.at("target")) : "";
      const char* const met = !one.contains("met") ? "" : one.at("met").get<bool>() ? "met" : "NOT MET";
      fmt::print("{:<43} {:<18} {:>18} {:>18} {:>14} {:>7} {}\n", name, against, our_times, times, ratio, target, met);
    };
    for (const Json& one : contenders) {
      const bool itself = one.at("name") == struere_itself;
      if (itself && contenders.size() > 1) continue;
      print_line(itself ? "" : one.at("name"), itself ? "" : median_and_best(one),
                 one.contains("ratioOfBests") ? fmt::format("{:.2f} [{:.2f}]", one.at("ratioOfMedians").get<double>(),
                                                            one.at("ratioOfBests").get<double>())
                                              : "",
                 one);
    }
  }
}

}  // namespace bench
