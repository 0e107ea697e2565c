// Lists of entities and of events where they are long.
#pragma once

namespace struere::bench {

void run_million();

}  // namespace struere::bench
