// Definition files: read strictly, written back as the same value, and refused in words.
#include "fuzz/fuzz_target.hpp"
#include "struere/definitions/definition_set.hpp"
#include "yaml/document.hpp"

namespace struere::fuzz {

// The first byte says of which kind the definition is.
void definition_file(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string text(bytes.substr(1));
  std::optional<Document> document;
  try {
    document.emplace(text);
  } catch (const DocumentFault& fault) {
    require(!fault.message.empty() && fault.position.line >= 1 && fault.position.column >= 1,
            "a fault without a place");
    return;
  }
  const Json& value = document->value();
  JsonFault fault;
  if (canonical_json(value, fault)) {
    Json again;
    const std::string yaml = to_yaml(value);
    try {
      again = Document(yaml).value();
    } catch (const DocumentFault& refused) {
      require(false, "what is written cannot be read: " + refused.message + "\n" + yaml);
    }
    require(again == value, "it is written as\n" + yaml);
  }
  (void)document->position_of(Json::json_pointer("/no/such/place"));
  DefinitionSet set;
  const auto kind = definition_kinds[static_cast<unsigned char>(bytes[0]) % definition_kinds.size()];
  const std::string answer = answer_of([&] {
    set.add(kind, value);
    (void)set.faults();
    const DefinitionSet normal = set.normal_form();
    require(set.faults().empty(), "it has faults, and a normal form");
    require(normal.normal_form() == normal, "the normal form has another: " + normal.to_json().dump());
    require(DefinitionSet::from_json(normal.to_json()) == normal, "it is read back as another set");
    return std::string();
  });
  require(answer.empty() || answer.starts_with("invalid_definition: "), answer);
}

}  // namespace struere::fuzz
