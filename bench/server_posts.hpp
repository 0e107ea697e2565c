// Posts of some users, and the tables in which the figures of scenarios are printed.
#pragma once

#include <string>

#include "http_load.hpp"
#include "server_database.hpp"

namespace struere::bench {

constexpr int users = 500;
std::string user_name(int i);

Json role_of(const std::string& name, const std::string& type, bool has_rule);  // everything; or of one's own rows
void add_users(const ServerDatabase& place, const std::string& role);
// Posts, which the role `author` has of its own and `anybody` of all, and users who have the role `author`.
void define_posts(const ServerDatabase& place);
Json post_of(int author);

// Both ends of 1,000 connections are in this process, and all of them are of one organization.
server::ServerOptions many_at_once();

void print_head();
void print(const std::string& what, const Figures& found);

}  // namespace struere::bench
