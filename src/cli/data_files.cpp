#include "cli/data_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <set>
#include <thread>

#include "cli/output.hpp"
#include "cli/screen.hpp"
#include "cli/stop_signals.hpp"
#include "core/json_split.hpp"

namespace struere::cli {
namespace {

constexpr const char* type_key = "$entity";

void add_member(std::string& line, const char* key, const Json& value) {
  if (!value.is_null()) line += fmt::format(R"("{}":{},)", key, canonical_json(value));
}

// An import would take the data for a whole row, with an id and times of its own.
void refuse_type_key(const Entity& entity) {
  if (json_view(entity).find(fmt::format(R"("{}")", type_key)) == std::string::npos ||
      !entity.data().contains(type_key))
    return;
  throw Error(ErrorCode::invalid_data,
              fmt::format("the data of {} {} has a member `{}`, which only lines of --with-ids can keep; add "
                          "--with-ids. The output is incomplete",
                          entity.type(), entity.id().str(), type_key));
}

// The data as stored, byte for byte.
std::string line_of(const Entity& entity, bool with_ids) {
  if (!with_ids) {
    refuse_type_key(entity);
    return std::string(embeddable_json(entity));
  }
  std::string out = "{";
  add_member(out, type_key, entity.type());
  add_member(out, "id", entity.id().str());
  if (entity.status()) add_member(out, "status", *entity.status());
  if (entity.created_at()) add_member(out, "createdAt", *entity.created_at());
  if (entity.updated_at()) add_member(out, "updatedAt", *entity.updated_at());
  add_member(out, "version", entity.version());
  return out.append(R"("data":)").append(embeddable_json(entity)) + "}";
}

// The size in bytes, or 0 if the input is not a file.
std::int64_t size_of_input() {
  struct stat found {};
  return fstat(STDIN_FILENO, &found) == 0 && S_ISREG(found.st_mode) ? found.st_size : 0;
}

[[noreturn]] void refuse_line(const std::string& what) { throw Error(ErrorCode::invalid_data, what); }

Json read_json(std::string_view text) {
  JsonFault fault;
  auto read = parse_json(text, fault);
  if (!read) refuse_line("it is not acceptable JSON: " + fault.message);
  return *std::move(read);
}

// A line of an export --with-ids. Its members are read one by one, because the bounds of JSON apply to `data` alone.
class WholeRow {
 public:
  // `nullopt` for a line without `$entity`.
  static std::optional<WholeRow> find(std::string_view line) {
    WholeRow out(line);
    std::string fault;
    const auto add = [&](const std::string& name, std::string_view value) {
      if (!out.members_.emplace(name, value).second && fault.empty()) fault = fmt::format("it has `{}` twice", name);
    };
    try {
      visit_members(line, add);
    } catch (const Error& error) {
      fault = fmt::format("it is not acceptable JSON: {}", error.what());
    }
    if (!out.has(type_key)) return std::nullopt;
    if (!fault.empty()) refuse_line(fault);
    return out;
  }

  void require_known(const std::set<std::string_view>& known) const {
    for (const auto& [name, value] : members_)
      if (!known.contains(name)) refuse_line(fmt::format("a line with `{}` has no key `{}`", type_key, name));
  }
  bool has(const char* name) const { return members_.contains(name); }
  // Refuses the line if the member is missing or not acceptable JSON.
  Json json(const char* name) const {
    const auto found = members_.find(name);
    if (found == members_.end()) refuse_line(fmt::format("it has no `{}`", name));
    JsonFault fault;
    auto read = parse_json(found->second, fault);
    const auto offset = static_cast<std::size_t>(found->second.data() - line_.data());
    if (!read)
      refuse_line(
          fmt::format("`{}` is not acceptable JSON: {}", name, count_byte_from(fault.message, offset, " of the line")));
    return *std::move(read);
  }
  std::optional<std::string> text(const char* name) const {
    if (!has(name)) return std::nullopt;
    const Json value = json(name);
    if (!value.is_string()) refuse_line(fmt::format("`{}` is a text", name));
    return value.get<std::string>();
  }
  std::optional<std::int64_t> integer(const char* name, const char* what) const {
    if (!has(name)) return std::nullopt;
    const Json value = json(name);
    if (!value.is_number_integer()) refuse_line(fmt::format("`{}` is {}", name, what));
    return value.get<std::int64_t>();
  }

 private:
  explicit WholeRow(std::string_view line) : line_(line) {}

