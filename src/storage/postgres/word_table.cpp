#include "storage/postgres/word_table.hpp"

#include "storage/postgres/entity_scan.hpp"
#include "storage/postgres/scoped_insert.hpp"
#include "storage/search_words.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {

void WordTable::put(EntityTypeKey type, const std::string& id, const std::vector<std::string>& words) {
  if (words.empty()) return;
  static const ScopedInsert insert("entity_words", "type_key, word, entity_id", "$2::bigint, word, $3::text",
                                   "unnest($4::text[]) AS word", ScopedInsert::or_ignore);
  connection().queue(insert.text(connection()), Parameters().add(scope_).add(type).add_text(id).add_texts(words));
}

void WordTable::update(const std::vector<FieldPath>& fields, const StoredEntity& entity) {
  if (fields.empty()) return;  // nor is there anything of it in the table
  if (entity.deleted) return remove(entity.id);
  const std::vector<std::string> words = indexed_words(fields, entity.data);
  connection().queue("DELETE FROM struere.entity_words WHERE scope_id = $1 AND entity_id = $2 AND word <> ALL($3)",
                     Parameters().add(scope_).add_text(entity.id).add_texts(words));
  put(entity.type, entity.id, words);
}

void WordTable::remove(const std::string& id) {
  connection().queue("DELETE FROM struere.entity_words WHERE scope_id = $1 AND entity_id = $2",
                     Parameters().add(scope_).add_text(id));
}

void WordTable::rebuild(EntityTypeKey type, const std::vector<FieldPath>& fields) {
  connection().queue("DELETE FROM struere.entity_words WHERE scope_id = $1 AND type_key = $2",
                     Parameters().add(scope_).add(type));
  if (fields.empty()) return;
  EntityScan rows(work_, scope_, type);
  while (rows.next()) {
    const StoredEntity entity = rows.entity();
    try {
      put(type, entity.id, indexed_words(fields, entity.data));
    } catch (const Error& error) {  // a damaged row is no reason to keep the others out; nothing is found in it
      if (error.is_transient()) throw;
    }
  }
}

std::int64_t WordTable::count_faults(EntityTypeKey type, const std::vector<FieldPath>& fields) {
  if (fields.empty()) return 0;
  std::int64_t out = 0;
  EntityScan rows(work_, scope_, type);
  while (rows.next()) {
    const StoredEntity entity = rows.entity();
    std::vector<std::string> words;
    try {
      words = indexed_words(fields, entity.data);
    } catch (const Error& error) {  // nothing is found in a damaged row
      if (error.is_transient()) throw;
    }
    if (words.empty()) continue;
    const Result found = connection().run(std::string(count_of_words),
                                          Parameters().add(scope_).add(type).add_text(entity.id).add_texts(words));
    if (found.integer(0, 0) < static_cast<std::int64_t>(words.size())) ++out;
  }
  return out;
}

}  // namespace struere::postgres
