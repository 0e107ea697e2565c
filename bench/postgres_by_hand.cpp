#include "postgres_by_hand.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <stdexcept>
#include <string_view>

namespace struere::bench {
namespace {

std::string hex(std::string_view bytes) {
  std::string out = "\\x";
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string list_of(const std::vector<std::string>& values) {
  std::string out = "{";
  for (const std::string& value : values) {
    out += out.size() == 1 ? "\"" : ",\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += '"';
  }
  return out + "}";
}

}  // namespace

ByHand::ByHand(const std::string& url) : connection_(PQconnectdb(url.c_str()), PQfinish) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
  const char* const row = "SELECT e.id, e.data, e.version, e.status, e.created_at, e.updated_at FROM ";
  const auto prepare_row = [&](const char* name, const std::string& rest) { prepare(name, (row + rest).c_str()); };
  prepare_row("get", "struere.entities e WHERE scope_id = $1 AND type_key = 1 AND deleted_at IS NULL AND id = $2");
  prepare_row(
      "page",
      "struere.entities e WHERE scope_id = $1 AND type_key = 1 AND deleted_at IS NULL ORDER BY created_at DESC, "
      "id DESC LIMIT 51");
  prepare_row(
      "filtered",
      "struere.entity_keys k CROSS JOIN struere.entities e WHERE k.scope_id = $1 AND k.type_key = 1 AND k.key_no "
      "= 1 AND k.key = $2 AND e.scope_id = $1 AND e.id = k.id ORDER BY k.created_at DESC, k.id DESC LIMIT 51");
  prepare("count",
          "SELECT count(*) FROM struere.entity_keys WHERE scope_id = $1 AND type_key = 1 AND key_no = 1 AND key = $2");
  prepare("begin_read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  prepare("begin_write", "BEGIN");
  prepare("commit", "COMMIT");
  // Whether the rules that the program knows still stand.
  prepare("generation", "SELECT generation FROM struere.scope_heads WHERE scope_id = $1");
  prepare("lock",
          "SELECT event_count, event_hash, generation FROM struere.scope_heads WHERE scope_id = $1 FOR NO KEY UPDATE");
  prepare(
      "entity",
      "INSERT INTO struere.entities(scope_id, id, type_key, status, created_at, updated_at, version, data) VALUES($1, "
      "$2, 1, 'active', 1, 1, 1, $3)");
  prepare(
      "key",
      "INSERT INTO struere.entity_keys(scope_id, type_key, key_no, key, created_at, id) VALUES($1, 1, 1, $2, 1, $3)");
  prepare(
      "change",
      "UPDATE struere.entities SET data = $3, updated_at = 2, version = version + 1 WHERE scope_id = $1 AND id = $2");
  // The server makes the hash.
  prepare("event",
          "WITH event AS (INSERT INTO struere.events(scope_id, sequence, id, type, entity_id, actor_type, actor_id, "
          "created_at, payload, hash) SELECT $1, event_count + 1, $2, 'visit.created', $3, 'system', 'system', 1, $4, "
          "sha256(event_hash || convert_to($4, 'UTF8')) FROM struere.scope_heads WHERE scope_id = $1 RETURNING hash) "
          "UPDATE struere.scope_heads SET event_count = event_count + 1, event_hash = (SELECT hash FROM event) WHERE "
          "scope_id = $1");
  prepare("entities",
          "INSERT INTO struere.entities(scope_id, id, type_key, status, created_at, updated_at, version, data) SELECT "
          "$1::integer, u.id, 1, 'active', 1, 1, 1, u.data FROM unnest($2::text[], $3::text[]) AS u(id, data)");
  prepare("keys",
          "INSERT INTO struere.entity_keys(scope_id, type_key, key_no, key, created_at, id) SELECT $1::integer, 1, 1, "
          "u.key, 1, u.id FROM unnest($2::bytea[], $3::text[]) AS u(key, id)");
  prepare(
      "events",
      "INSERT INTO struere.events(scope_id, sequence, id, type, entity_id, actor_type, actor_id, created_at, payload, "
      "hash) SELECT $1::integer, $2::bigint + u.number, u.id, 'visit.created', u.id, 'system', 'system', 1, "
      "u.payload, u.hash FROM unnest($3::text[], $4::text[], $5::bytea[]) WITH ORDINALITY AS u(id, payload, hash, "
      "number)");
  prepare("end", "UPDATE struere.scope_heads SET event_count = event_count + $2, event_hash = $3 WHERE scope_id = $1");
  prepare("key_of",
          "SELECT key FROM struere.entity_keys WHERE scope_id = $1 AND type_key = 1 AND key_no = 1 AND id = $2");
  prepare("api_key", "SELECT * FROM struere.api_keys WHERE scope_id = $1 AND hash = $2");
  PQenterPipelineMode(connection_.get());
}

void ByHand::prepare(const char* name, const char* sql) {
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQprepare(connection_.get(), name, sql, 0, nullptr),
                                                              PQclear);
  if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
}

// Prepared for each scope, as the library does.
void ByHand::set_scope(int scope) {
  const std::string name = fmt::format("scope_{}", scope);
  if (scopes_.insert(scope).second) {
    PQsendPrepare(connection_.get(), name.c_str(), fmt::format("SET LOCAL struere.scope = {}", scope).c_str(), 0,
                  nullptr);
    ++sent_;
  }
  prepared(name.c_str(), {});
}

void ByHand::begin_read(int scope) {
  prepared("begin_read", {});
  set_scope(scope);
  prepared("generation", {std::to_string(scope)});
}

void ByHand::begin_write(int scope) {
  prepared("begin_write", {});
  set_scope(scope);
}

void ByHand::plain(const std::string& sql) {
  PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1);
  ++sent_;
}

