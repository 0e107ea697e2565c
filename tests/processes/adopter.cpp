// Adopts an existing database to production as a second process: adopter FILE BATCH
// Prints a line for each batch, and "finished" or the error at the end.
#include <cstdio>
#include <string>

#include <struere/adoption/adoption.hpp>
#include <struere/struere.hpp>

#include "programs.hpp"

int adopter(int count, char** arguments) {
  if (count != 3) return 2;
  struere::AdoptionOptions options;
  options.batch_rows = std::stoll(arguments[2]);
  options.progress = [](const struere::AdoptionProgress& progress) {
    std::printf("%s %lld\n", progress.table.c_str(), static_cast<long long>(progress.done));
    std::fflush(stdout);
  };
  try {
    struere::adopt_database(arguments[1], struere::Environment::production, options);
    std::printf("finished\n");
  } catch (const struere::Error& error) {
    std::printf("%s: %s\n", std::string(to_string(error.code())).c_str(), error.what());
    return 1;
  }
  return 0;
}
