// The values of a statement's parameters, `$1` first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace struere::postgres {

// Whether a stored text can be this: valid UTF-8 without U+0000. A statement with another one would fail.
bool is_storable(const std::string& text);
// Throws Error{invalid_data} if U+0000 is in it, which PostgreSQL does not store.
void require_storable(std::string_view text);

// A list for `= ANY($n)` or `unnest($n)`, in the form in which the server receives it.
class Array {
 public:
  enum class Of : std::uint8_t { bytes = 17, integers = 20, texts = 25 };  // the number of the type in every catalog

  explicit Array(Of type) : type_(type) {}

  Array& add(std::int64_t value);
  // Throws Error{invalid_data} if U+0000 is in it.
  Array& add_text(std::string_view value);
  Array& add_bytes(std::string_view value);
  Array& add_null();
  Array& add(const std::optional<std::int64_t>& value) { return value ? add(*value) : add_null(); }
  Array& add_text(const std::optional<std::string>& value) {
    return value ? add_text(std::string_view(*value)) : add_null();
  }
  Array& add_text(const std::string& value) { return add_text(std::string_view(value)); }

  std::string_view type_name() const noexcept {
    return type_ == Of::bytes ? "bytea" : type_ == Of::integers ? "bigint" : "text";
  }
  std::size_t bytes() const noexcept { return encoded_.size(); }
  void clear();
  // Valid until the next change.
  std::string_view encoded();
  // The last element; nullopt if it is null.
  std::optional<std::string_view> last() const;

 private:
  void add_size(std::int32_t size);

  Of type_;
  std::int32_t elements_ = 0;
  std::size_t last_ = 0;  // where the last element begins
  bool has_nulls_ = false;
  std::string encoded_;
};

// Texts and bytes are taken by reference: they must outlive the call that sends the statement. The server infers the
// type of each parameter from its place in the statement.
class Parameters {
 public:
  Parameters& add(std::int64_t value);
  // Throws Error{invalid_data} if U+0000 is in it, which PostgreSQL does not store.
  Parameters& add_text(std::string_view value);
  Parameters& add_bytes(std::string_view value);
  Parameters& add_null();
  Parameters& add(const std::optional<std::int64_t>& value) { return value ? add(*value) : add_null(); }
  Parameters& add_text(const std::optional<std::string>& value) {
    return value ? add_text(std::string_view(*value)) : add_null();
  }
  Parameters& add_text(const std::string& value) { return add_text(std::string_view(value)); }
  Parameters& add_text(const char* value) { return add_text(std::string_view(value)); }

  Parameters& add(Array array) { return add_bytes(keep(std::string(array.encoded()))); }
  Parameters& add_texts(const std::vector<std::string>& values);
  Parameters& add_list_of_bytes(const std::vector<std::string>& values);
  Parameters& add_integers(const std::vector<std::int64_t>& values);

  // Keeps a text that add_text() or add_bytes() is then given.
  std::string_view keep(std::string text);

  std::size_t size() const noexcept { return values_.size(); }

 private:
  friend class Connection;

  struct Value {
    const char* data = nullptr;  // nullptr: NULL, unless there are digits
    int length = 0;
    bool is_binary = true;
    std::array<char, 24> digits{};
  };
  Value& next();

  std::vector<Value> values_;
  std::shared_ptr<std::forward_list<std::string>> kept_;  // shared by copies, whose values point into it
};

}  // namespace struere::postgres
