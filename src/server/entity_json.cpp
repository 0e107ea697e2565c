#include "server/entity_json.hpp"

namespace struere::server {
namespace {

constexpr const char* entity_tag = "ETag";

std::string tag_of(std::int64_t version) { return "\"" + std::to_string(version) + "\""; }

template <class Rows>
Response list_response(const Rows& rows, const std::optional<std::string>& cursor, bool expands) {
  Response out;
  std::size_t size = 32;
  for (const Entity& entity : rows) size += json_view(entity).size() + 192;
  out.body.reserve(size);
  out.body = "{";
  if (cursor) {
    out.body += "\"cursor\":";
    append_json_string(out.body, *cursor);
    out.body += ',';
  }
  out.body += "\"items\":[";
  bool is_first = true;
  for (const Entity& entity : rows) {
    if (!is_first) out.body += ',';
    is_first = false;
    append_entity(out.body, entity, expands);
  }
  out.body += "]}";
  return out;
}

}  // namespace

void append_entity(std::string& out, const Entity& entity, bool expands) {
  // A redaction may have put another kind of value in the place of one of these, which only to_json() shows.
  if (!entity.status() || !entity.created_at() || !entity.updated_at() || expands) {
    out += entity.to_json().dump();
    return;
  }
  out += "{\"createdAt\":";
  out += std::to_string(*entity.created_at());
  out += ",\"data\":";
  out += embeddable_json(entity);
  out += ",\"id\":";
  append_json_string(out, entity.id().str());
  out += ",\"status\":";
  append_json_string(out, *entity.status());
  out += ",\"type\":";
  append_json_string(out, entity.type());
  out += ",\"updatedAt\":";
  out += std::to_string(*entity.updated_at());
  out += ",\"version\":";
  out += std::to_string(entity.version());
  out += '}';
}

Response entity_response(const Entity& entity, unsigned status, bool expands) {
  Response out;
  out.status = status;
  append_entity(out.body, entity, expands);
  out.headers.emplace_back(entity_tag, tag_of(entity.version()));
  return out;
}

Response written_response(const Written& written, unsigned status) {
  return written.row ? entity_response(*written.row, status) : json_response({{"id", written.id.str()}}, status);
}

Response page_response(const EntityPage& page, bool expands) { return list_response(page, page.next(), expands); }

Response rows_response(const std::vector<Entity>& rows) { return list_response(rows, {}, false); }

}  // namespace struere::server
