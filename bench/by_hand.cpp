#include "by_hand.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <random>
#include <stdexcept>

namespace bench {
namespace {

using Hash = std::array<unsigned char, 32>;

Hash sha256(std::string_view first, std::string_view second = {}) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Hash out;
  EVP_DigestInit_ex2(context.get(), algorithm, nullptr);
  EVP_DigestUpdate(context.get(), first.data(), first.size());
  EVP_DigestUpdate(context.get(), second.data(), second.size());
  EVP_DigestFinal_ex(context.get(), out.data(), nullptr);
  return out;
}

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string new_id(std::int64_t at) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const std::uint64_t a = random(), b = random();
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", static_cast<std::uint64_t>(at) >> 16,
                     static_cast<std::uint64_t>(at) & 0xffff, a & 0xfff, (b >> 48 & 0x3fff) | 0x8000,
                     b & 0xffffffffffff);
}

// Removes the member that begins with `start`, which is `"key":"`, from canonical JSON. The masked field is a plain
// text.
std::string without(std::string_view json, const std::string& start) {
  const auto from = json.find(start);
  if (from == std::string_view::npos) return std::string(json);
  auto to = json.find('"', from + start.size()) + 1;
  auto begin = from;
  if (json[to] == ',')
    ++to;
  else if (json[begin - 1] == ',')
    --begin;
  std::string out;
  out.reserve(json.size());
  return out.append(json.substr(0, begin)).append(json.substr(to));
}

}  // namespace

// A kept statement while it is in use.
class ByHand::Use {
 public:
  explicit Use(sqlite3_stmt* statement) : statement_(statement) {}
  ~Use() { sqlite3_reset(statement_); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

  Use& bind(int i, std::string_view text) {
    sqlite3_bind_text(statement_, i, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
    return *this;
  }
  Use& bind(int i, std::int64_t number) {
    sqlite3_bind_int64(statement_, i, number);
    return *this;
  }
  Use& bind(int i, const Hash& hash) {
    sqlite3_bind_blob(statement_, i, hash.data(), static_cast<int>(hash.size()), SQLITE_STATIC);
    return *this;
  }
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
      throw std::runtime_error(sqlite3_errmsg(sqlite3_db_handle(statement_)));
    return code == SQLITE_ROW;
  }
  std::string_view text(int i) {
    const auto* const bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, i));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, i))};
  }
  std::string_view blob(int i) {
    const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, i));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, i))};
  }
  std::int64_t integer(int i) { return sqlite3_column_int64(statement_, i); }

 private:
  sqlite3_stmt* statement_;
};

ByHand::ByHand(const std::string& path, const std::string& teacher, const struere::SqliteOptions& settings)
    : database_(nullptr, sqlite3_close), teacher_(fmt::format("\"{}\"", teacher)) {
  sqlite3* database = nullptr;
  if (sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) != SQLITE_OK)
    throw std::runtime_error("no database at " + path);
  database_.reset(database);
  sqlite3_busy_timeout(database, 5000);
  // The same settings as struere's connections.
  const std::string pragmas = fmt::format(
      "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA synchronous = {}; PRAGMA cache_size = -{}; "
      "PRAGMA mmap_size = {}",
      settings.durability == struere::Durability::full ? "FULL" : "NORMAL", settings.cache_bytes / 1024,
      settings.mmap_bytes);
  sqlite3_exec(database, pragmas.c_str(), nullptr, nullptr, nullptr);
  Use scope = use("SELECT id FROM scopes WHERE organization_id = 'company' AND environment = 'production'");
  if (!scope.step()) throw std::runtime_error("the scope is missing");
  scope_ = scope.integer(0);
  Use type = use("SELECT type_key FROM entity_types WHERE scope_id = ?1 AND slug = 'session'");
  if (!type.bind(1, scope_).step()) throw std::runtime_error("the type is missing");
  type_ = type.integer(0);
  Use family = use("SELECT from_id FROM entity_relations WHERE scope_id = ?1 AND type = 'booked' LIMIT 1");
  if (family.bind(1, scope_).step()) family_ = family.text(0);
  for (std::size_t i = 0; i < pages_.size(); ++i)
    pages_[i] = fmt::format(
        "SELECT id, data, created_at, version, status, updated_at FROM entities WHERE scope_id = ?1 AND type_key = ?2 "
        "AND data -> '$.\"teacherId\"' = ?3 AND deleted_at IS NULL{}{} ORDER BY created_at DESC, id DESC LIMIT 51",
        i & 1 ? " AND (created_at, id) < (?4, ?5)" : "", i & 2 ? " AND data -> '$.\"status\"' = ?6" : "");
}

