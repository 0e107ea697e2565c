#include "struere/query/cursor.hpp"

#include "core/digest.hpp"

namespace struere {
namespace {

std::string context_of(const Scope& scope, const std::string& question) {
  const auto& organization = scope.organization().str();
  std::string text = std::to_string(organization.size());
  text.append(":").append(organization).append("/").append(to_string(scope.environment())).append("/").append(question);
  return text;
}

}  // namespace

std::string encode_cursor(const Digest& key, const Scope& scope, const std::string& question,
                          const Position& position) {
  std::string text;
  for (const std::string& part : position) text.append(std::to_string(part.size())).append(":").append(part);
  return seal(key, context_of(scope, question), text);
}

std::optional<Position> decode_cursor(const Digest& key, const Scope& scope, const std::string& question,
                                      const std::string& cursor) {
  const auto text = unseal(key, context_of(scope, question), cursor);
  if (!text) return std::nullopt;
  Position position;
  for (std::size_t at = 0; at < text->size();) {  // struere sealed the text, so it is complete
    const auto colon = text->find(':', at);
    const auto size = std::stoul(text->substr(at, colon - at));
    position.push_back(text->substr(colon + 1, size));
    at = colon + 1 + size;
  }
  return position;
}

}  // namespace struere
