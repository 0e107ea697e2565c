// `struere data`: the entities of an environment, as an actor sees them.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <iostream>

#include "cli/commands.hpp"
#include "cli/screen.hpp"

namespace struere::cli {
namespace {

struct DataOptions {
  std::string type, id, json, where, order;
  Query query;
  std::optional<std::string> status;
  std::optional<std::int64_t> version;
};

Query query_of(const DataOptions& data) {
  Query out = data.query;
  JsonFault fault;
  if (!data.where.empty()) {
    auto where = parse_json(data.where, fault);
    if (!where) throw Error(ErrorCode::invalid_query, "--where is JSON: " + fault.message);
    out.where = Condition(*std::move(where));
  }
  if (!data.order.empty()) {
    const bool descending = data.order.front() == '-';
    out.order = {{data.order.substr(descending ? 1 : 0), descending ? Direction::descending : Direction::ascending}};
  }
  return out;
}

void list(const Options& options, const DataOptions& data, const EntityRepository& entities) {
  const EntityPage page = entities.list(query_of(data));
  if (options.json) {
    Json rows = Json::array();
    for (const Entity& entity : page) rows.push_back(entity.to_json());
    fmt::print("{}\n",
               Json{{"rows", std::move(rows)}, {"next", page.next() ? Json(*page.next()) : Json(nullptr)}}.dump());
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Entity& entity : page)
    rows.push_back({entity.id().str(), entity.status().value_or(""), std::to_string(entity.version()),
                    std::string(entity.json())});
  const Screen screen(options);
  if (rows.empty()) return fmt::print("There is none that this actor sees here.\n");
  screen.show_table({"id", "status", "version", "data"}, rows);
  if (page.next()) fmt::print("{}\n", screen.faint("there is more: --after " + *page.next()));
}

// One JSON text a line, oldest first, so that an import makes them in the same order. Ids are the database's own.
void export_rows(const DataOptions& data, const EntityRepository& entities) {
  Query query = query_of(data);
  query.limit = 1000;
  if (query.order.empty()) query.order = {{"createdAt", Direction::ascending}};
  Progress progress;
  const bool is_terminal = isatty(STDOUT_FILENO) != 0, is_shown = progress.is_shown() && !is_terminal;
  const std::int64_t total = is_shown ? entities.count(query) : 0;
  std::int64_t done = 0;
  do {
    const EntityPage page = entities.list(query);
    for (const Entity& entity : page)
      fmt::print("{}\n", is_terminal ? printable(std::string(entity.json())) : std::string(entity.json()));
    done += static_cast<std::int64_t>(page.size());
    if (is_shown) progress.show("exporting", done, total);
    query.after = page.next();
  } while (query.after);
}

// Nothing where the input is no file.
std::int64_t size_of_input() {
  struct stat found {};
  return fstat(STDIN_FILENO, &found) == 0 && S_ISREG(found.st_mode) ? found.st_size : 0;
}

// Each line is an entity of its own: what is before a line that is refused stays, and the message says which it is.
void import_rows(const Options& options, const EntityRepository& entities) {
  if (isatty(STDIN_FILENO)) fmt::print(stderr, "One JSON text a line; end with Ctrl-D.\n");
  Progress progress;
  const std::int64_t total = size_of_input();
  std::int64_t done = 0, read = 0;
  const auto refuse = [&](ErrorCode code, const std::string& why) {
    throw Error(code, fmt::format("entity {} of the input: {} ({} before it were imported)", done + 1, why, done));
  };
  std::string line(json_max_bytes + 2, '\0');  // no entity is longer, whatever the input is
  while (std::cin.getline(line.data(), static_cast<std::streamsize>(line.size()))) {
    const std::int64_t length = std::cin.gcount() - (std::cin.eof() ? 0 : 1);
    read += std::cin.gcount();
    if (length == 0) continue;
    try {
      entities.create(JsonText{line.substr(0, static_cast<std::size_t>(length))});
    } catch (const Error& error) {
      refuse(error.code(), error.what());
    }
    ++done;
    progress.show(fmt::format("{} imported", done), read, total);
  }
  if (!std::cin.eof()) refuse(ErrorCode::invalid_data, fmt::format("the line is longer than {} bytes", json_max_bytes));
  fmt::print("{}\n", options.json ? Json{{"imported", done}}.dump() : fmt::format("{} imported.", done));
}

void show(const Options& options, const Json& row) {
  fmt::print("{}\n", options.json ? row.dump() : printable(row.dump(2), true));
}

void show(const Options& options, const Written& written) {
  show(options, written.row ? written.row->to_json() : Json{{"id", written.id.str()}});
}

}  // namespace

void add_data(CLI::App& program, Options& options) {
  static DataOptions data;
  auto* const group = program.add_subcommand("data", "Entities, as an actor sees them")->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, auto&& body) {
    auto* const command = group->add_subcommand(name, what);
    command->add_option("type", data.type, "The entity type")->required()->type_name("TYPE");
    command->callback([&options, body] {
      const Session session(options);
      session.require_entity_type(options, data.type);
      body(session.actor(options).entities(data.type));
    });
    return command;
  };
  const auto add_query = [](CLI::App* command) {
    command->add_option("--where", data.where, R"(JSON: {"field": "data.x", "operator": "eq", "value": 1}, or a list)")
        ->type_name("JSON");
    command->add_option("--search", data.query.search, "Words");
    command->add_option("--order", data.order, "A field; with - before it, descending");
  };
  const auto add_id = [](CLI::App* command) {
    command->add_option("id", data.id, "As `struere data list` shows it")->required()->type_name("ID");
  };

