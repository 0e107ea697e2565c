#include "struere/spi/transaction.hpp"

#include "struere/core/error.hpp"

namespace struere {
inline namespace spi {
namespace {

[[noreturn]] void throw_not_copied() {
  throw Error(ErrorCode::storage,
              "this storage cannot be copied from or to; use another one, or implement "
              "the functions for moving of spi/transaction.hpp");
}

}  // namespace

std::int64_t Transaction::count_ends(const std::string&, std::int64_t) { return 0; }
std::vector<StoredEntity> Transaction::scan_entities(const std::string&, std::int64_t, std::size_t) {
  throw_not_copied();
}
std::vector<StoredRelation> Transaction::scan_relations(const std::optional<StoredRelation>&, std::int64_t) {
  throw_not_copied();
}
void Transaction::restore_event(const EventRecord&) { throw_not_copied(); }
void Transaction::clear_scope() { throw_not_copied(); }

}  // namespace spi
}  // namespace struere