void ByHand::prepared(const char* name, const std::vector<std::string>& values) {
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  PQsendQueryPrepared(connection_.get(), name, static_cast<int>(texts.size()), texts.data(), nullptr, nullptr, 1);
  ++sent_;
}

std::size_t ByHand::sync() {
  PQpipelineSync(connection_.get());
  std::size_t bytes = 0;
  for (; sent_ > 0; --sent_)
    while (PGresult* const raw = PQgetResult(connection_.get())) {
      const std::unique_ptr<PGresult, void (*)(PGresult*)> result(raw, PQclear);
      const ExecStatusType status = PQresultStatus(raw);
      if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) throw std::runtime_error(PQresultErrorMessage(raw));
      for (int row = 0; row < PQntuples(raw); ++row)
        for (int column = 0; column < PQnfields(raw); ++column) {
          const std::string value(PQgetvalue(raw, row, column),
                                  static_cast<std::size_t>(PQgetlength(raw, row, column)));
          bytes += value.size();
          if (row == 0 && column == 0) value_ = value;
        }
    }
  PQclear(PQgetResult(connection_.get()));
  return bytes;
}

std::size_t ByHand::get(int scope, const std::string& id) {
  begin_read(scope);
  prepared("get", {std::to_string(scope), id});
  prepared("commit", {});
  return sync();
}

std::size_t ByHand::page(int scope) {
  begin_read(scope);
  prepared("page", {std::to_string(scope)});
  prepared("commit", {});
  return sync();
}

std::size_t ByHand::filtered_page(int scope, const std::string& key) {
  begin_read(scope);
  prepared("filtered", {std::to_string(scope), hex(key)});
  prepared("commit", {});
  return sync();
}

std::size_t ByHand::count(int scope, const std::string& key) {
  begin_read(scope);
  prepared("count", {std::to_string(scope), hex(key)});
  prepared("commit", {});
  return sync();
}

std::string ByHand::key_of(int scope, const std::string& id) {
  begin_read(scope);
  prepared("key_of", {std::to_string(scope), id});
  sync();
  std::string key = value_;
  prepared("commit", {});
  sync();
  return key;
}

std::string ByHand::sha256(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return {reinterpret_cast<const char*>(digest), sizeof digest};
}

std::size_t ByHand::authenticate(int scope, const std::string& hash) {
  begin_read(scope);
  prepared("api_key", {std::to_string(scope), hex(hash)});
  prepared("commit", {});
  return sync();
}

std::size_t ByHand::create(int scope, const std::string& id, const std::string& key, const std::string& data) {
  const std::string number = std::to_string(scope);
  begin_write(scope);
  prepared("lock", {number});
  sync();  // as the library, which decides what it writes by what it finds
  prepared("entity", {number, id, data});
  prepared("key", {number, hex(key), id});
  prepared("event", {number, id, id, data});
  prepared("commit", {});
  return sync();
}

std::size_t ByHand::update(int scope, const std::string& id, const std::string& data) {
  const std::string number = std::to_string(scope);
  begin_write(scope);
  prepared("lock", {number});
  prepared("get", {number, id});
  const std::size_t bytes = sync();
  prepared("change", {number, id, data});
  prepared("event", {number, id + fmt::format("/{}", ++updates_), id, data + data});
  prepared("commit", {});
  return bytes + sync();
}

std::size_t ByHand::create_all(int scope, const std::vector<NewRow>& rows) {
  const std::string number = std::to_string(scope);
  begin_write(scope);
  plain(fmt::format(
      "SELECT event_hash, event_count::text FROM struere.scope_heads WHERE scope_id = {} FOR NO KEY UPDATE", scope));
  sync();
  std::string hash = value_;
  std::vector<std::string> ids, keys, data, hashes;
  for (const NewRow& row : rows) {
    ids.push_back(row.id);
    keys.push_back(hex(row.key));
    data.push_back(row.data);
    const std::string text = hash + row.data;
    hash = sha256(text);
    hashes.push_back(hex(hash));
  }
  plain(fmt::format("SELECT event_count::text FROM struere.scope_heads WHERE scope_id = {}", scope));
  sync();
  prepared("entities", {number, list_of(ids), list_of(data)});
  prepared("keys", {number, list_of(keys), list_of(ids)});
  prepared("events", {number, value_, list_of(ids), list_of(data), list_of(hashes)});
  prepared("end", {number, std::to_string(rows.size()), hex(hash)});
  prepared("commit", {});
  return sync();
}

}  // namespace struere::bench
