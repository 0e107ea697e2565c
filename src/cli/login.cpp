#include "cli/login.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "cli/workspace.hpp"

namespace struere::cli {
namespace {

std::filesystem::path file_of_logins() {
  const char* const configured = std::getenv("XDG_CONFIG_HOME");
  if (configured && *configured == '/') return std::filesystem::path(configured) / "struere" / "logins.json";
  const char* const home = std::getenv("HOME");
  if (!home || *home != '/') throw UsageError("set HOME or XDG_CONFIG_HOME; `struere login` keeps its session there");
  return std::filesystem::path(home) / ".config" / "struere" / "logins.json";
}

[[noreturn]] void throw_unwritable(const std::filesystem::path& file) {
  throw std::runtime_error(fmt::format("{} cannot be written: {}", file.string(), std::strerror(errno)));
}

// Closes the descriptor.
std::string text_of_logins(const std::filesystem::path& file, int descriptor) {
  constexpr std::size_t most_bytes = 1 << 20;
  const std::unique_ptr<FILE, int (*)(FILE*)> stream(fdopen(descriptor, "rb"), fclose);
  struct stat found {};
  if (!stream || fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode) || found.st_uid != geteuid())
    throw UsageError(fmt::format("{} is not a file of this user; remove it and log in again", file.string()));
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    throw UsageError(
        fmt::format("other users may read {}; chmod 600 it, or remove it and log in again", file.string()));
  std::string out(std::min(most_bytes, static_cast<std::size_t>(found.st_size)), '\0');
  out.resize(std::fread(out.data(), 1, out.size(), stream.get()));
  return out;
}

std::vector<Login> read_logins() {
  const std::filesystem::path file = file_of_logins();
  // The descriptor is checked and read, so that the file cannot be exchanged in between.
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0 && errno == ENOENT) return {};
  if (descriptor < 0) throw UsageError(fmt::format("{} cannot be read: {}", file.string(), std::strerror(errno)));
  const std::string text = text_of_logins(file, descriptor);
  const Json all = Json::parse(text, nullptr, false);
  std::vector<Login> out;
  try {
    for (const Json& one : all.at("logins"))
      out.push_back({one.at("server"), OrganizationId(one.at("organization").get<std::string>()),
                     UserId(one.at("user").get<std::string>()), one.at("secret"), one.at("expiresAt")});
  } catch (const Json::exception&) {
    throw UsageError(fmt::format("{} is damaged; remove it and log in again", file.string()));
  }
  return out;
}

// Under another name first, so that a reader sees the old file or the new one.
void write_logins(const std::vector<Login>& logins) {
  const std::filesystem::path file = file_of_logins();
  Json all = Json::array();
  for (const Login& login : logins)
    if (login.expires_at > system_clock().now())
      all.push_back({{"server", login.server},
                     {"organization", login.organization.str()},
                     {"user", login.user.str()},
                     {"secret", login.secret},
                     {"expiresAt", login.expires_at}});
  const std::string text = Json{{"logins", std::move(all)}}.dump(2) + "\n";
  std::filesystem::create_directories(file.parent_path());
  std::string unfinished = file.string() + ".XXXXXX";
  const int descriptor = mkstemp(unfinished.data());  // 0600, and never through a link
  if (descriptor < 0) throw_unwritable(file);
  const bool is_written = write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (close(descriptor) != 0 || !is_written || rename(unfinished.c_str(), file.c_str()) != 0) {
    unlink(unfinished.c_str());
    throw_unwritable(file);
  }
}

}  // namespace

Login require_login(const ServerAddress& address, const OrganizationId& organization, bool may_be_key) {
  for (Login& login : read_logins())
    if (login.server == address.url() && login.organization == organization) return std::move(login);
  throw UsageError(fmt::format("nobody is logged in at {} for the organization `{}`; `struere login {}` does it{}",
                               address.url(), organization.str(), address.url(),
                               may_be_key ? ", or give an API key" : ""));
}

void store_login(const Login& login) {
  auto all = read_logins();
  std::erase_if(
      all, [&](const Login& each) { return each.server == login.server && each.organization == login.organization; });
  all.push_back(login);
  write_logins(all);
}

std::vector<Login> forget_logins(const ServerAddress& address) {
  auto all = read_logins();
  const auto kept =
      std::stable_partition(all.begin(), all.end(), [&](const Login& each) { return each.server != address.url(); });
  std::vector<Login> out(kept, all.end());
  all.erase(kept, all.end());
  if (!out.empty()) write_logins(all);
  return out;
}

}  // namespace struere::cli
