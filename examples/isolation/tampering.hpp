// What somebody with the file in their hands could do, behind the library's back.
#pragma once

#include <string>

// Changes one byte of the payload of an event, with plain SQLite. Answers the event's id.
std::string tamper_with_event(const std::string& database_path, const std::string& organization, const std::string& environment);

// Tries to link two entities of different scopes, with foreign keys on. Answers SQLite's refusal, or nothing if it was let in.
std::string link_across_scopes(const std::string& database_path, const std::string& from, const std::string& to);
