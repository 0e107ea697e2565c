// The health of the organization, and a copy of it to keep.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "server/backup_turns.hpp"
#include "server/organization_admin.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

Response examine_organization(const Call& call) {
  Json findings = Json::array();
  bool is_healthy = true;
  for (const Finding& finding : OrganizationAdmin(call).examine()) {
    is_healthy = is_healthy && finding.severity != Severity::error;
    findings.push_back({{"severity", to_string(finding.severity)},
                        {"check", to_string(finding.check)},
                        {"organization", finding.organization ? finding.organization->str() : ""},
                        {"environment", finding.environment ? to_string(*finding.environment) : ""},
                        {"subject", finding.subject},
                        {"message", finding.message}});
  }
  return json_response({{"healthy", is_healthy}, {"findings", std::move(findings)}});
}

// A folder of this process alone, which disappears with the object.
class PrivateFolder {
 public:
  PrivateFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "struere-backup-XXXXXX").string();
    if (!mkdtemp(path.data()))
      throw Error(ErrorCode::storage, "the server cannot make a temporary folder; free space in TMPDIR");
    path_ = path;
  }
  ~PrivateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

class FileStream final : public BodyStream {
 public:
  FileStream(std::unique_ptr<BackupTurns::Copy> copy, std::unique_ptr<PrivateFolder> folder,
             const std::filesystem::path& file)
      : copy_(std::move(copy)), folder_(std::move(folder)), stream_(file, std::ios::binary) {
    if (!stream_) throw Error(ErrorCode::storage, "the copy cannot be read; make a new one");
  }

  Chunk next() override {
    constexpr std::size_t chunk_bytes = 256 * 1024;
    Chunk out;
    out.bytes.resize(chunk_bytes);
    stream_.read(out.bytes.data(), static_cast<std::streamsize>(out.bytes.size()));
    out.bytes.resize(static_cast<std::size_t>(stream_.gcount()));
    out.is_last = stream_.eof();
    if (stream_.bad()) throw Error(ErrorCode::storage, "the copy cannot be read; make a new one");
    if (out.is_last) {  // before the client has all of it, and may ask for the next one
      folder_.reset();
      copy_.reset();
    }
    return out;
  }

 private:
  std::unique_ptr<BackupTurns::Copy> copy_;  // outlives the file
  std::unique_ptr<PrivateFolder> folder_;
  std::ifstream stream_;
};

Response back_up(const Call& call) {
  const OrganizationAdmin admin(call);
  auto copy =
      call.services().backup_turns->take(call.session().actor().organization().str(), std::chrono::steady_clock::now());
  if (!copy)
    throw Refusal(429, "limit", "a backup is being made, or is not downloaded yet; try again in a minute",
                  {{"Retry-After", "60"}});
  auto folder = std::make_unique<PrivateFolder>();
  const std::filesystem::path file = folder->path() / "backup.db";
  admin.back_up(file);
  copy->made();
  Response out;
  out.content_type = "application/vnd.sqlite3";
  out.headers.emplace_back("Content-Disposition", "attachment; filename=\"backup.db\"");
  out.stream = std::make_unique<FileStream>(std::move(copy), std::move(folder), file);
  return out;
}

}  // namespace

void add_maintenance_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/v1/doctor",
                    .summary = "What is wrong in the organization, or will be soon, gravest first",
                    .handler = examine_organization,
                    .answer = "FindingList"});
  routes.push_back({.pattern = "/v1/backup",
                    .summary = "A verified copy of both environments of the organization, as a database file",
                    .handler = back_up,
                    .answer = "Backup",
                    .answer_type = "application/vnd.sqlite3"});
}

}  // namespace struere::server
