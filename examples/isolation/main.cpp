// Two companies and two environments in one file: what each actor sees of it, and which limits no actor can pass.
// Every printed claim is computed; the program ends with 1 if one does not hold.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <struere/struere.hpp>

#include "company_loader.hpp"
#include "screen.hpp"
#include "stage.hpp"

#ifndef STRUERE_EXAMPLES_DIR
#define STRUERE_EXAMPLES_DIR "examples"
#endif

namespace {

using namespace struere;

struct Arguments {
  std::filesystem::path data = std::filesystem::path(STRUERE_EXAMPLES_DIR) / "tutoring";
  std::optional<std::string> database;
  bool keep = false;
};

Arguments read_arguments(const std::vector<std::string_view>& words) {
  Arguments out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--keep") {
      out.keep = true;
    } else if (words[i] == "--data" && i + 1 < words.size()) {
      out.data = words[++i];
    } else if (!words[i].starts_with('-') && !out.database) {
      out.database = std::string(words[i]);
    } else {
      throw std::runtime_error("usage: isolation [--data FOLDER] [--keep] [DATABASE]");
    }
  }
  return out;
}

// A file that the destructor deletes, however the program ends, unless the file is to be kept.
class DatabaseFile {
 public:
  explicit DatabaseFile(const Arguments& arguments) : keep_(arguments.keep || arguments.database) {
    const auto temporary = std::filesystem::temp_directory_path() / fmt::format("struere-isolation-{}.db", ::getpid());
    path_ = arguments.database.value_or(temporary.string());
    if (std::filesystem::exists(path_)) throw std::runtime_error(path_ + " is there already; name a new file");
  }
  ~DatabaseFile() {
    if (keep_) return;
    std::error_code ignored;
    for (const char* const suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix, ignored);
  }
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;

  const std::string& path() const noexcept { return path_; }
  bool keep() const noexcept { return keep_; }

 private:
  std::string path_;
  bool keep_;
};

void print_what_was_loaded(const LoadedCompanies& companies, const std::string& path,
                           std::chrono::duration<double> took, Screen& screen) {
  std::vector<std::vector<std::string>> table{
      {"", "teachers", "guardians", "students", "sessions", "payments", "relations"}};
  std::size_t rows = 0;
  for (const auto& [name, scope] : companies) {
    std::vector<std::string> row{name};
    for (const char* const type : {"teacher", "guardian", "student", "session", "payment"})
      row.push_back(std::to_string(scope.count(type)));
    row.push_back(std::to_string(scope.relations));
    table.push_back(row);
    rows += scope.rows.size();
  }
  screen.say(
      "struere keeps the data of many organizations, each with a development and a production environment, in one "
      "SQLite file. "
      "Whoever reads or writes it does so as one actor, in one of those worlds, under that actor's roles. Here are two "
      "tutoring "
      "companies:");
  screen.table(table);
  screen.say(fmt::format(
      "Loaded {} entities into {} in {:.1f} s ({:.0f} a second), each one checked against its schema, written "
      "and audited in a transaction of its own. What follows asks them questions; ✓ marks what was checked.",
      rows, path, took.count(), static_cast<double>(rows) / took.count()));
}

bool run(const Arguments& arguments) {
  const DatabaseFile file(arguments);
  Screen screen;
  {
    // The file is made in one run and deleted, so losing the last rows at a loss of power is acceptable. A host keeps
    // the default, Durability::full.
    const Database database = Database::open(file.path(), {.sqlite = {.durability = Durability::normal}});
    const auto started = std::chrono::steady_clock::now();
    const LoadedCompanies companies = load_companies(database, arguments.data);
    print_what_was_loaded(companies, file.path(), std::chrono::steady_clock::now() - started, screen);
    Stage stage{database, file.path(), companies, screen};
    for (const auto chapter : {two_worlds, foreign_ids, rows_and_fields, guesses, writes, reasons, audit})
      chapter(stage);
  }
  fmt::print("\n{} claims checked, {}.\n", screen.claims(),
             screen.broken() == 0 ? "all hold" : fmt::format("{} DO NOT HOLD", screen.broken()));
  if (file.keep()) {
    fmt::print("The database is {}. Look into it:\n", file.path());
    fmt::print("  sqlite3 {} 'SELECT id, organization_id, environment, event_count FROM scopes'\n", file.path());
    fmt::print("  sqlite3 {} 'SELECT type, count(*) FROM events WHERE scope_id = 2 GROUP BY type'\n", file.path());
  } else {
    fmt::print("The database was removed; with --keep it stays, to be looked into.\n");
  }
  return screen.broken() == 0;
}

}  // namespace

int main(int argument_count, char** argument_values) {
  try {
    return run(read_arguments({argument_values + 1, argument_values + argument_count})) ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "isolation: {}\n", error.what());
    return 1;
  }
}
