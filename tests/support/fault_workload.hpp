// What is done to a database while its disk fails, and all that can be told of it afterwards.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "struere/struere.hpp"

namespace struere::test {

// The ids of a step are the same whatever became of the steps before it.
class StepIds final : public IdSource {
 public:
  void begin(int step) { step_ = step, last_ = 0; }
  std::string next(long long now) override;

 private:
  int step_ = 0, last_ = 0;
};

inline const OrganizationId acme("acme");

Session system_of(const Database& database);
Session ana_of(const Database& database);

// The role `teacher`, which allows or denies.
Json teacher_role(const char* effect);

// A file that was there before anything failed: its types, a role, a member.
void found(const Database& database);

// Nineteen steps of all kinds; each answers what it was told.
using Step = std::function<std::string(const Database&)>;
std::vector<Step> workload();

// Whose answer to one step: of a denial only the message of its own, as whether it could be written down is another
// thing.
std::string answer_of_step(const Step& step, const Database& database, bool& storage, bool& unrecorded);

// All that is in the scope.
std::string everything(const Database& database);

}  // namespace struere::test
