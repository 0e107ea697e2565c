// Entities as text of an answer, made of the stored bytes wherever possible.
#pragma once

#include <string>
#include <vector>

#include "server/response.hpp"
#include "struere/model/entity.hpp"
#include "struere/repository/entity_repository.hpp"

namespace struere::server {

// The text of Entity::to_json(). `expands`: the question had `expand`.
void append_entity(std::string& out, const Entity& entity, bool expands = false);

// With an ETag, which is the version.
Response entity_response(const Entity& entity, unsigned status = 200, bool expands = false);
// The row, or its id alone where the actor does not see it.
Response written_response(const Written& written, unsigned status = 200);
// {"items":[…],"cursor":"…"}; no cursor after the last page.
Response page_response(const EntityPage& page, bool expands = false);
Response rows_response(const std::vector<Entity>& rows);

}  // namespace struere::server
