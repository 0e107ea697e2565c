// What an organization set up before the first request came: who may do what, and what the agent is in each
// environment.
#pragma once

#include <string>

#include <struere/struere.hpp>

// Makes the organization with both environments and answers with an API key of one of them.
void set_up(const struere::Database& database);
std::string new_key(const struere::Database& database, struere::Environment environment);
