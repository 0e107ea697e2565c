// libpq by hand: the tables of the PostgreSQL storage behind their row security, prepared statements (BEGIN and COMMIT
// too), one pipeline for a read, two for a write: begin, scope, generation, statement, commit. What it leaves out is
// what nobody writes by hand: rules, masks, schema, JSON.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace struere::bench {

// One connection. Statements are sent together with sync(), which reads all answers.
class ByHand {
 public:
  explicit ByHand(const std::string& url);

  void begin_read(int scope);
  void begin_write(int scope);
  static std::string sha256(const std::string& text);
  void plain(const std::string& sql);
  void prepared(const char* name, const std::vector<std::string>& values);
  // The bytes of all columns, as a program would copy them out.
  std::size_t sync();
  // The first value of the last answer with rows.
  const std::string& value() const { return value_; }

  std::size_t get(int scope, const std::string& id);
  std::size_t page(int scope);
  std::size_t filtered_page(int scope, const std::string& key);
  std::size_t count(int scope, const std::string& key);
  std::size_t create(int scope, const std::string& id, const std::string& key, const std::string& data);
  std::size_t update(int scope, const std::string& id, const std::string& data);
  struct NewRow {
    std::string id, key, data;
  };
  std::size_t create_all(int scope, const std::vector<NewRow>& rows);
  std::string key_of(int scope, const std::string& id);
  std::size_t authenticate(int scope, const std::string& hash);

 private:
  void prepare(const char* name, const char* sql);
  void set_scope(int scope);

  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_;
  int sent_ = 0;
  std::set<int> scopes_;  // whose SET is prepared
  std::string value_;
  int updates_ = 0;
};

}  // namespace struere::bench
