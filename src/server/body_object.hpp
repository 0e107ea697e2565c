// The body of a request: a JSON object whose members are read one by one, each within the bounds of SPEC 6.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"

namespace struere::server {

// Splits the text only: a member's value is checked when it is read. Holds views of the text.
class BodyObject {
 public:
  // Throws Refusal{400} for a text that is not an object, or has a member twice or one that is not `known`.
  BodyObject(std::string_view text, std::initializer_list<std::string_view> known);

  bool has(std::string_view name) const { return members_.contains(name); }
  std::optional<std::string_view> text(std::string_view name) const;  // as sent
  // The error of a reader of text(name), in whose message a byte is counted from the beginning of the body.
  Error placed(const Error& error, std::string_view name) const;

  // Throw Refusal{400} if the member is not JSON, or is of another type. `required_…` also if it is missing.
  std::optional<Json> json(std::string_view name) const;
  Json required_json(std::string_view name) const;
  std::string_view required_text(std::string_view name) const;
  std::optional<std::string> string(std::string_view name) const;
  std::string required_string(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  std::optional<bool> boolean(std::string_view name) const;
  std::optional<std::vector<std::string>> strings(std::string_view name) const;
  // The same; a string may hold U+0000, which is the id of nothing.
  std::optional<std::vector<std::string>> any_strings(std::string_view name) const;

 private:
  std::string in_body(std::string message, std::string_view member) const;
  Json parsed_member(std::string_view text, std::string_view name) const;

  std::string_view text_;
  std::map<std::string, std::string_view, std::less<>> members_;
};

// The member `status` of a write. One that is not a string is empty, which the library refuses as invalid_data at its
// place in the order of checks.
std::optional<std::string> written_status(const BodyObject& body);

// The texts of the elements of a JSON array. Throws Refusal{400} if the text is not one, or has more than `most`.
std::vector<std::string_view> split_array(std::string_view text, std::size_t most);

}  // namespace struere::server
