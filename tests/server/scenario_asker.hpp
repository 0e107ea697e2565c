// Asks a server of this process for what the steps of a scenario say. API keys ask as they are, users as operators
// (named_operator).
#pragma once

#include <stdexcept>
#include <string>

#include "conformance/http_operations.hpp"
#include "conformance/world.hpp"
#include "struere/core/error.hpp"
#include "support/http_client.hpp"

namespace struere::test {

class ScenarioAsker final : public conformance::HttpAsker {
 public:
  ScenarioAsker(conformance::World& world, HttpClient& client) : world_(world), client_(client) {}

  conformance::References& references() override { return world_.references(); }

  Json ask(const Json& actor, const conformance::HttpRequest& request) override {
    world_.actor(actor);  // throws if there is no such actor
    std::string target;
    for (const std::string& segment : request.segments) target += "/" + url_encoded(segment);
    char before = '?';
    const auto add = [&](const std::string& name, const std::string& value) {
      target += before + name + "=" + url_encoded(value);
      before = '&';
    };
    for (const auto& [name, value] : request.parameters) add(name, value);
    HttpClient::Headers headers;
    if (actor.contains("roles")) {
      headers.emplace_back("Authorization", "Bearer " + world_.secret_of_key(actor));
    } else {
      headers.emplace_back("Cookie", "user=" + actor.at("user").get<std::string>() +
                                         "; organization=" + actor.at("organization").get<std::string>());
      headers.emplace_back("Sec-Fetch-Site", "same-origin");
      add("environment", actor.at("environment").get<std::string>());
    }
    if (request.if_match) headers.emplace_back("If-Match", *request.if_match);
    const HttpAnswer got =
        client_.ask(request.method, target, headers, request.body ? std::optional(request.body->dump()) : std::nullopt);
    ++asked_;
    if (got.status == 0) throw std::runtime_error("the server closed the connection");
    if (got.status == 204) return Json::object();
    if (got.status < 400) return got.json();
    const Error error(code_of(got.code()), got.json().at("detail").get<std::string>());
    throw got.json().contains("index") ? error.at(got.json().at("index").get<std::size_t>()) : error;
  }

  Json make(const std::string& ref, const std::string& /*type*/, const std::function<Json()>& post) override {
    Json out;
    world_.creating(ref, [&] {
      out = post();
      return out.value("created", true);
    });
    return out;
  }

  Json in_unit(const std::function<Json()>& post) override {
    conformance::World::Unit unit(world_);
    try {
      return post();
    } catch (...) {
      unit.undone();
      throw;
    }
  }

  std::string type_of(const Json& actor, const std::string& id) override {
    Json system = actor;
    for (const char* who : {"user", "roles"}) system.erase(who);
    system["system"] = true;
    const Session session = world_.actor(system);
    for (const EntityType& type : session.entity_types().list())
      if (session.entities(type.slug).find(EntityId(id))) return type.slug;
    return "unknown";
  }

  int asked() const noexcept { return asked_; }

 private:
  static ErrorCode code_of(const std::string& word) {
    for (const ErrorCode code :
         {ErrorCode::unauthenticated, ErrorCode::permission_denied, ErrorCode::not_found, ErrorCode::invalid_data,
          ErrorCode::invalid_reference, ErrorCode::invalid_definition, ErrorCode::invalid_query,
          ErrorCode::invalid_cursor, ErrorCode::conflict, ErrorCode::storage})
      if (to_string(code) == word) return code;
    throw std::runtime_error("the server answers " + word);
  }

  conformance::World& world_;
  HttpClient& client_;
  int asked_ = 0;
};

}  // namespace struere::test
