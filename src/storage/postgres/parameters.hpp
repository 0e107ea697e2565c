// The values of a statement's parameters, `$1` first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace struere::postgres {

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

  std::size_t size() const noexcept { return values_.size(); }

 private:
  friend class Connection;

  struct Value {
    const char* data = nullptr;  // nullptr: NULL, or the digits
    int length = 0;
    bool is_binary = true;
    std::array<char, 24> digits{};
  };
  std::vector<Value> values_;
};

}  // namespace struere::postgres
