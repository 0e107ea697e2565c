#include "company_loader.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace {

using namespace struere;

std::ifstream open_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path.string() + "; --data names the folder that has it");
  return file;
}

Json read_json(const std::filesystem::path& path) {
  std::ifstream file = open_file(path);
  return Json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

// Creates the company and makes its people members. Members are the same in both environments.
OrganizationId found_company(const TrustedHost& host, const Json& company) {
  const OrganizationId id(company.at("id").get<std::string>());
  host.create_organization(company.at("name"), id);
  for (const Json& person : company.at("people")) {
    const UserId user(person.at("id").get<std::string>());
    host.create_user(person.at("name"), user);
    host.put_member(id, user,
                    person.value("membership", "member") == "admin" ? MembershipRole::admin : MembershipRole::member);
  }
  return id;
}

// Defines types and roles and assigns the roles. They may differ between the environments, so each has its own files.
void define(const Session& system, const std::filesystem::path& definitions, const Json& people) {
  for (const Json& type : read_json(definitions / "entity-types.json")) system.entity_types().define(type);
  const RoleRepository roles = system.roles();
  for (const Json& role : read_json(definitions / "roles.json")) roles.define(role);
  const std::string environment(to_string(system.actor().environment()));
  for (const Json& person : people)
    for (const Json& role : person.value(environment, Json::array())) roles.assign(UserId(person.at("id")), role);
}

// The id for a reference such as "@session-7". Rows refer only to rows above them.
EntityId resolve(const LoadedScope& scope, const Json& reference) {
  return scope.ids.at(reference.get<std::string>().substr(1));
}

LoadedScope load_rows(const Session& system, const std::filesystem::path& path) {
  LoadedScope out;
  std::ifstream file = open_file(path);
  for (std::string text; std::getline(file, text);) {
    Json line = Json::parse(text);
    if (line.contains("link")) {
      system.relations().link(resolve(out, line.at("from")), line.at("link"), resolve(out, line.at("to")));
      ++out.relations;
      continue;
    }
    Json& data = line.at("data");
    for (Json& value : data)
      if (value.is_string() && value.get_ref<const std::string&>().starts_with('@')) value = resolve(out, value).str();
    CreateOptions options;
    if (line.contains("status")) options.status = line.at("status");
    const Written written = system.entities(line.at("type")).create(data, options);
    out.ids.emplace(line.at("ref"), written.id);
    out.rows.push_back({written.id, line.at("type"), std::move(data)});
  }
  return out;
}

}  // namespace

std::size_t LoadedScope::count(const std::string& type, const std::function<bool(const Json&)>& matches) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      rows, [&](const LoadedRow& row) { return row.type == type && (!matches || matches(row.data)); }));
}

LoadedCompanies load_companies(const Database& database, const std::filesystem::path& folder) {
  LoadedCompanies out;
  const TrustedHost host = database.trusted_host();
  for (const Json& company : read_json(folder / "companies.json")) {
    const OrganizationId organization = found_company(host, company);
    for (const Environment environment : {Environment::development, Environment::production}) {
      // One actor has one scope: its writes cannot reach the other environment.
      const Session system = host.system_session(organization, environment);
      const std::string name(to_string(environment)), scope = organization.str() + "/" + name;
      define(system, folder / "definitions" / name, company.at("people"));
      out.emplace(scope, load_rows(system, folder / (scope + ".jsonl")));
    }
  }
  return out;
}
