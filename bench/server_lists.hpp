// The lists of the server that are no entities, where they are long.
#pragma once

#include <string>

namespace struere::bench {

// In a file of its own, or in the database of the URL.
void run_lists(const std::string& url);

}  // namespace struere::bench
