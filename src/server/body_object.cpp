#include "server/body_object.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "server/refusal.hpp"

namespace struere::server {
namespace {

[[noreturn]] void refuse(const std::string& detail) { throw Refusal(400, "malformed_request", detail); }

// Finds where values end. It accepts more than JSON; what is read of it is parsed strictly afterwards.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) { skip_space(); }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    skip_space();
    return true;
  }

  bool is_at_end() const noexcept { return at_ == text_.size(); }

  // A value up to the `,`, `]` or `}` that follows it.
  std::string_view value() {
    const std::size_t begin = at_;
    std::size_t depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ']')) break;
      if (c == '}' || c == ']') --depth;
    }
    std::size_t end = at_;
    while (end > begin && is_space(text_[end - 1])) --end;
    return text_.substr(begin, end - begin);
  }

 private:
  static bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  void skip_string() {  // leaves the closing quote to the caller's ++
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    if (at_ >= text_.size()) refuse("the body is not JSON: a string does not end");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Json parsed(std::string_view text, std::string_view what) {
  JsonFault fault;
  auto out = parse_json(text, fault);
  if (!out) refuse("`" + std::string(what) + "` is not acceptable JSON: " + fault.message);
  return *std::move(out);
}

}  // namespace

BodyObject::BodyObject(std::string_view text, std::initializer_list<std::string_view> known) : text_(text) {
  Splitter splitter(text);
  if (!splitter.take('{')) refuse("the body must be a JSON object");
  if (!splitter.take('}')) {
    do {
      const Json name = parsed(splitter.value(), "a name in the body");
      if (!name.is_string() || !splitter.take(':')) refuse("the body is not JSON: a member needs a name and a value");
      const auto& key = name.get_ref<const std::string&>();
      if (std::ranges::find(known, key) == known.end()) {
        std::string list;
        for (const std::string_view other : known) list += (list.empty() ? "" : ", ") + std::string(other);
        refuse("the body has " + (key.size() > 100 ? std::string("a member") : "the member `" + key + "`") +
               " that is not known here; there are: " + list);
      }
      if (!members_.emplace(key, splitter.value()).second) refuse("the body has `" + key + "` twice");
    } while (splitter.take(','));
    if (!splitter.take('}')) refuse("the body is not JSON: the object does not end");
  }
  if (!splitter.is_at_end()) refuse("the body is not JSON: there is text after the object");
}

std::optional<std::string_view> BodyObject::text(std::string_view name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? std::nullopt : std::optional(found->second);
}

std::string BodyObject::in_body(std::string message, std::string_view member) const {
  constexpr std::string_view words = "not JSON at byte ";
  const std::size_t at = message.rfind(words);
  if (at == std::string::npos) return message;
  std::size_t byte = 0;
  const char* const end = message.data() + message.size();
  const auto read = std::from_chars(message.data() + at + words.size(), end, byte);
  if (read.ec != std::errc() || read.ptr != end) return message;
  byte += static_cast<std::size_t>(member.data() - text_.data());
  return fmt::format("{}{}{} of the body", message.substr(0, at), words, byte);
}

Error BodyObject::placed(const Error& error, std::string_view name) const {
  const auto member = text(name);
  return member ? error.with_message(in_body(error.what(), *member)) : error;
}

Json BodyObject::parsed_member(std::string_view text, std::string_view name) const {
  try {
    return parsed(text, name);
  } catch (const Refusal& refusal) {
    refuse(in_body(refusal.what(), text));
  }
}

std::optional<Json> BodyObject::json(std::string_view name) const {
  const auto found = text(name);
  return found ? std::optional(parsed_member(*found, name)) : std::nullopt;
}

std::string_view BodyObject::required_text(std::string_view name) const {
  const auto found = text(name);
  if (!found) refuse("the body needs `" + std::string(name) + "`");
  return *found;
}

Json BodyObject::required_json(std::string_view name) const { return parsed_member(required_text(name), name); }

std::optional<std::string> BodyObject::string(std::string_view name) const {
  auto value = json(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) refuse("`" + std::string(name) + "` must be a string");
  return value->get<std::string>();
}

std::string BodyObject::required_string(std::string_view name) const {
  required_text(name);
  return *string(name);
}

std::optional<std::int64_t> BodyObject::integer(std::string_view name) const {
  const auto value = json(name);
  if (!value) return std::nullopt;
  // As in the library, 5.0 is a whole number.
  if (value->is_number_integer() && !(value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX))
    return value->get<std::int64_t>();
  if (value->is_number_float()) {
    const double number = value->get<double>();
    if (number >= -9e15 && number <= 9e15 && number == static_cast<double>(static_cast<std::int64_t>(number)))
      return static_cast<std::int64_t>(number);
  }
  refuse("`" + std::string(name) + "` must be a whole number");
}

std::optional<bool> BodyObject::boolean(std::string_view name) const {
  const auto value = json(name);
  if (!value) return std::nullopt;
  if (!value->is_boolean()) refuse("`" + std::string(name) + "` must be true or false");
  return value->get<bool>();
}

std::optional<std::vector<std::string>> BodyObject::strings(std::string_view name) const {
  const auto value = json(name);
  if (!value) return std::nullopt;
  if (!value->is_array() || !std::ranges::all_of(*value, [](const Json& one) { return one.is_string(); }))
    refuse("`" + std::string(name) + "` must be an array of strings");
  return value->get<std::vector<std::string>>();
}

std::optional<std::vector<std::string>> BodyObject::any_strings(std::string_view name) const {
  const auto found = text(name);
  if (!found || found->find("\\u0000") == std::string_view::npos) return strings(name);
  const Json value = Json::parse(*found, nullptr, false);
  if (!value.is_array() || !std::ranges::all_of(value, [](const Json& one) { return one.is_string(); }))
    refuse("`" + std::string(name) + "` must be an array of strings");
  return value.get<std::vector<std::string>>();
}

std::optional<std::string> written_status(const BodyObject& body) {
  const auto status = body.json("status");
  if (!status) return std::nullopt;
  return status->is_string() ? status->get<std::string>() : std::string();
}

std::vector<std::string_view> split_array(std::string_view text, std::size_t most) {
  std::vector<std::string_view> out;
  Splitter splitter(text);
  if (!splitter.take('[')) refuse("the body is not JSON: an array is missing");
  if (!splitter.take(']')) {
    do {
      if (out.size() == most) refuse("an array has more than " + std::to_string(most) + " elements");
      out.push_back(splitter.value());
    } while (splitter.take(','));
    if (!splitter.take(']')) refuse("the body is not JSON: an array does not end");
  }
  if (!splitter.is_at_end()) refuse("the body is not JSON: there is text after an array");
  return out;
}

}  // namespace struere::server
