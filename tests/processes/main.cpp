#include <cstdio>
#include <string_view>

#include "programs.hpp"

int main(int count, char** arguments) {
  struct Program {
    std::string_view name;
    int (*run)(int count, char** arguments);
  };
  constexpr Program programs[] = {
#ifdef STRUERE_HAS_ADOPTION
      {"adopter", adopter},
#endif
      {"copier", copier},
      {"memory_use", memory_use},
      {"scoped_writer", scoped_writer},
      {"trigger_host", trigger_host},
  };
  const std::string_view wanted = count > 1 ? arguments[1] : "";
  for (const Program& program : programs)
    if (program.name == wanted) return program.run(count - 1, arguments + 1);
  std::fprintf(stderr, "struere_test_process: there is no program of this name\n");
  return 2;
}
