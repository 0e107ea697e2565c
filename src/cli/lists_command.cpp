// Lists of an environment, as an actor sees them: types, roles, agents, threads, executions, relations.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "cli/whole_number.hpp"

namespace struere::cli {
namespace {

struct ListArguments {
  std::optional<std::string> agent, after, thread;
  std::int64_t limit = 50;
  std::string from, relation, to;
  bool backwards = false;
};

// Shows a table, or in JSON an array of objects with the same names.
void show(const Options& options, const std::vector<std::string>& head,
          const std::vector<std::vector<std::string>>& rows, const Json& json, const std::string& none) {
  if (options.json) return say_json(json);
  if (rows.empty()) return say("{}", none);
  Screen(options).show_table(head, rows);
}

void show_next(const Options& options, const std::optional<std::string>& next) {
  if (next && !options.json) say("{}", Screen(options).faint("there is more: --after " + *next));
}

void list_types(const Options& options) {
  const auto place = open_place(options);
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const auto& [slug, name] : place->entity_types()) {
    json.push_back({{"slug", slug}, {"name", name}});
    rows.push_back({slug, name});
  }
  show(options, {"type", "name"}, rows, json, "There is no entity type in " + place->environment() + " yet.");
}

void list_roles(const Options& options) {
  const auto place = open_place(options);
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : place->roles()) {
    json.push_back({{"name", name}});
    rows.push_back({name});
  }
  show(options, {"role"}, rows, json, "There is no role in " + place->environment() + " yet.");
}

void list_agents(const Options& options) {
  const auto place = open_place(options);
  const auto agents = place->agents();
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Agent& agent : agents->list()) {
    const auto history = agents->history(agent.slug);
    Json one{{"slug", agent.slug}, {"name", agent.name}};
    if (!history.empty())
      one.update(Json{{"version", history.front().version},
                      {"model", history.front().model},
                      {"status", to_string(history.front().status)},
                      {"roles", history.front().roles}});
    json.push_back(std::move(one));
    rows.push_back({agent.slug, agent.name, history.empty() ? "" : std::string(to_string(history.front().status)),
                    history.empty() ? "not configured" : history.front().model,
                    history.empty() ? "" : fmt::format("{}", fmt::join(history.front().roles, ", "))});
  }
  show(options, {"agent", "name", "status", "model in " + place->environment(), "roles"}, rows, json,
       "There is no agent yet.");
}

void list_threads(const Options& options, const ListArguments& asked) {
  const auto agents = open_place(options)->agents();
  if (asked.thread) {
    const MessagePage page = naming(
        "thread", *asked.thread, [&] { return agents->messages(ThreadId(*asked.thread), asked.limit, asked.after); });
    Json json = Json::array();
    std::vector<std::vector<std::string>> rows;
    for (const Message& message : page.messages) {
      json.push_back({{"id", message.id.str()},
                      {"role", to_string(message.role)},
                      {"content", message.content},
                      {"createdAt", message.created_at}});
      rows.push_back({time_text(message.created_at), std::string(to_string(message.role)), message.content});
    }
    show(options, {"when (UTC)", "role", "content"}, rows, json, "The thread has no messages.");
    return show_next(options, page.next);
  }
  const ThreadPage page = agents->threads({asked.agent, asked.limit, asked.after});
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Thread& thread : page.threads) {
    json.push_back({{"id", thread.id.str()},
                    {"externalId", thread.external_id ? Json(*thread.external_id) : Json(nullptr)},
                    {"title", thread.title},
                    {"messages", thread.message_count},
                    {"startedBy", thread.started_by},
                    {"updatedAt", thread.updated_at}});
    rows.push_back({thread.id.str(), time_text(thread.updated_at), thread.started_by,
                    std::to_string(thread.message_count), thread.title});
  }
  show(options, {"thread", "newest (UTC)", "begun by", "messages", "title"}, rows, json, "This actor sees no thread.");
  show_next(options, page.next);
}

void list_executions(const Options& options, const ListArguments& asked) {
  ExecutionQuery query;
  query.agent = asked.agent;
  const ExecutionPage page = open_place(options)->agents()->executions(query, asked.limit, asked.after);
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Execution& execution : page.executions) {
    json.push_back({{"id", execution.id.str()},
                    {"model", execution.model},
                    {"status", to_string(execution.status)},
                    {"inputTokens", execution.input_tokens},
                    {"outputTokens", execution.output_tokens},
                    {"durationMs", execution.duration.count()},
                    {"error", execution.error ? Json(*execution.error) : Json(nullptr)},
                    {"createdAt", execution.created_at}});
    rows.push_back({execution.id.str(), time_text(execution.created_at), execution.model,
                    std::string(to_string(execution.status)), std::to_string(execution.input_tokens),
                    std::to_string(execution.output_tokens), execution.error.value_or("")});
  }
  show(options, {"execution", "when (UTC)", "model", "status", "in", "out", "error"}, rows, json,
       "There are no executions.");
  show_next(options, page.next);
}