  std::string_view line_;
  std::map<std::string, std::string_view, std::less<>> members_;
};

ImportedRow row_of(const ImportOptions& asked, std::string_view line) {
  const auto row = WholeRow::find(line);
  if (!row) {
    Json data = read_json(line);
    if (asked.with_ids) refuse_line(fmt::format("it has no `{}`; it was not exported with --with-ids", type_key));
    if (asked.type.empty())
      refuse_line(fmt::format("it has no `{}`, so name its type: struere data import TYPE", type_key));
    return {std::move(data), {}, asked.type};
  }
  row->require_known({type_key, "id", "status", "createdAt", "updatedAt", "version", "data"});
  ImportedRow out;
  out.type = *row->text(type_key);
  if (!asked.type.empty() && *out.type != asked.type)
    refuse_line(fmt::format("it is of the type `{}`; leave the type out to import several", *out.type));
  out.data = row->json("data");
  if (auto id = row->text("id")) out.options.id = EntityId(*std::move(id));
  out.options.status = row->text("status");
  out.options.created_at = row->integer("createdAt", "in milliseconds");
  row->integer("updatedAt", "in milliseconds");  // starts again, as `version` does
  row->integer("version", "a whole number");
  return out;
}

// Reads lines, and writes them in batches of the given size.
class Import {
 public:
  Import(const Place& place, const Options& options, const ImportOptions& asked)
      : place_(place), options_(options), asked_(asked), total_(size_of_input()) {}

  void run() {
    if (isatty(STDIN_FILENO)) tell_aside("One JSON text a line; end with Ctrl-D.");
    std::string line(json_max_bytes + 4096, '\0');  // enough for every line of an entity
    while (std::cin.getline(line.data(), static_cast<std::streamsize>(line.size()))) {
      const std::int64_t length = std::cin.gcount() - (std::cin.eof() ? 0 : 1);
      read_ += std::cin.gcount();
      const auto content = without_byte_order_mark(std::string_view(line).substr(0, static_cast<std::size_t>(length)));
      if (++line_ < asked_.from || is_blank_line(content)) continue;
      add(content);
      if (signals_.came()) stop();
    }
    if (std::ferror(stdin) != 0)
      refuse(line_ + 1, ErrorCode::storage, fmt::format("stdin cannot be read: {}", std::strerror(errno)));
    if (!std::cin.eof())
      refuse(line_ + 1, ErrorCode::invalid_data, fmt::format("it is longer than {} bytes", line.size()));
    if (asked_.from > line_ + 1)  // the line after the last is where an import that was complete continues
      throw Error(ErrorCode::invalid_data, fmt::format("--from {} is beyond the end of the input, whose last line is "
                                                       "line {}; nothing was imported",
                                                       asked_.from, line_));
    write();
    if (options_.json) return say_json({{"imported", done_}});
    say("{} imported.", done_);
  }

 private:
  void add(std::string_view line) {
    try {
      rows_.push_back(row_of(asked_, line));
    } catch (const Error& error) {
      refuse(line_, error.code(), error.what());
    }
    lines_.push_back(line_);
    bytes_ += line.size();
    if (asked_.batch == 0 && (rows_.size() > most_rows_written || bytes_ > import_max_bytes))
      refuse(line_, ErrorCode::invalid_data,
             fmt::format("one import is at most {} entities and {} MiB, as other writers wait for it; divide it with "
                         "--batch 1000",
                         most_rows_written, import_max_bytes >> 20));
    if (asked_.batch != 0 && (rows_.size() == asked_.batch || bytes_ > import_max_bytes / 2)) write_batch();
    progress_.show(fmt::format("{} read", line_), read_, total_);
  }

  void write_batch() {
    const auto began = std::chrono::steady_clock::now();
    write();
    tell_aside("{} imported, up to line {}", done_, line_);
    // Waits as long as others had to wait, so that they get their turn.
    std::this_thread::sleep_for(std::clamp<std::chrono::nanoseconds>(
        std::chrono::steady_clock::now() - began, std::chrono::milliseconds(5), std::chrono::milliseconds(1000)));
  }

