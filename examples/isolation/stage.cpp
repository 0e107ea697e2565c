#include "stage.hpp"

using namespace struere;

namespace {

const OrganizationId brightpath("brightpath");

}  // namespace

const LoadedScope& Stage::loaded(Environment environment) const {
  return companies.at(brightpath.str() + "/" + std::string(to_string(environment)));
}

Session Stage::person(const char* user, Environment environment) const {
  return database.trusted_host().user_session(UserId(user), brightpath, environment);
}

Session Stage::system(Environment environment) const {
  return database.trusted_host().system_session(brightpath, environment);
}

std::string text_at(const Json& data, std::string_view path) {
  const auto dot = path.find('.');
  const auto found = data.find(std::string(path.substr(0, dot)));
  if (found == data.end()) return "–";
  if (dot != std::string_view::npos) return text_at(*found, path.substr(dot + 1));
  return found->is_string() ? found->get<std::string>() : found->dump();
}