  auto* const listing =
      add("list", "A page of them", [&options](const EntityRepository& entities) { list(options, data, entities); });
  add_query(listing);
  listing->footer(
      "Example:\n  struere data list note --as ada --order -createdAt "
      R"(--where '{"field": "data.text", "operator": "contains", "value": "milk"}')");
  listing->add_option("--limit", data.query.limit, "1 to 1000");
  listing->add_option("--after", data.query.after, "Where the page before ended");
  auto* const exporting = add("export", "All of them, one JSON text a line",
                              [](const EntityRepository& entities) { export_rows(data, entities); });
  add_query(exporting);
  exporting->footer("Example:\n  struere data export note -e production > notes.jsonl");
  add("import", "Makes one of each line of the input", [&options](const EntityRepository& entities) {
    import_rows(options, entities);
  })->footer("Example:\n  struere data import note < notes.jsonl");
  add_id(add("get", "One of them", [&options](const EntityRepository& entities) {
    show(options, entities.get(EntityId(data.id)).to_json());
  }));
  auto* const create = add("create", "A new one", [&options](const EntityRepository& entities) {
    show(options, entities.create(JsonText{data.json}, {data.status}));
  });
  create->add_option("data", data.json, "JSON")->required()->type_name("JSON");
  create->footer(R"(Example:
  struere data create note '{"text": "milk", "author": "ada"}')");
  create->add_option("--status", data.status, "active unless given");
  auto* const update = add("update", "Changes one by a merge patch", [&options](const EntityRepository& entities) {
    show(options, entities.update(EntityId(data.id), JsonText{data.json}, {data.status, data.version}));
  });
  add_id(update);
  update->add_option("patch", data.json, "JSON; null removes a key")->required()->type_name("JSON");
  update->add_option("--status", data.status);
  update->add_option("--version", data.version, "Refused where the entity has moved on from it");
  add_id(add("delete", "Takes one away", [&options](const EntityRepository& entities) {
    entities.remove(EntityId(data.id));
    fmt::print("{}\n", options.json ? Json{{"deleted", data.id}}.dump() : "Deleted.");
  }));
}

}  // namespace struere::cli
