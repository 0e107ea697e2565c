// Every list of the server where it is long.
#pragma once

namespace struere::bench {

void run_million();

}  // namespace struere::bench
