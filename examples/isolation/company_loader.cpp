#include "company_loader.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace {

using struere::Json;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string() + "; name the folder with --data");
  return {std::istreambuf_iterator<char>(file), {}};
}

class CompanyLoader {
 public:
  CompanyLoader(const struere::Database& database, std::filesystem::path folder) : database_(database), folder_(std::move(folder)) {}

  LoadedCompanies load() {
    const Json types = Json::parse(read_file(folder_ / "entity-types.json")), roles = Json::parse(read_file(folder_ / "roles.json"));
    for (const Json& company : Json::parse(read_file(folder_ / "companies.json"))) {
      const auto organization = add_organization(company);
      for (const auto environment : {struere::Environment::development, struere::Environment::production}) {
        // One actor, one scope: nothing that is done with it can land in the other environment.
        const auto system = database_.trusted_host().system_actor(organization, environment);
        for (const Json& type : types) database_.entity_types(system).define(type);
        for (const Json& role : roles) database_.roles(system).define(role);
        for (const auto& [user, names] : company.at("assignments").items())
          for (const std::string name : names) database_.roles(system).assign(struere::UserId(user), name);
        add_entities(system);
      }
    }
    return std::move(loaded_);
  }

 private:
  struere::OrganizationId add_organization(const Json& company) const {
    const auto host = database_.trusted_host();
    const struere::OrganizationId id(company.at("id").get<std::string>());
    host.create_organization(company.at("name"), id);
    for (const auto& [user, role] : company.at("members").items()) {
      host.create_user(user, struere::UserId(user));
      host.put_member(id, struere::UserId(user), role == "admin" ? struere::MembershipRole::admin : struere::MembershipRole::member);
    }
    return id;
  }

  void add_entities(const struere::ActorContext& system) {
    const std::string scope = system.organization().str() + "/" + std::string(to_string(system.environment()));
    std::ifstream lines(folder_ / (scope + ".jsonl"));
    if (!lines) throw std::runtime_error("cannot read the rows of " + scope);
    for (std::string line; std::getline(lines, line);) {
      Json row = Json::parse(line);
      for (auto& value : row.at("data"))
        if (value.is_string() && value.get_ref<const std::string&>().starts_with('@'))
          value = loaded_.ids.at(scope + "/" + value.get<std::string>().substr(1)).str();
      const auto written = database_.entities(system, row.at("type")).create(row.at("data"));
      loaded_.ids.emplace(scope + "/" + row.at("ref").get<std::string>(), written.id);
      ++loaded_.entities;
    }
  }

  const struere::Database& database_;
  std::filesystem::path folder_;
  LoadedCompanies loaded_;
};

}  // namespace

LoadedCompanies load_companies(const struere::Database& database, const std::filesystem::path& folder) {
  return CompanyLoader(database, folder).load();
}
