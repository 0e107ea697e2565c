// `struere data`: the entities of an environment, as an actor sees them.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/data_files.hpp"
#include "cli/field_suggestion.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "cli/whole_number.hpp"

namespace struere::cli {
namespace {

struct DataOptions {
  std::string type, id, json, where, order;
  Query query;
  std::optional<std::string> status;
  std::optional<std::int64_t> version;
  bool hold_writers = false;
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

// The columns of the table: the fields of the type's schema, required ones first, then all others.
std::vector<std::string> fields_of(const Json& schema, const std::vector<Json>& rows) {
  std::vector<std::string> out;
  const auto add = [&](const std::string& field) {
    const auto has = [&](const Json& row) { return row.contains(field); };
    if (std::ranges::find(out, field) == out.end() && std::ranges::any_of(rows, has)) out.push_back(field);
  };
  if (schema.is_object() && schema.contains("required") && schema.at("required").is_array())
    for (const Json& field : schema.at("required"))
      if (field.is_string()) add(field.get<std::string>());
  if (schema.is_object() && schema.contains("properties") && schema.at("properties").is_object())
    for (const auto& [field, inner] : schema.at("properties").items()) add(field);
  for (const Json& row : rows)
    for (const auto& [field, value] : row.items()) add(field);
  return out;
}

std::string cell_of(const Json& data, const std::string& field) {
  const auto found = data.find(field);
  if (found == data.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

void list(const Place& place, const Options& options, const DataOptions& data) {
  const Query query = query_of(data);
  const EntityPage page = place.list(data.type, query);
  const bool needs_schema = !query.where.empty() || !query.order.empty() || (!options.json && !page.empty());
  const Json schema = needs_schema ? place.schema_of(data.type) : Json();
  // A field that the schema does not contain is absent from every row. Without a warning the result would just be
  // empty.
  if (!schema.is_null() && (!query.where.empty() || !query.order.empty()))
    for (const std::string& warning : field_warnings(schema, query)) tell_aside("{}", warning);
  if (options.json) {
    Json rows = Json::array();
    for (const Entity& entity : page) rows.push_back(entity.to_json());
    return say_json({{"rows", std::move(rows)}, {"next", page.next() ? Json(*page.next()) : Json(nullptr)}});
  }
  if (page.empty()) return say("This actor sees no such entity here.");
  std::vector<std::string> head{"id"};
  const auto is_other = [](const Entity& entity) { return entity.status() != "active"; };
  const bool has_status = std::any_of(page.begin(), page.end(), is_other);
  if (has_status) head.emplace_back("status");
  constexpr std::size_t id_width = 36, least_width = 8;
  std::vector<Json> values;
  for (const Entity& entity : page) values.push_back(entity.data());
  std::vector<std::string> fields = fields_of(schema, values);
  const std::size_t room = terminal_width() > id_width ? (terminal_width() - id_width) / (least_width + 2) : 0;
  const std::size_t most = std::max<std::size_t>(room, 2) - (has_status ? 1 : 0);
  std::vector<std::string> others;
  if (fields.size() > most) {
    others.assign(fields.begin() + static_cast<std::ptrdiff_t>(most), fields.end());
    fields.resize(most);
  }
  head.insert(head.end(), fields.begin(), fields.end());
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < page.size(); ++i) {
    std::vector<std::string>& row = rows.emplace_back(std::vector<std::string>{page[i].id().str()});
    if (has_status) row.push_back(page[i].status().value_or(""));
    for (const std::string& field : fields) row.push_back(cell_of(values[i], field));
  }
  const Screen screen(options);
  screen.show_table(head, rows);
  if (!others.empty()) say("{}", screen.faint(fit(fmt::format("not shown: {} (--json)", fmt::join(others, ", ")))));
  if (page.next()) say("{}", screen.faint("there is more: --after " + *page.next()));
}

void show(const Options& options, const Json& row) {
  if (options.json) return say_json(row);
  say_json_text(row.dump(2));
}

void show(const Options& options, const Written& written) {
  show(options, written.row ? written.row->to_json() : Json{{"id", written.id.str()}});
}

}  // namespace

void add_data(CLI::App& program, Options& options) {
  static DataOptions data;
  static ExportOptions dump;
  static ImportOptions load;
  auto* const group = program.add_subcommand("data", "Entities, as an actor sees them")->require_subcommand(1);
  const auto add = [&](const char* name, const char* what, auto&& body) {
    auto* const command = group->add_subcommand(name, what);
    command->add_option("type", data.type, "The entity type")->required()->type_name("TYPE");
    command->callback([&options, body] {
      const auto place = open_place(options);
      place->require_entity_type(data.type);
      body(*place);
    });
    return command;
  };
  // A command about one entity; the error names the entity if it does not exist.
  const auto add_one = [&](const char* name, const char* what, auto&& body) {
    auto* const command = add(name, what, [body](const Place& place) {
      naming(data.type.c_str(), data.id, [&] { body(place, EntityId(data.id)); });
    });
    command->add_option("id", data.id, "As `struere data list` shows it")->required()->type_name("ID");
    return command;
  };
  const auto add_query = [](CLI::App* command) {
    command->add_option("--where", data.where, R"(JSON: {"field": "data.x", "operator": "eq", "value": 1}, or a list)")
        ->type_name("JSON");
    command->add_option("--search", data.query.search, "Words");
    command->add_option("--order", data.order, "A field; with - before it, descending");
  };

  auto* const listing =
      add("list", "List a page of entities", [&options](const Place& place) { list(place, options, data); });
  add_query(listing);
  listing->footer(
      "Example:\n  struere data list note --as ada --order -createdAt "
      R"(--where '{"field": "data.text", "operator": "contains", "value": "milk"}')");
  add_number(listing, "--limit", data.query.limit, "1 to 1000");
  listing->add_option("--after", data.query.after, "The cursor of the page before");

  auto* const exporting = group->add_subcommand("export", "Write all entities, one JSON text a line");
  exporting->add_option("types", dump.types, "The entity types; several only with --with-ids")
      ->required()
      ->type_name("TYPE");
  exporting->add_flag("--with-ids", dump.with_ids,
                      "Write type, id, status and times too, so that an import restores them");
  add_query(exporting);
  exporting->footer("Example:\n  struere data export note folder --with-ids > dump.jsonl");
  exporting->callback([&options] {
    const auto place = open_place(options);
    for (const std::string& type : dump.types) place->require_entity_type(type);
    dump.query = query_of(data);
    export_entities(*place, dump);
  });

  auto* const importing =
      group->add_subcommand("import", "Create an entity from each line of the input: all of them, or none");
  importing->add_option("type", load.type, "The entity type of lines that do not name one")->type_name("TYPE");
  add_number(importing, "--batch", load.batch, "Write this many lines at a time; they stay if a later line fails",
             {1, static_cast<std::int64_t>(most_rows_written)})
      ->type_name("LINES");
  add_number(importing, "--from", load.from, "Begin at this line, to continue an import", {1, 1'000'000'000})
      ->type_name("LINE");
  importing->add_flag("--with-ids", load.with_ids, "Refuse lines that were not exported --with-ids");
  importing->footer(
      "References between the lines may come in any order, within a batch. A line of an export --with-ids keeps its "
      "id, "
      "its status and createdAt; only the system and org admins may import those.\n\nExample:\n  struere data import "
      "< "
      "dump.jsonl");
  importing->callback([&options] {
    const auto place = open_place(options);
    if (!load.type.empty()) place->require_entity_type(load.type);
    import_entities(*place, options, load);
  });

  add_one("get", "Show an entity",
          [&options](const Place& place, const EntityId& id) { show(options, place.get(data.type, id).to_json()); });
  auto* const create = add("create", "Create an entity", [&options](const Place& place) {
    show(options, place.create(data.type, data.json, data.status));
  });
  create->add_option("data", data.json, "JSON")->required()->type_name("JSON");
  create->footer(R"(Example:
  struere data create note '{"text": "milk", "author": "ada"}')");
  create->add_option("--status", data.status, "active unless given");
  auto* const update =
      add_one("update", "Change an entity by a merge patch", [&options](const Place& place, const EntityId& id) {
        show(options, place.update(data.type, id, data.json, {data.status, data.version}));
      });
  update->add_option("patch", data.json, "JSON; null removes a key")->required()->type_name("JSON");
  update->add_option("--status", data.status);
  add_number(update, "--version", data.version, "Refuse if the entity has another version");
  add_one("delete", "Remove an entity", [&options](const Place& place, const EntityId& id) {
    place.remove(data.type, id);
    if (options.json) return say_json({{"deleted", id.str()}});
    say("Deleted. It is kept: struere data restore, or for good struere data purge");
  });
  add_one("restore", "Make a deleted entity active again",
          [&options](const Place& place, const EntityId& id) { show(options, place.restore(data.type, id)); });
  auto* const purge =
      add_one("purge", "Remove an entity for good, deleted or not, with what the audit log holds of it",
              [&options](const Place& place, const EntityId& id) {
                if (!options.yes &&
                    !Screen(options).confirm(fmt::format(
                        "Purge {} {}, with the payloads of its events? It cannot be undone.", data.type, id.str()))) {
                  say("Nothing was purged.");
                  throw Finished{failed};
                }
                place.purge(data.type, id, {.hold_writers = data.hold_writers});
                if (options.json) return say_json({{"purged", id.str()}});
                say("Purged.");
              });
  purge->add_flag("--yes,-y", options.yes, "Do not ask");
  purge->add_flag("--hold-writers", data.hold_writers, "Rewrite more than 50,000 events while all writers wait");
}

}  // namespace struere::cli
