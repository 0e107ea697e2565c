// Editing a file keeps what did not change: lines, comments and order. A file that is written anew reads the same, so
// this looks at random files with a comment at every place.
#include "yaml/yaml_edit.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>
#include <string>

#include "support/throws_error.hpp"
#include "yaml/document.hpp"

using namespace struere;

namespace {

// A random mapping, and the text of each of its members and elements with the comment above it.
class CommentedFile {
 public:
  explicit CommentedFile(unsigned seed) : random_(seed) { value = mapping(Pointer(), 0); }

  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

  Json value;
  std::string text;
  std::map<std::string, std::string> blocks, heads;  // by JSON pointer; a head is a block without what is inside

 private:
  using Pointer = Json::json_pointer;

  std::string next(const char* what) { return what + std::to_string(++count_); }
  void comment_above(const std::string& pad) {
    if (chance(70)) text += pad + next("# above ") + ";\n";
  }
  std::string beside() { return chance(50) ? "  " + next("# beside ") + ";\n" : "\n"; }

  // NOLINTNEXTLINE(misc-no-recursion) three deep
  Json mapping(const Pointer& place, std::size_t indent) {
    Json out = Json::object();
    const std::string pad(indent, ' ');
    for (unsigned left = 1 + random_() % 4; left > 0; --left) {
      const std::string key = next("k");
      const std::size_t begin = text.size();
      comment_above(pad);
      text += pad + key + ":";
      std::size_t head = 0;
      if (indent < 4 && chance(40)) {
        text += beside();
        head = text.size();
        out[key] = mapping(place / key, indent + 2);
      } else if (chance(40)) {
        text += beside();
        head = text.size();
        out[key] = list(place / key, pad + (chance(50) ? "" : "  "));
      } else if (chance(30)) {
        const std::string line = next("# no comment ");
        text += " |\n" + pad + "  " + line + "\n\n" + pad + "  x\n";
        out[key] = line + "\n\nx\n";
      } else {
        out[key] = next("v");
        text += " " + out[key].get<std::string>() + beside();
      }
      blocks[(place / key).to_string()] = text.substr(begin);
      heads[(place / key).to_string()] = head == 0 ? "" : text.substr(begin, head - begin);
    }
    return out;
  }

  Json list(const Pointer& place, const std::string& pad) {
    Json out = Json::array();
    for (std::size_t i = 0, count = 1 + random_() % 4; i < count; ++i) {
      const std::size_t begin = text.size();
      comment_above(pad);
      out.push_back(next("e") + ".");  // no element is the beginning of another
      text += pad + "- " + out.back().get<std::string>() + beside();
      blocks[(place / i).to_string()] = text.substr(begin);
    }
    return out;
  }

  std::mt19937 random_;
  int count_ = 0;
};

// NOLINTNEXTLINE(misc-no-recursion)
Json changed(CommentedFile& file, const Json& value, int& made) {
  const auto fresh = [&] { return "new" + std::to_string(++made); };
  if (!value.is_structured()) return file.chance(25) ? Json(fresh()) : value;
  Json out = value.is_object() ? Json::object() : Json::array();
  for (const auto& [key, inner] : value.items()) {
    if (file.chance(20)) continue;
    Json kept = changed(file, inner, made);
    if (value.is_object())
      out[key] = std::move(kept);
    else
      out.push_back(std::move(kept));
  }
  if (file.chance(20)) {
    if (value.is_object())
      out[fresh()] = fresh();
    else
      out.push_back(fresh());
  }
  return out.empty() ? value : out;
}

struct Kept {
  const CommentedFile& file;
  const std::string& edited;
  std::size_t last = 0;  // where the member before began

  void stands(const std::string& part) {
    const std::size_t at = edited.find(part);
    INFO("=== is missing, or out of its order:\n" << part);
    REQUIRE(at != std::string::npos);
    CHECK(at >= last);
    last = at;
  }

