// How denied operations are recorded in the log (SPEC 7).
#pragma once

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

enum class DenialRecording {
  off,     // not recorded
  each,    // one `access.denied` event for each, written before the denial is thrown: a commit for each denied call
  summed,  // equal ones of one actor within a minute become one event with their `count`, and `since`, the time of the
           // first; written when the minute is over, when the log is listed, and when the database is closed
};

}  // namespace struere
