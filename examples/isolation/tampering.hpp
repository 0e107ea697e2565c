// What somebody with the file in their hands could do, behind the library's back: plain SQLite, no struere.
#pragma once

#include <string>

#include <struere/struere.hpp>

// Replaces a text in the payload of an event. Answers how many events were changed.
int rewrite_event(const std::string& database_path, const struere::EventId& event, const std::string& text,
                  const std::string& by);

// Tries to relate two entities of different scopes, with foreign keys on. Answers SQLite's refusal, or nothing where it
// was let in.
std::string link_across_scopes(const std::string& database_path, const struere::EntityId& from,
                               const struere::EntityId& to);
