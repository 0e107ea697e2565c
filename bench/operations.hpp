// The operations of the race.
#pragma once

#include <string>

#include "fixture.hpp"
#include "race.hpp"

namespace bench {

void add_decisions(Race& race, const std::string& path);  // in its own file, which is created each time
void add_reads(Race& race, Fixture& fixture);
// The same reads in a file that also has another scope of ten times as many rows, made by prepare().
void add_reads_beside_more(Race& race, Fixture& fixture, const std::string& path);
void add_writes(Race& race, Fixture& fixture);
void add_after_commit(Race& race, Fixture& fixture);
void add_many_at_once(Race& race, Fixture& fixture);  // threads and bulk writes

}  // namespace bench
