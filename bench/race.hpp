// A race: several contenders run each operation in turns, in one run. Collects and prints the results.
#pragma once

#include <benchmark/benchmark.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <struere/core/json.hpp>

namespace bench {

// The result of a turn that measures itself.
struct Turn {
  double seconds = 0;                         // for each row or page
  std::map<std::string, double> beside = {};  // further results, such as "creates/s" of a parallel writer
};

inline const std::string struere_itself = "struere";

class Race final : public benchmark::BenchmarkReporter {
 public:
  // The number of rounds and the time of each, for operations added after this call. A measured turn runs once per
  // round.
  void set_rounds(int count, double seconds = 0);

  // `target` is the maximum of struere's time ÷ this contender's time; for struere itself, of its time in µs.
  void add(const std::string& operation, const std::string& contender, std::function<void()> body,
           std::optional<double> target = {});
  void add_measured(const std::string& operation, const std::string& contender, std::function<Turn()> turn,
                    std::optional<double> target = {});

  // Runs the operations that were added since the last call.
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
