// The functions of libpq that struere::postgres calls, for the tool: they load libpq when the first of them is called.
// Its twenty libraries would otherwise be loaded, and initialised, by each command on a file: two fifths of the time
// that the tool takes to start. The compiler compares each with its declaration in libpq-fe.h; of one that is missing
// here, the tool is linked with libpq, which a test of it notices.
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdio>

// Hidden, or libpq would find these when it calls its own.
#pragma GCC visibility push(hidden)
#include <libpq-fe.h>
#pragma GCC visibility pop

#include "struere/core/error.hpp"

namespace {

void* function_of_libpq(const char* name) {
  static void* const library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (void* const found = library ? dlsym(library, name) : nullptr) return found;
  const char* const reason = dlerror();
  throw struere::Error(struere::ErrorCode::storage,
                       fmt::format("a database of PostgreSQL needs libpq (Debian: apt-get install libpq5): {}",
                                   reason ? reason : "it cannot be loaded"));
}

}  // namespace

#define STRUERE_OF_LIBPQ(result, name, parameters, arguments)                                      \
  result name parameters {                                                                         \
    static const auto function = reinterpret_cast<result(*) parameters>(function_of_libpq(#name)); \
    return function arguments;                                                                     \
  }

extern "C" {
STRUERE_OF_LIBPQ(int, PQcancel, (PGcancel * a, char* b, int c), (a, b, c))
STRUERE_OF_LIBPQ(void, PQclear, (PGresult * a), (a))
STRUERE_OF_LIBPQ(char*, PQcmdTuples, (PGresult * a), (a))
STRUERE_OF_LIBPQ(PGconn*, PQconnectdbParams, (const char* const* a, const char* const* b, int c), (a, b, c))
STRUERE_OF_LIBPQ(void, PQconninfoFree, (PQconninfoOption * a), (a))
STRUERE_OF_LIBPQ(PQconninfoOption*, PQconninfoParse, (const char* a, char** b), (a, b))
STRUERE_OF_LIBPQ(int, PQconsumeInput, (PGconn * a), (a))
STRUERE_OF_LIBPQ(int, PQenterPipelineMode, (PGconn * a), (a))
STRUERE_OF_LIBPQ(char*, PQerrorMessage, (const PGconn* a), (a))
STRUERE_OF_LIBPQ(char*, PQescapeLiteral, (PGconn * a, const char* b, size_t c), (a, b, c))
STRUERE_OF_LIBPQ(void, PQfinish, (PGconn * a), (a))
STRUERE_OF_LIBPQ(int, PQflush, (PGconn * a), (a))
STRUERE_OF_LIBPQ(void, PQfreeCancel, (PGcancel * a), (a))
STRUERE_OF_LIBPQ(void, PQfreemem, (void* a), (a))
STRUERE_OF_LIBPQ(Oid, PQftype, (const PGresult* a, int b), (a, b))
STRUERE_OF_LIBPQ(PGcancel*, PQgetCancel, (PGconn * a), (a))
STRUERE_OF_LIBPQ(PGresult*, PQgetResult, (PGconn * a), (a))
STRUERE_OF_LIBPQ(int, PQgetisnull, (const PGresult* a, int b, int c), (a, b, c))
STRUERE_OF_LIBPQ(int, PQgetlength, (const PGresult* a, int b, int c), (a, b, c))
STRUERE_OF_LIBPQ(char*, PQgetvalue, (const PGresult* a, int b, int c), (a, b, c))
STRUERE_OF_LIBPQ(char*, PQhost, (const PGconn* a), (a))
STRUERE_OF_LIBPQ(char*, PQhostaddr, (const PGconn* a), (a))
STRUERE_OF_LIBPQ(int, PQisBusy, (PGconn * a), (a))
STRUERE_OF_LIBPQ(int, PQntuples, (const PGresult* a), (a))
STRUERE_OF_LIBPQ(PGPing, PQpingParams, (const char* const* a, const char* const* b, int c), (a, b, c))
STRUERE_OF_LIBPQ(int, PQpipelineSync, (PGconn * a), (a))
STRUERE_OF_LIBPQ(char*, PQport, (const PGconn* a), (a))
STRUERE_OF_LIBPQ(void, PQreset, (PGconn * a), (a))
STRUERE_OF_LIBPQ(char*, PQresultErrorField, (const PGresult* a, int b), (a, b))
STRUERE_OF_LIBPQ(ExecStatusType, PQresultStatus, (const PGresult* a), (a))
STRUERE_OF_LIBPQ(int, PQsendPrepare, (PGconn * a, const char* b, const char* c, int d, const Oid* e), (a, b, c, d, e))
STRUERE_OF_LIBPQ(int, PQsendQueryParams,
                 (PGconn * a, const char* b, int c, const Oid* d, const char* const* e, const int* f, const int* g,
                  int h),
                 (a, b, c, d, e, f, g, h))
STRUERE_OF_LIBPQ(int, PQsendQueryPrepared,
                 (PGconn * a, const char* b, int c, const char* const* d, const int* e, const int* f, int g),
                 (a, b, c, d, e, f, g))
STRUERE_OF_LIBPQ(PGVerbosity, PQsetErrorVerbosity, (PGconn * a, PGVerbosity b), (a, b))
STRUERE_OF_LIBPQ(PQnoticeProcessor, PQsetNoticeProcessor, (PGconn * a, PQnoticeProcessor b, void* c), (a, b, c))
STRUERE_OF_LIBPQ(int, PQsetnonblocking, (PGconn * a, int b), (a, b))
STRUERE_OF_LIBPQ(int, PQsocket, (const PGconn* a), (a))
STRUERE_OF_LIBPQ(ConnStatusType, PQstatus, (const PGconn* a), (a))
STRUERE_OF_LIBPQ(PGTransactionStatusType, PQtransactionStatus, (const PGconn* a), (a))
}