  void write() {
    if (rows_.empty()) return;
    try {
      place_.import_all(rows_);
    } catch (const OutcomeUnknown& error) {
      throw Error(error.code(), unknown_stand(error.what()));
    } catch (const Error& error) {
      // Translates "row 3 of 10: …" to the line of that row.
      std::string why = error.what();
      std::size_t row = 0;
      if (std::sscanf(why.c_str(), "row %zu of ", &row) == 1 && row >= 1 && row <= lines_.size())
        why = why.substr(why.find(": ") + 2);
      else
        row = 1;
      refuse(lines_[row - 1], error.code(), why + hint(error.code()));
    }
    done_ += rows_.size();
    written_ = line_;
    rows_.clear();
    lines_.clear();
    bytes_ = 0;
  }

  std::string hint(ErrorCode code) const {
    if (code != ErrorCode::invalid_reference) return {};
    if (!rows_.front().options.id) return "; ids are new in an import, unless the export was made --with-ids";
    return asked_.batch == 0 ? "" : "; what it refers to must be in its batch or before it";
  }

  [[noreturn]] void refuse(std::size_t line, ErrorCode code, const std::string& why) {
    throw Error(code, fmt::format("line {} of the input: {} ({})", line, why, stand()));
  }
  [[noreturn]] void stop() {
    tell_aside("interrupted: {}", stand());
    throw Finished{interrupted};
  }
  // If all or none of the last rows were written.
  std::string unknown_stand(const std::string& why) const {
    const std::size_t first = lines_.front(), last = lines_.back();
    const bool keeps_ids =
        std::ranges::all_of(rows_, [](const ImportedRow& row) { return row.options.id.has_value(); });
    const std::string batch = asked_.batch == 0 ? "" : fmt::format("--batch {} ", asked_.batch);
    const std::string hint =
        keeps_ids ? fmt::format("Try again with {}--from {}: what is there already is a conflict", batch, first)
                  : fmt::format(
                        "Look for them (struere data list), and continue with {}--from {} if they are there, "
                        "otherwise with {}--from {}",
                        batch, last + 1, batch, first);
    return fmt::format("lines {} to {} of the input: {}. All of them were imported, or none. {}", first, last, why,
                       hint);
  }
  // The text of how much was imported, and how to continue.
  std::string stand() const {
    if (written_ == 0)
      return asked_.from > 1 ? fmt::format("nothing was imported; continue with --from {}", asked_.from)
                             : "nothing was imported";
    return fmt::format("{} were imported, up to line {}; continue with --batch {} --from {}", done_, written_,
                       asked_.batch, written_ + 1);
  }

  const Place& place_;
  const Options& options_;
  const ImportOptions& asked_;
  Progress progress_;
  const std::int64_t total_;
  const StopSignals signals_;
  std::int64_t read_ = 0;    // bytes
  std::size_t line_ = 0;     // the last line that was read, from 1
  std::size_t written_ = 0;  // the last line that was written
  std::size_t done_ = 0;     // entities
  std::vector<ImportedRow> rows_;
  std::vector<std::size_t> lines_;  // of the rows
  std::size_t bytes_ = 0;           // of the rows
};

}  // namespace

void export_entities(const Place& place, const ExportOptions& asked) {
  if (asked.types.size() > 1 && !asked.with_ids)
    throw UsageError("lines of several types need --with-ids; add it, or export one type");
  Progress progress;
  const bool is_shown = progress.is_shown() && isatty(STDOUT_FILENO) == 0;
  std::int64_t done = 0, without_status = 0;
  for (const std::string& type : asked.types) {
    Query query = asked.query;
    query.limit = 1000;
    if (query.order.empty()) query.order = {{"createdAt", Direction::ascending}};
    const std::int64_t total = is_shown ? place.count(type, query) : 0;
    do {
      const EntityPage page = place.list(type, query);
      for (const Entity& entity : page) {
        say_json_text(line_of(entity, asked.with_ids));
        if (!asked.with_ids && entity.status() && *entity.status() != "active") ++without_status;
      }
      done += static_cast<std::int64_t>(page.size());
      if (is_shown) progress.show("exporting " + type, done, total);
      query.after = page.next();
    } while (query.after);
  }
  if (without_status > 0)
    tell_aside("warning: {} {} not active, which the output does not say; --with-ids keeps status and ids",
               without_status, without_status == 1 ? "entity is" : "entities are");
  if (asked.with_ids && !place.sees_everything())
    tell_aside("warning: this is what the actor may see: hidden fields are missing in it, and redacted ones replaced");
}

void import_entities(const Place& place, const Options& options, const ImportOptions& asked) {
  Import(place, options, asked).run();
}

}  // namespace struere::cli
