// A race: each operation by several contenders, in one run, taken in turns; and what came of it.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <struere/core/json.hpp>

namespace bench {

// What a turn that measures itself took.
struct Turn {
  double seconds = 0;                         // for each row or page
  std::map<std::string, double> beside = {};  // what else is worth knowing: "creates/s" of a writer beside
};

inline const std::string struere_itself = "struere";

class Race final : public benchmark::BenchmarkReporter {
 public:
  // How often, and for how long each time, whatever is added from here on; what measures itself runs once each time.
  void set_rounds(int count, double seconds = 0);

  // `target`: struere's time ÷ this contender's is to be at most that; for struere itself, its time in µs.
  void add(const std::string& operation, const std::string& contender, std::function<void()> body,
           std::optional<double> target = {});
  void add_measured(const std::string& operation, const std::string& contender, std::function<Turn()> turn,
                    std::optional<double> target = {});

  // Runs what was added since the last time.
  void run();

  void print() const;
  struere::Json to_json() const;

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  struct Contender {
    std::string name;
    std::optional<double> target;
    std::vector<double> times = {};  // µs, one for each repetition
    std::map<std::string, std::vector<double>> beside = {};
  };
  struct Operation {
    std::string name;
    std::vector<Contender> contenders = {};

    const Contender* find(const std::string& contender) const;
  };

  void enter(const std::string& operation, const std::string& contender, std::optional<double> target);
  struere::Json to_json(const Operation& operation) const;

  std::vector<Operation> operations_;
  int rounds_ = 1;
  double seconds_ = 0;
};

}  // namespace bench
