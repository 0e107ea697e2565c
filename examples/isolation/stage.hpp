// The common setup of the chapters of the walkthrough, and the chapters.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include <struere/struere.hpp>

#include "company_loader.hpp"
#include "screen.hpp"

struct Stage {
  const struere::Database& database;
  std::string path;  // of the database
  const LoadedCompanies& companies;
  Screen& screen;

  // The rows that were loaded into an environment of Brightpath.
  const LoadedScope& loaded(struere::Environment environment) const;

  // Actors at Brightpath. A host authenticates its users itself, for example by password or single sign-on.
  struere::Session person(const char* user, struere::Environment environment = struere::Environment::production) const;
  struere::Session system(struere::Environment environment) const;
};

// The chapters in this order; each can be read without the others.
void two_worlds(Stage& stage);
void foreign_ids(Stage& stage);
void rows_and_fields(Stage& stage);
void guesses(Stage& stage);
void writes(Stage& stage);
void reasons(Stage& stage);
void audit(Stage& stage);

// The error of an operation, as a caller sees it: code and message.
template <class Operation>
std::string error_of(const Operation& operation) {
  try {
    operation();
    return "no error";
  } catch (const struere::Error& error) {
    return fmt::format("{}: {}", to_string(error.code()), error.what());
  }
}

// A field of an object that an actor got, for a table: "notes.health" of {"notes": {"health": "asthma"}}.
std::string text_at(const struere::Json& data, std::string_view path);