ByHand::Use ByHand::use(const char* sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
      throw std::runtime_error(fmt::format("{} in {}", sqlite3_errmsg(database_.get()), sql));
    found = statements_.try_emplace(sql, statement, sqlite3_finalize).first;
  }
  return Use(found->second.get());
}

Row ByHand::read(Use& statement, bool masked) const {
  static const std::string start = fmt::format("\"{}\":\"", masked_field);
  const std::string_view data = statement.text(1);
  return {std::string(statement.text(0)), masked ? without(data, start) : std::string(data),
          std::string(statement.text(4)), statement.integer(2),
          statement.integer(5),           statement.integer(3)};
}

std::optional<Row> ByHand::get(const std::string& id, bool masked) {
  Use statement =
      use("SELECT id, data, created_at, version, status, updated_at FROM entities WHERE scope_id = ?1 AND id = ?2 AND "
          "type_key = ?3 AND data -> '$.\"teacherId\"' = ?4 AND deleted_at IS NULL");
  statement.bind(1, scope_).bind(2, id).bind(3, type_).bind(4, teacher_);
  return statement.step() ? std::optional(read(statement, masked)) : std::nullopt;
}

std::vector<Row> ByHand::page(bool masked, const Row* after, const char* status) {
  Use statement = use(pages_[(after ? 1U : 0U) | (status ? 2U : 0U)].c_str());
  statement.bind(1, scope_).bind(2, type_).bind(3, teacher_);
  if (after) statement.bind(4, after->created_at).bind(5, after->id);
  if (status) statement.bind(6, status);
  std::vector<Row> out;
  out.reserve(50);
  while (out.size() < 50 && statement.step()) out.push_back(read(statement, masked));
  if (out.size() == 50) statement.step();  // finds out whether there are more rows
  return out;
}

std::int64_t ByHand::count() {
  Use statement =
      use("SELECT count(*) FROM entities WHERE scope_id = ?1 AND type_key = ?2 AND data -> '$.\"teacherId\"' = ?3 AND "
          "deleted_at IS NULL");
  statement.bind(1, scope_).bind(2, type_).bind(3, teacher_).step();
  return statement.integer(0);
}

std::optional<Row> ByHand::booked(const std::string& id) {
  Use statement = use(
      "SELECT e.id, e.data, e.created_at, e.version, e.status, e.updated_at FROM entities e WHERE e.scope_id = ?1 "
      "AND e.id = ?2 AND e.type_key = ?3 AND e.deleted_at IS NULL AND EXISTS (SELECT 1 FROM entity_relations r WHERE "
      "r.scope_id = ?1 AND r.from_id = ?4 AND r.type = 'booked' AND r.to_id = ?2)");
  statement.bind(1, scope_).bind(2, id).bind(3, type_).bind(4, family_);
  return statement.step() ? std::optional(read(statement, true)) : std::nullopt;
}

std::vector<Row> ByHand::page_of_booked() {
  Use statement =
      use("SELECT e.id, e.data, e.created_at, e.version, e.status, e.updated_at FROM entity_relations r CROSS JOIN "
          "entities e WHERE r.scope_id = ?1 AND r.from_id = ?2 AND r.type = 'booked' AND e.scope_id = ?1 AND e.id = "
          "r.to_id AND e.type_key = ?3 AND e.deleted_at IS NULL ORDER BY e.created_at DESC, e.id DESC LIMIT 51");
  statement.bind(1, scope_).bind(2, family_).bind(3, type_);
  std::vector<Row> out;
  out.reserve(50);
  while (out.size() < 50 && statement.step()) out.push_back(read(statement, true));
  if (out.size() == 50) statement.step();
  return out;
}

ByHand::ChainHead ByHand::chain_head() {
  Use statement = use("SELECT event_count, event_hash FROM scopes WHERE id = ?1");
  statement.bind(1, scope_).step();
  ChainHead head{statement.integer(0), {}};
  std::memcpy(head.hash.data(), statement.blob(1).data(), head.hash.size());
  return head;
}

