#include "storage/sqlite/search_index.hpp"

#include <fmt/format.h>

#include "storage/search_words.hpp"
#include "storage/sql/stored_texts.hpp"
#include "struere/core/error.hpp"

namespace struere {

Statement SearchIndex::scoped(const std::string& sql) {
  Statement statement = connection_.prepare(sql);
  statement.bind(1, scope_);
  return statement;
}

std::vector<FieldPath> SearchIndex::fields(EntityTypeKey type) {
  Statement statement = scoped("SELECT search_fields FROM entity_types WHERE scope_id = ?1 AND type_key = ?2");
  statement.bind(2, type);
  std::vector<FieldPath> out;
  if (!statement.step() || statement.text(0) == "[]") return out;
  for (const std::string& field : read_texts(statement.text(0)))
    if (auto path = FieldPath::parse("data." + field)) out.push_back(*std::move(path));
  return out;
}

// The beginning of each word, so that a search finds only words of this scope and type. No word of a text contains a
// point.
std::string SearchIndex::prefix(EntityTypeKey type) const { return fmt::format("{}.{}.", scope_, type); }

std::string SearchIndex::indexed_words(EntityTypeKey type, const std::vector<FieldPath>& fields,
                                       std::string_view data) const {
  const std::string before = prefix(type);
  std::string out;
  for (const std::string& word : struere::indexed_words(fields, data))
    out.append(out.empty() ? "" : " ").append(before).append(word);
  return out;
}

void SearchIndex::put(const StoredEntity& entity) {
  const auto searched = fields(entity.type);
  if (searched.empty()) return;  // then the index has no row for the entity
  put(entity.id, entity.deleted ? std::string() : indexed_words(entity.type, searched, entity.data));
}

void SearchIndex::put(const std::string& id, const std::string& words) {
  std::optional<std::int64_t> row;
  {
    Statement known = scoped(
        "SELECT m.search_row, s.words = ?3 FROM searchable_entities m JOIN entity_search s ON s.rowid = m.search_row "
        "WHERE m.scope_id = ?1 AND m.entity_id = ?2");
    if (known.bind(2, std::string_view(id)).bind(3, std::string_view(words)).step()) {
      if (known.integer(1) != 0) return;
      row = known.integer(0);
    }
  }
  if (words.empty()) {
    if (!row) return;
    scoped("DELETE FROM entity_search WHERE scope_id = ?1 AND rowid = ?2").bind(2, *row).run();
    scoped("DELETE FROM searchable_entities WHERE scope_id = ?1 AND entity_id = ?2")
        .bind(2, std::string_view(id))
        .run();
  } else if (row) {
    scoped("UPDATE entity_search SET words = ?3 WHERE scope_id = ?1 AND rowid = ?2")
        .bind(2, *row)
        .bind(3, std::string_view(words))
        .run();
  } else {
    scoped("INSERT INTO entity_search(scope_id, entity_id, words) VALUES(?1, ?2, ?3)")
        .bind(2, std::string_view(id))
        .bind(3, std::string_view(words))
        .run();
    scoped("INSERT INTO searchable_entities(scope_id, entity_id, search_row) VALUES(?1, ?2, last_insert_rowid())")
        .bind(2, std::string_view(id))
        .run();
  }
}

void SearchIndex::rebuild(EntityTypeKey type) {
  const auto searched = fields(type);
  Statement rows = scoped("SELECT id, data FROM entities WHERE scope_id = ?1 AND type_key = ?2 AND deleted_at IS NULL");
  rows.bind(2, type);
  while (rows.step()) {
    std::string words;
    try {
      if (!searched.empty()) words = indexed_words(type, searched, rows.text(1));
    } catch (const Error&) {  // a damaged row must not stop the rebuild; searches do not find it
    }
    put(rows.string(0), words);
  }
}

std::optional<std::string> SearchIndex::question(EntityTypeKey type, const Search& search) {
  const std::vector<std::string> terms = terms_to_ask(search);
  if (terms.empty() || search.fields != fields(type)) return std::nullopt;
  std::string out;
  for (const std::string& term : terms)
    out += fmt::format("{}\"{}{}\"*", out.empty() ? "" : " AND ", prefix(type), term);
  return out;
}

std::int64_t SearchIndex::count(const std::string& question, std::int64_t most) {
  // Each word of the query contains the scope. Reading the scope from the rows would cost more than everything else.
  Statement statement = connection_.prepare("SELECT count(*) FROM (SELECT 1 FROM entity_search(?1) LIMIT ?2)");
  statement.bind(1, std::string_view(question)).bind(2, most).step();
  return statement.integer(0);
}

}  // namespace struere
