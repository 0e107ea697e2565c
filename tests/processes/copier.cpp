// Copies a database as a second process: copier FROM TO BATCH
// Prints a line for each batch, and "finished" or the error at the end.
#include <cstdio>
#include <string>

#include <struere/struere.hpp>

#include "programs.hpp"

int copier(int count, char** arguments) {
  if (count != 4) return 2;
  struere::CopyOptions options;
  options.batch_rows = std::stoll(arguments[3]);
  options.progress = [](const struere::CopyProgress& progress) {
    std::printf("%s %lld\n", progress.table.c_str(), static_cast<long long>(progress.done));
    std::fflush(stdout);
  };
  try {
    struere::copy_database(struere::Database::open(arguments[1]), struere::Database::open(arguments[2]), options);
    std::printf("finished\n");
  } catch (const struere::Error& error) {
    std::printf("%s: %s\n", std::string(to_string(error.code())).c_str(), error.what());
    return 1;
  }
  return 0;
}