  // NOLINTNEXTLINE(misc-no-recursion)
  void check(const Json& before, const Json& wanted, const Json::json_pointer& place) {
    // In the order of the file: the numbers of the keys count up in it.
    std::map<int, std::string> keys;
    for (const auto& [key, value] : before.items()) keys[std::stoi(key.substr(1))] = key;
    for (const auto& [number, key] : keys) {
      const std::string at = (place / key).to_string();
      if (!wanted.contains(key))
        CHECK(edited.find(key + ":") == std::string::npos);
      else if (before.at(key) == wanted.at(key))
        stands(file.blocks.at(at));
      else if (before.at(key).is_object() && wanted.at(key).is_object()) {
        stands(file.heads.at(at));
        check(before.at(key), wanted.at(key), place / key);
      } else if (before.at(key).is_array() && wanted.at(key).is_array()) {
        stands(file.heads.at(at));
        for (std::size_t i = 0; i < before.at(key).size(); ++i)
          if (std::find(wanted.at(key).begin(), wanted.at(key).end(), before.at(key)[i]) != wanted.at(key).end())
            stands(file.blocks.at((place / key / i).to_string()));
          else
            CHECK(edited.find("- " + before.at(key)[i].get<std::string>()) == std::string::npos);
      } else {  // a text that changed keeps the comment above it
        const std::string& block = file.blocks.at(at);
        if (const auto end = block.find(";\n"); block.find("# above") < end && end < block.find(key + ":"))
          stands(block.substr(0, end + 2));
      }
    }
  }
};

}  // namespace

TEST_CASE("of a file that is edited, everything that did not change stays, comments too", "[definitions][document]") {
  for (unsigned seed = 0; seed < 600; ++seed) {
    CommentedFile file(seed);
    REQUIRE(Document(file.text).value() == file.value);
    int made = 0;
    const Json wanted = changed(file, file.value, made);
    const std::string edited = edited_yaml(file.text, wanted);
    INFO("seed " << seed << "\n" << file.text << "=== becomes\n" << edited);
    REQUIRE(Document(edited).value() == wanted);
    CHECK(edited_yaml(edited, wanted) == edited);
    Kept{file, edited}.check(file.value, wanted, Json::json_pointer());
  }
}

TEST_CASE("a file keeps its line ends", "[definitions][document]") {
  const std::string file = "# a\r\nname: x\r\n# b\r\nlist:\r\n  - 1\r\n  - 2\r\nlast: y";
  CHECK(edited_yaml(file, {{"name", "z"}, {"list", {1, 3}}, {"last", "y"}, {"new", {{"k", 1}}}}) ==
        "# a\r\nname: z\r\n# b\r\nlist:\r\n  - 1\r\n  - 3\r\nlast: y\r\nnew:\r\n  k: 1\r\n");
  CHECK(edited_yaml("{name: x}\r\n", {{"name", "z"}}) == "name: z\r\n");
  CHECK(edited_yaml("name: x\n", {{"name", "z"}}) == "name: z\n");
}

TEST_CASE("comments within a value that changes are kept", "[definitions][document]") {
  const std::string file =
      "slug: note  # the type\n"
      "schema: {type: object,  # in one piece\n"
      "  # of the title\n"
      "  properties: {title: {type: string, description: 'no # comment'}}}\n"
      "text: |\n  # no comment\n  x\n"
      "roles:\n  - a  # first\n  - b\n";
  Json wanted{{"slug", "other"},
              {"schema", {{"type", "object"}, {"properties", {{"title", {{"type", "integer"}}}}}}},
              {"text", "new"},
              {"roles", {"c", "b"}}};
  CHECK(edited_yaml(file, wanted) ==
        "slug: other  # the type\n"
        "# in one piece\n"
        "# of the title\n"
        "schema:\n  properties:\n    title:\n      type: integer\n  type: object\n"
        "text: new\n"
        "roles:\n  - c  # first\n  - b\n");
  CHECK(edited_yaml("{a: 1,  # one\n b: 2}  # two\n", {{"a", 2}}) == "# one\n# two\na: 2\n");
}

TEST_CASE("a value with very many comments is not changed by rewriting it", "[definitions][document]") {
  std::string file = "list: [\n";
  for (int i = 0; i < 310; ++i) file += "  1, # c\n";
  CHECK_ERROR(conflict, edited_yaml(file + "]\n", {{"list", {1}}}));
}
