#include "core/json_schema/pattern.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "core/json_schema/pattern_translation.hpp"
#include "struere/core/error.hpp"

namespace struere::json_schema {

namespace {

// RE2 keeps the states of its automaton that a text has led to, up to its limit. With this limit the automaton of any
// pattern has room for many more states than it needs at least, and a small pattern does not keep megabytes.
constexpr std::size_t memory_per_instruction = 500;

}  // namespace

struct Pattern::Compiled {
  Compiled(const std::string& expression, const RE2::Options& options) : re2(expression, options) {}
  RE2 re2;
};

Pattern::Pattern(const std::string& text, const std::string& place) : text_(text) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::invalid_definition,
                fmt::format("{}: the pattern `{}` cannot be used: {}", place, text.substr(0, 200), why));
  };
  std::string expression;
  if (const auto fault = translate_pattern(text, PatternUse::match, expression))
    refuse(fmt::format("{} (at character {})", fault->message, fault->character));
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(pattern_max_memory);
  compiled_ = std::make_unique<const Compiled>(expression, options);
  const RE2& compiled = compiled_->re2;
  if (compiled.error_code() == RE2::ErrorPatternTooLarge || compiled.error_code() == RE2::ErrorRepeatSize)
    refuse("compiled, it is too large; repeat less, and bound the text by `maxLength`");
  if (compiled.error_code() == RE2::ErrorBadCharRange)
    refuse(fmt::format("there is no class of characters `{}`", compiled.error_arg()));
  if (!compiled.ok()) refuse(compiled.error());
  size_ = static_cast<std::size_t>(std::max(1, compiled.ProgramSize()));
  const auto limit =
      std::clamp(static_cast<std::int64_t>(size_ * memory_per_instruction), pattern_least_memory, pattern_max_memory);
  options.set_max_mem(limit);
  if (limit < pattern_max_memory) {
    if (auto smaller = std::make_unique<const Compiled>(expression, options); smaller->re2.ok())
      compiled_ = std::move(smaller);
    else
      options.set_max_mem(pattern_max_memory);
  }
  // RE2 gives the automaton of one direction a third of its limit. The rest is what allocation adds.
  memory_ = static_cast<std::size_t>(options.max_mem()) * 3 / 8 + size_ * 16 + text.size() * 64;
}

Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

bool Pattern::matches(std::string_view text) const {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), compiled_->re2);
}

}  // namespace struere::json_schema
