// The runner of struere-conformance, with which worlds are played.
#pragma once

#include "conformance/runner.hpp"

namespace struere::proof {

using conformance::Detail;
using conformance::OrderedJson;
using conformance::Playing;
using conformance::Scenario;
using conformance::StepResult;
using conformance::StorageChoice;
using conformance::World;

}  // namespace struere::proof
