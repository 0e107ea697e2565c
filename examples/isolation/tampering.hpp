// The attacks of a person with access to the file: plain SQLite, without struere.
#pragma once

#include <string>

#include <struere/struere.hpp>

// Replaces a text in the payload of an event. Returns the number of changed events.
int rewrite_event(const std::string& database_path, const struere::EventId& event, const std::string& text,
                  const std::string& by);

// Tries to relate two entities of different scopes, with foreign keys on. Returns SQLite's error, or an empty text if
// SQLite accepts the relation.
std::string link_across_scopes(const std::string& database_path, const struere::EntityId& from,
                               const struere::EntityId& to);