void list_related(const Options& options, const ListArguments& asked) {
  const EntityPage page = naming("entity", asked.from, [&] {
    RelatedQuery query;
    query.limit = asked.limit;
    query.after = asked.after;
    return open_place(options)->related(EntityId(asked.from), asked.relation,
                                        asked.backwards ? RelationDirection::in : RelationDirection::out, query);
  });
  Json json = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const Entity& entity : page) {
    json.push_back(entity.to_json());
    rows.push_back({entity.id().str(), entity.type(), entity.json()});
  }
  show(options, {"id", "type", "data"}, rows, json, "This actor sees no entity that is related in this way.");
  show_next(options, page.next());
}

void change_relation(const Options& options, const ListArguments& asked, bool links) {
  const auto place = open_place(options);
  naming("entity", asked.from + "` or `" + asked.to, [&] {
    if (links)
      place->link(EntityId(asked.from), asked.relation, EntityId(asked.to));
    else
      place->unlink(EntityId(asked.from), asked.relation, EntityId(asked.to));
  });
  if (options.json)
    return say_json({{"from", asked.from}, {"type", asked.relation}, {"to", asked.to}, {"linked", links}});
  say(links ? "Linked." : "No longer linked.");
}

}  // namespace

void add_lists(CLI::App& program, Options& options) {
  static ListArguments arguments;
  const auto add_group = [&](const char* name, const char* what) {
    return program.add_subcommand(name, what)->require_subcommand(1);
  };
  const auto add_page = [](CLI::App* command) {
    add_number(command, "--limit", arguments.limit, "1 to 1000");
    command->add_option("--after", arguments.after, "The cursor of the page before");
    return command;
  };
  add_group("types", "The entity types of an environment")
      ->add_subcommand("list", "List the entity types")
      ->callback([&options] { list_types(options); });
  add_group("agents", "The agents of the organization")
      ->add_subcommand("list", "List the agents with their configuration in an environment")
      ->callback([&options] { list_agents(options); });

  auto* const threads = add_group("threads", "Conversations of an environment");
  auto* const listing = add_page(threads->add_subcommand("list", "Newest first"));
  listing->add_option("--agent", arguments.agent, "Only of this agent")->type_name("SLUG");
  listing->callback([&options] { list_threads(options, arguments); });
  auto* const messages = add_page(threads->add_subcommand("show", "The messages of one, newest first"));
  messages->add_option("thread", arguments.thread, "As `struere threads list` shows it")
      ->required()
      ->type_name("THREAD");
  messages->callback([&options] { list_threads(options, arguments); });

  auto* const executions = add_group("executions", "The runs of agents");
  auto* const runs = add_page(executions->add_subcommand("list", "Newest first"));
  runs->add_option("--agent", arguments.agent, "Only of this agent")->type_name("SLUG");
  runs->callback([&options] { list_executions(options, arguments); });

  auto* const relations = add_group("relations", "Relations between entities");
  const auto add_ends = [](CLI::App* command, bool has_to) {
    command->add_option("from", arguments.from, "An entity's id")->required()->type_name("ID");
    command->add_option("relation", arguments.relation, "Its type")->required()->type_name("RELATION");
    if (has_to) command->add_option("to", arguments.to, "An entity's id")->required()->type_name("ID");
    return command;
  };
  auto* const related =
      add_page(add_ends(relations->add_subcommand("list", "List the entities at the far end"), false));
  related->add_flag("--backwards", arguments.backwards, "Follow the relation backwards");
  related->callback([&options] { list_related(options, arguments); });
  add_ends(relations->add_subcommand("link", "Make a relation"), true)->callback([&options] {
    change_relation(options, arguments, true);
  });
  add_ends(relations->add_subcommand("unlink", "Remove a relation"), true)->callback([&options] {
    change_relation(options, arguments, false);
  });
}

void add_role_list(CLI::App& roles, Options& options) {
  roles.add_subcommand("list", "List the roles of an environment")->callback([&options] { list_roles(options); });
}

}  // namespace struere::cli
