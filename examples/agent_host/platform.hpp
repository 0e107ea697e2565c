// The setup of an organization before the first request: its roles, and its agent in each environment.
#pragma once

#include <string>

#include <struere/struere.hpp>

// Creates the organization with both environments, and returns an API key of one of them.
void set_up(const struere::Database& database);
std::string new_key(const struere::Database& database, struere::Environment environment);
