// Messages of the library name the C++ of their advice. Users of the tool and clients of the server know other names.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace struere {

// The message with the names that the tool and HTTP have. A part of a message is in the table as a whole, so that a
// field of a user's data which has such a name stays as it is.
inline std::string in_public_words(std::string message) {
  using Pair = std::pair<std::string_view, std::string_view>;
  static constexpr std::array table{
      Pair{"; create it with TrustedHost::create_organization", ""},
      Pair{"; create it with TrustedHost::create_user", "; make the user a member first"},
      Pair{"; add them with TrustedHost::put_member", "; make the user a member first"},
      Pair{"; see AgentRepository::configure", "; give it a configuration whose status is active"},
      Pair{"; ApiKeyRepository::list shows the keys", "; the list of keys shows them"},
      Pair{"; try again, or raise SqliteOptions::busy_timeout", "; try again"},
      Pair{"or raise SqliteOptions::longest_write", "or do it where the database is, which has no such limit"},
      Pair{"; Database::open makes a new database", "; `struere sync` makes a new database"},
      Pair{"(TriggerRepository::retry)", "(`struere runs retry`)"},
      Pair{"; impersonate it with `may_write` to write", ""},
      Pair{"`user`, `agent`, `api_key` or `roles`", "`user`, `agent`, `key` or `roles`"},
      Pair{"set `hold_writers` at a time", "use `struere data purge --hold-writers` at a time"},
      Pair{"copy with `join_users` if", "copy with --join-users if"},
      Pair{"copy with `restart` to", "copy with --restart to"},
      Pair{"copy again with `restart`", "copy again with --restart"},
      Pair{"; call adopt_database again", "; finish it with `struere adopt FILE -e ENVIRONMENT`, as it was begun"},
      Pair{"or say that the pack may take it over", "or say that the pack may take it over (--take-over)"},
      Pair{"`batch_rows` must be from", "--batch must be from"},
      Pair{"`batch_rows` is at least", "--batch is at least"},
      Pair{"`thread` must be the id of a thread", "`threadId` must be the id of a thread"},
      Pair{"`expires_at` is in the past", "`expiresAt` is in the past"},
      Pair{"`input_tokens` is from 0 to", "`inputTokens` is from 0 to"},
      Pair{"`output_tokens` is from 0 to", "`outputTokens` is from 0 to"},
      Pair{"`duration` is from 0 to", "`durationMs` is from 0 to"},
      Pair{"`tool_calls` is a JSON array", "`toolCalls` is a JSON array"},
      Pair{"`tool_calls` cannot be stored", "`toolCalls` cannot be stored"},
      Pair{"`tool_call_id` is valid UTF-8 of 1", "`toolCallId` is valid UTF-8 of 1"},
      Pair{"`external_id` is valid UTF-8 of 1", "`externalId` is valid UTF-8 of 1"},
      Pair{"a thread is opened by its `external_id`", "a thread is opened by its `externalId`"}};
  for (const auto& [own, other] : table)
    if (const std::size_t at = message.find(own); at != std::string::npos) message.replace(at, own.size(), other);
  return message;
}

}  // namespace struere
