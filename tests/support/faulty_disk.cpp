#include "support/faulty_disk.hpp"

#include <sqlite3.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace struere::test {
namespace {

// SQLite's interface is C, and there is one disk at a time.
struct State {
  sqlite3_vfs* real = nullptr;
  sqlite3_vfs shim{};
  std::optional<Fault> fault;
  std::array<std::int64_t, std::size(disk_calls)> calls{};
  std::int64_t failures = 0;
} state;

// SQLITE_OK, or what the call is to fail with.
int strike(DiskCall call) {
  const std::int64_t count = ++state.calls[static_cast<std::size_t>(call)];
  if (!state.fault || state.fault->call != call) return SQLITE_OK;
  if (count < state.fault->at || (count > state.fault->at && !state.fault->stays)) return SQLITE_OK;
  ++state.failures;
  return state.fault->code;
}

// The real file lies behind this one in the memory that SQLite gives to both.
struct File {
  sqlite3_file base;
};

sqlite3_file* real_of(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1); }
const sqlite3_io_methods& methods_of(sqlite3_file* file) { return *real_of(file)->pMethods; }

const sqlite3_io_methods methods{
    2,  // without xFetch: nothing is mapped
    [](sqlite3_file* file) { return methods_of(file).xClose(real_of(file)); },
    [](sqlite3_file* file, void* bytes, int size, sqlite3_int64 at) {
      if (const int code = strike(DiskCall::read)) return code;
      return methods_of(file).xRead(real_of(file), bytes, size, at);
    },
    [](sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
      const std::int64_t before = state.failures;
      const int code = strike(DiskCall::write);
      if (state.failures == before) return methods_of(file).xWrite(real_of(file), bytes, size, at);
      if (state.fault->in_part && size > 1) methods_of(file).xWrite(real_of(file), bytes, size / 2, at);
      return code;
    },
    [](sqlite3_file* file, sqlite3_int64 size) {
      if (const int code = strike(DiskCall::truncate)) return code;
      return methods_of(file).xTruncate(real_of(file), size);
    },
    [](sqlite3_file*, int) { return strike(DiskCall::sync); },
    [](sqlite3_file* file, sqlite3_int64* size) {
      if (const int code = strike(DiskCall::size)) return code;
      return methods_of(file).xFileSize(real_of(file), size);
    },
    [](sqlite3_file* file, int level) {
      if (const int code = strike(DiskCall::lock)) return code;
      return methods_of(file).xLock(real_of(file), level);
    },
    [](sqlite3_file* file, int level) { return methods_of(file).xUnlock(real_of(file), level); },
    [](sqlite3_file* file, int* out) { return methods_of(file).xCheckReservedLock(real_of(file), out); },
    [](sqlite3_file* file, int what, void* argument) {
      return methods_of(file).xFileControl(real_of(file), what, argument);
    },
    [](sqlite3_file* file) { return methods_of(file).xSectorSize(real_of(file)); },
    [](sqlite3_file* file) { return methods_of(file).xDeviceCharacteristics(real_of(file)); },
    [](sqlite3_file* file, int page, int size, int extend, void volatile** out) {
      if (const int code = strike(DiskCall::share)) return code;
      return methods_of(file).xShmMap(real_of(file), page, size, extend, out);
    },
    [](sqlite3_file* file, int offset, int count, int flags) {
      if ((flags & SQLITE_SHM_LOCK) != 0)  // to let go of one cannot fail
        if (const int code = strike(DiskCall::share_lock)) return code;
      return methods_of(file).xShmLock(real_of(file), offset, count, flags);
    },
    [](sqlite3_file* file) { methods_of(file).xShmBarrier(real_of(file)); },
    [](sqlite3_file* file, int remove) { return methods_of(file).xShmUnmap(real_of(file), remove); },
    nullptr,
    nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  if (const int code = strike(DiskCall::open)) return code;
  std::memset(real_of(file), 0, static_cast<std::size_t>(state.real->szOsFile));
  const int code = state.real->xOpen(state.real, name, real_of(file), flags, out_flags);
  if (real_of(file)->pMethods) file->pMethods = &methods;
  return code;
}

int remove_file(sqlite3_vfs*, const char* name, int sync) {
  if (const int code = strike(DiskCall::remove)) return code;
  return state.real->xDelete(state.real, name, sync);
}

}  // namespace

std::string_view to_string(DiskCall call) noexcept {
  switch (call) {
    case DiskCall::open: return "open";
    case DiskCall::read: return "read";
    case DiskCall::write: return "write";
    case DiskCall::sync: return "sync";
    case DiskCall::truncate: return "truncate";
    case DiskCall::size: return "size";
    case DiskCall::lock: return "lock";
    case DiskCall::share: return "share";
    case DiskCall::share_lock: return "share_lock";
    case DiskCall::remove: return "remove";
  }
  return "";
}

FaultyDisk::FaultyDisk() {
  if (state.real) throw std::logic_error("there is a faulty disk already");
  sqlite3_initialize();
  state.real = sqlite3_vfs_find(nullptr);
  state.shim = *state.real;  // what is not ours is the real one's: its functions do not look at the object
  state.shim.zName = "struere-faulty-disk";
  state.shim.pNext = nullptr;
  state.shim.szOsFile = static_cast<int>(sizeof(File)) + state.real->szOsFile;
  state.shim.xOpen = open_file;
  state.shim.xDelete = remove_file;
  sqlite3_vfs_register(&state.shim, 1);
  heal();
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&state.shim);
  sqlite3_vfs_register(state.real, 1);
  state.real = nullptr;
}

void FaultyDisk::fail(const Fault& fault) {
  heal();
  state.fault = fault;
}

void FaultyDisk::heal() {
  state.fault.reset();
  state.calls.fill(0);
  state.failures = 0;
}

std::int64_t FaultyDisk::calls(DiskCall call) const { return state.calls[static_cast<std::size_t>(call)]; }
std::int64_t FaultyDisk::failures() const { return state.failures; }

}  // namespace struere::test
