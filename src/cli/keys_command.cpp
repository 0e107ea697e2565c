// `struere keys`: the API keys of an environment.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"
#include "cli/whole_number.hpp"

namespace struere::cli {
namespace {

constexpr Timestamp milliseconds_of_day = 24LL * 60 * 60'000;

const char* state_of(const ApiKey& key) {
  if (key.revoked_at) return "revoked";
  if (key.expires_at && *key.expires_at <= system_clock().now()) return "expired";
  return key.ended_with_maker ? "ended" : "active";
}

Json to_json(const ApiKey& key) {
  Json out{{"id", key.id.str()}, {"name", key.name},       {"prefix", key.display_prefix},
           {"roles", key.roles}, {"state", state_of(key)}, {"createdAt", key.created_at}};
  if (key.expires_at) out["expiresAt"] = *key.expires_at;
  if (key.revoked_at) out["revokedAt"] = *key.revoked_at;
  if (key.last_used_at) out["lastUsedAt"] = *key.last_used_at;
  return out;
}

// Returns once the secret is written, and throws if it could not be: it is shown only once.
void show_secret(const Options& options, const CreatedApiKey& created) {
  survive_closed_pipe();
  struct stat found {};
  if (fstat(STDOUT_FILENO, &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    tell_aside("warning: other users may read the file with the secret; chmod 600 it");
  Json out = to_json(created.key);
  out["secret"] = created.secret;
  if (options.json)
    say_json(out);
  else
    say("{}", created.secret);
  flush_output();
}

void create_key(const Options& options, const NewApiKey& key) {
  const auto place = open_place(options);
  for (const std::string& role : key.roles) place->require_role(role);
  const CreatedApiKey created = place->create_key(key);
  try {
    show_secret(options, created);
  } catch (...) {
    try {
      place->revoke_key(created.key.id);
    } catch (const Error&) {
      tell_aside("the key {} was made, but could neither be shown nor revoked; revoke it", created.key.id.str());
    }
    throw;
  }
}

void list_keys(const Options& options) {
  const auto place = open_place(options);
  const auto keys = place->keys();
  if (options.json) {
    Json out = Json::array();
    for (const ApiKey& key : keys) out.push_back(to_json(key));
    return say_json(out);
  }
  std::vector<std::vector<std::string>> rows;
  for (const ApiKey& key : keys)
    rows.push_back({key.id.str(), key.name, key.display_prefix, fmt::format("{}", fmt::join(key.roles, ", ")),
                    state_of(key), key.expires_at ? time_text(*key.expires_at).substr(0, 10) : "never"});
  if (rows.empty())
    return say("There is no key in {} yet. Make one: struere keys create NAME --role ROLE", place->environment());
  Screen(options).show_table({"id", "name", "begins", "roles", "state", "expires"}, rows);
}

}  // namespace

void add_keys(CLI::App& program, Options& options) {
  static NewApiKey key;
  static std::string id;
  auto* const keys = program.add_subcommand("keys", "The API keys of an environment")->require_subcommand(1);
  keys->add_subcommand("list", "List the keys, without their secrets")->callback([&options] { list_keys(options); });
  auto* const create = keys->add_subcommand("create", "Create a key; its secret is shown only once");
  create->add_option("name", key.name, "What it is for")->required();
  create->add_option("--role", key.roles, "A role that it has; may be given more than once")->type_name("ROLE");
  static std::int64_t days = 0;
  add_number(create, "--expires-in", days, "Days; never by default", {1, 36'500})->type_name("DAYS");
  static bool is_webhook = false;
  create->add_flag("--webhook", is_webhook, "The key acts as a webhook instead of an agent");
  create->footer("Example:\n  struere keys create \"the app\" --role author -e production --expires-in 90");
  create->callback([&options] {
    if (days > 0) key.expires_at = system_clock().now() + days * milliseconds_of_day;
    if (is_webhook) key.kind = ApiKeyKind::webhook;
    create_key(options, key);
  });
  auto* const rotate = keys->add_subcommand("rotate", "Make a successor; the old key ends after the overlap");
  static std::int64_t minutes = 0;
  rotate->add_option("id", id, "As `struere keys list` shows it")->required()->type_name("KEY");
  add_number(rotate, "--overlap", minutes, "How long the old key keeps working; default 0", {0, 525'600})
      ->type_name("MINUTES");
  rotate->footer("Example:\n  struere keys rotate 0192… --overlap 60");
  rotate->callback([&options] {
    const auto place = open_place(options);
    naming("key", id, [&] {
      place->rotate_key(ApiKeyId(id), std::chrono::minutes(minutes),
                        [&](const CreatedApiKey& created) { show_secret(options, created); });
    });
  });
  auto* const revoke = keys->add_subcommand("revoke", "End a key at once");
  revoke->add_option("id", id, "As `struere keys list` shows it")->required()->type_name("KEY");
  revoke->callback([&options] {
    const auto place = open_place(options);
    naming("key", id, [&] { place->revoke_key(ApiKeyId(id)); });
    if (options.json) return say_json({{"revoked", id}});
    say("Revoked.");
  });
}

}  // namespace struere::cli