void ByHand::append_event(ChainHead& head, const std::string& type, const std::string& id, const std::string& payload) {
  const std::int64_t at = now();
  const std::string event_id = new_id(at);
  ++head.sequence;
  const std::string text = fmt::format(
      R"({{"actorId":{},"actorType":"user","createdAt":{},"entityId":"{}","environment":"production","id":"{}","organizationId":"company","otherEnd":null,"payload":{},"sequence":{},"type":"{}"}})",
      teacher_, at, id, event_id, payload, head.sequence, type);
  head.hash = sha256({reinterpret_cast<const char*>(head.hash.data()), head.hash.size()}, text);
  use("INSERT INTO events(scope_id, sequence, id, type, entity_id, actor_type, actor_id, created_at, payload, hash) "
      "VALUES(?1, ?2, ?3, ?4, ?5, 'user', ?6, ?7, ?8, ?9)")
      .bind(1, scope_)
      .bind(2, head.sequence)
      .bind(3, event_id)
      .bind(4, type)
      .bind(5, id)
      .bind(6, std::string_view(teacher_).substr(1, teacher_.size() - 2))
      .bind(7, at)
      .bind(8, payload)
      .bind(9, head.hash)
      .step();
}

void ByHand::keep(const ChainHead& head) {
  use("UPDATE scopes SET event_count = ?2, event_hash = ?3 WHERE id = ?1")
      .bind(1, scope_)
      .bind(2, head.sequence)
      .bind(3, head.hash)
      .step();
}

std::string ByHand::insert(ChainHead& head, const struere::Json& data) {
  const std::int64_t at = now();
  const std::string id = new_id(at), text = data.dump();
  use("INSERT INTO entities(scope_id, id, type_key, status, created_at, updated_at, version, data) VALUES(?1, ?2, ?3, "
      "'active', ?4, ?4, 1, ?5)")
      .bind(1, scope_)
      .bind(2, id)
      .bind(3, type_)
      .bind(4, at)
      .bind(5, text)
      .step();
  append_event(head, "session.created", id, R"({"data":)" + text + "}");
  return id;
}

std::string ByHand::create(const struere::Json& data) {
  use("BEGIN IMMEDIATE").step();
  ChainHead head = chain_head();
  std::string id = insert(head, data);
  keep(head);
  use("COMMIT").step();
  return id;
}

void ByHand::create_all(const std::vector<struere::Json>& rows) {
  use("BEGIN IMMEDIATE").step();
  ChainHead head = chain_head();
  for (const struere::Json& row : rows) insert(head, row);
  keep(head);
  use("COMMIT").step();
}

// Reads, merges and writes, because the event contains the previous data.
void ByHand::update(const std::string& id, const struere::Json& patch) {
  use("BEGIN IMMEDIATE").step();
  const auto before = get(id, false);
  if (!before) throw std::runtime_error("the row is missing");
  struere::Json data = struere::Json::parse(before->data);
  data.merge_patch(patch);
  use("UPDATE entities SET data = ?3, updated_at = ?4, version = version + 1 WHERE scope_id = ?1 AND id = ?2")
      .bind(1, scope_)
      .bind(2, id)
      .bind(3, data.dump())
      .bind(4, now())
      .step();
  ChainHead head = chain_head();
  append_event(head, "session.updated", id,
               R"({"changes":)" + patch.dump() + R"(,"previousData":)" + before->data + "}");
  keep(head);
  use("COMMIT").step();
}

std::string with_indexes(const std::string& path) {
  const std::string copy = path + ".indexed", part = copy + ".part";
  if (std::filesystem::exists(copy) && std::filesystem::last_write_time(copy) >= std::filesystem::last_write_time(path))
    return copy;
  std::filesystem::copy_file(path, part, std::filesystem::copy_options::overwrite_existing);
  {
    sqlite3* opened = nullptr;
    sqlite3_open_v2(part.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, sqlite3_close);
    if (sqlite3_exec(
            opened,
            "CREATE INDEX by_teacher ON entities(scope_id, type_key, data -> '$.\"teacherId\"', deleted_at, created_at "
            "DESC, id DESC); "
            "CREATE INDEX by_teacher_and_status ON entities(scope_id, type_key, data -> '$.\"teacherId\"', "
            "deleted_at, data -> '$.\"status\"', created_at DESC, id DESC)",
            nullptr, nullptr, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(opened));
  }
  std::filesystem::rename(part, copy);
  return copy;
}

bool ByHand::authenticate(std::string_view key) {
  const Hash hash = sha256(key);
  Use statement =
      use("SELECT k.id, s.organization_id, s.environment, k.roles, k.expires_at, k.revoked_at FROM api_keys k JOIN "
          "scopes s ON s.id = k.scope_id WHERE k.hash = ?1");
  return statement.bind(1, hash).step();
}

}  // namespace bench
