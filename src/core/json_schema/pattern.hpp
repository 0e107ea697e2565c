// A pattern of a schema. This is the only code that uses RE2, which matches in time linear in the text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace struere::json_schema {

// The memory that RE2 may use for the largest pattern, for its compiled form and while matching; and for the smallest.
inline constexpr std::int64_t pattern_max_memory = 4 * 1024 * 1024;
inline constexpr std::int64_t pattern_least_memory = 256 * 1024;

// Immutable; may be used from several threads.
class Pattern {
 public:
  // Throws Error{invalid_definition} that names the pattern, the wrong character, and `place` in the schema.
  Pattern(const std::string& text, const std::string& place);
  ~Pattern();
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;

  // Whether the pattern matches somewhere in the text.
  bool matches(std::string_view text) const;

  const std::string& text() const noexcept { return text_; }
  // The number of instructions of the compiled form. Matching takes at most this number × the bytes of the text.
  std::size_t size() const noexcept { return size_; }
  // The bytes that the pattern takes at most, with what RE2 keeps from texts that were matched.
  std::size_t memory() const noexcept { return memory_; }

 private:
  struct Compiled;
  std::string text_;
  std::unique_ptr<const Compiled> compiled_;
  std::size_t size_ = 0, memory_ = 0;
};

}  // namespace struere::json_schema
