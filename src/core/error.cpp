#include "struere/core/error.hpp"

namespace struere {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::unauthenticated: return "unauthenticated";
    case ErrorCode::permission_denied: return "permission_denied";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::invalid_data: return "invalid_data";
    case ErrorCode::invalid_reference: return "invalid_reference";
    case ErrorCode::invalid_definition: return "invalid_definition";
    case ErrorCode::invalid_query: return "invalid_query";
    case ErrorCode::invalid_cursor: return "invalid_cursor";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::storage: return "storage";
  }
  return "storage";
}

}  // namespace struere
