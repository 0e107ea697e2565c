// memory_use FILE ORGANIZATIONS: opens the file, asks what a user may do in each organization, lists a page of 1,000
// rows in the first; prints the bytes that are held after the first two and the allocations of the third.
#include <malloc.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

#include "programs.hpp"
#include "struere/struere.hpp"

namespace {

std::atomic<long long> allocations = 0;

}  // namespace

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"             // where one of the two is inlined
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they allocate for themselves
void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

int memory_use(int, char** arguments) {
  using namespace struere;
  const auto held = [] { return static_cast<long long>(mallinfo2().uordblks + mallinfo2().hblkhd); };
  const long long before = held();
  const Database database = Database::open(arguments[1]);
  const long long opened = held() - before;
  const int organizations = std::atoi(arguments[2]);
  int allowed = 0;
  for (int i = 0; i < organizations; ++i) {
    const OrganizationId organization("organization-" + std::to_string(i));
    const Session user = database.trusted_host().user_session(UserId("ana"), organization, Environment::production);
    if (user.can(Action::list, "note")) ++allowed;
  }
  const long long asked = held() - before;
  const Session user =
      database.trusted_host().user_session(UserId("ana"), OrganizationId("organization-0"), Environment::production);
  const EntityRepository notes = user.entities("note");
  (void)notes.list({.limit = 1000});
  const long long start = allocations;
  const EntityPage page = notes.list({.limit = 1000});
  std::printf("%lld %lld %d %lld %zu\n", opened, asked, allowed, allocations - start, page.size());
  return 0;
}
