// The message of an Error can be shown and sent whatever a caller passed: valid UTF-8 of a bounded size.
#include "struere/core/error.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "struere/core/json.hpp"

using namespace struere;

namespace {

bool is_utf8(const std::string& text) {
  JsonFault fault;
  return canonical_json(Json(text), fault).has_value();
}

}  // namespace

TEST_CASE("bytes of a message that are not UTF-8 are written as escapes", "[core][error]") {
  const auto message = [](const std::string& text) { return std::string(Error(ErrorCode::storage, text).what()); };
  CHECK(message("a\xff z") == "a\\xff z");
  CHECK(message("gr\u00fc\u00df \U0001f600") == "gr\u00fc\u00df \U0001f600");
  CHECK(message(std::string("a\0b\n", 4)) == "a\\x00b\\x0a");
  for (const char* const text : {"\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", "x\xe2\x82", "\xf0\x9f\x98"})
    CHECK(is_utf8(message(text)));
  const Error several(ErrorCode::storage, std::vector<std::string>{"a\xff", "b"});
  CHECK(several.what() == std::string("a\\xff\nb"));
  CHECK(several.with_message("c\xff\nd").what() == std::string("c\\xff\nd"));
  CHECK(several.at("data.\xff").path() == "data.\\xff");
}

TEST_CASE("a message is cut at a character", "[core][error]") {
  for (const char* const part : {"x", "\u00fc", "\u20ac", "\U0001f600", "\xff", "\n", "\xe2\x80\xa8"})
    for (const std::string before : {"", "a", "ab", "abc"}) {
      std::string text = before;
      while (text.size() < 100'000) text += part;
      const std::string message = Error(ErrorCode::storage, text).what();
      INFO(part << before);
      CHECK(message.size() <= 8 << 10);
      CHECK(message.size() > (8 << 10) - 16);
      CHECK(message.ends_with("\u2026"));
      CHECK(is_utf8(message));
    }
  const std::string longest(8 << 10, 'x');
  CHECK(Error(ErrorCode::storage, longest).what() == longest);
  const std::vector<std::string> lines(100, longest);
  const std::string many = Error(ErrorCode::storage, lines).what();
  CHECK(many.size() <= 64 << 10);
  CHECK(many.ends_with("\u2026"));
}
