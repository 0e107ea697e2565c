// The schemas that one call compiles, each of them once. A change of definitions reads its schemas twice, before the
// write lock is taken and under it, and compiling some takes long.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/bounded_cache.hpp"
#include "core/json_schema.hpp"
#include "struere/core/digest.hpp"
#include "struere/core/error.hpp"

namespace struere {

// A schema that would be compiled while all writers wait. Not a std::exception, so that no handler of errors takes it.
struct UncompiledSchema {};

// While an object of this class lives, it keeps what its thread finds out about schemas. The functions work without
// such an object too; they then compile each time.
class CompiledSchemas {
 public:
  CompiledSchemas();
  ~CompiledSchemas();
  CompiledSchemas(const CompiledSchemas&) = delete;
  CompiledSchemas& operator=(const CompiledSchemas&) = delete;

  // Both throw what the constructor of JsonSchema throws. `schema` is canonical text.
  static std::shared_ptr<const JsonSchema> compile(const std::string& schema);
  static std::vector<ReferenceField> references_of(const std::string& schema);

  // Runs `look`, which reads, and then `write`, which holds the write lock and gets the answer of `look`. `write` finds
  // the schemas that `look` compiled. If it needs another one, because the definitions changed meanwhile, it is undone
  // and both run again.
  template <class Look, class Write>
  static auto around(const Look& look, const Write& write) {
    constexpr int most_tries = 5;
    CompiledSchemas schemas;
    for (int tries = 1;; ++tries) {
      const auto found = look();
      try {
        const Seal seal(tries < most_tries);
        return write(found);
      } catch (const UncompiledSchema&) {
      }
    }
  }

 private:
  // While one lives, compile() throws UncompiledSchema for a schema that was not compiled before.
  class Seal {
   public:
    explicit Seal(bool seals);
    ~Seal();
    Seal(const Seal&) = delete;
    Seal& operator=(const Seal&) = delete;

   private:
    bool before_ = false;
  };

  using Outcome = std::variant<std::vector<ReferenceField>, Error>;

  // Of all others only the outcome is kept.
  static constexpr std::size_t most_kept = 16, most_kept_bytes = 64UL << 20;
  struct DigestHash {
    std::size_t operator()(const Digest& digest) const noexcept;
  };
  std::map<Digest, Outcome> outcomes_;
  std::shared_ptr<const JsonSchema> keep(const Digest& key, std::shared_ptr<const JsonSchema> schema);

  BoundedCache<Digest, std::shared_ptr<const JsonSchema>, DigestHash> compiled_{most_kept};
  std::size_t kept_bytes_ = 0;
  bool is_sealed_ = false;
  CompiledSchemas* outer_;
};

}  // namespace struere
