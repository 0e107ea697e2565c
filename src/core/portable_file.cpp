#include "core/portable_file.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#elif defined(_WIN32)
#include <aclapi.h>
#include <fmt/format.h>
#include <sddl.h>
#include <windows.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>
#else
#error "struere knows the files of POSIX and those of Windows: write this file's functions for the system"
#endif

namespace struere {
namespace {

constexpr const char* folder_as_database = "is a folder; name a file in it";

}  // namespace

std::filesystem::path path_of(std::string_view name) { return std::u8string(name.begin(), name.end()); }

std::string name_of(const std::filesystem::path& path) {
  const std::u8string name = path.u8string();
  return {name.begin(), name.end()};
}

#if defined(__unix__) || defined(__APPLE__)

namespace {

std::error_code last_failure() noexcept { return {errno, std::generic_category()}; }

FileIdentity identity_of(const struct stat& found) noexcept {
  return {static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino)};
}

std::optional<Exposure> exposure(const std::string& name, mode_t others, const char* cure) {
  struct stat found {};
  if (stat(name.c_str(), &found) != 0 || (found.st_mode & others) == 0) return {};
  return Exposure{fmt::format("mode {:03o}", found.st_mode & 0777U), cure};
}

std::error_code sync(const std::string& name, std::optional<mode_t> mode) {
  const int descriptor = open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return last_failure();
  const bool is_done = (!mode || fchmod(descriptor, *mode) == 0) && fsync(descriptor) == 0;
  const std::error_code failure = is_done ? std::error_code() : last_failure();
  close(descriptor);
  return failure;
}

}  // namespace

std::string unusable_database_name(const std::string& name) {
  struct stat found {};
  if (stat(name.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return folder_as_database;
  if (stat(name.c_str(), &found) == 0 && S_ISREG(found.st_mode) && found.st_nlink > 1)
    return fmt::format(
        "is one of {} names of a file (hard links), and SQLite keeps a log beside each, so that changes "
        "of one would undo those of another; remove the other names (find / -samefile), or go on with "
        "a copy of the file, made while nobody has it open",
        found.st_nlink);
#if defined(STATX_ATTR_MOUNT_ROOT)
  if (struct statx at{}; statx(AT_FDCWD, name.c_str(), 0, STATX_INO, &at) == 0 && S_ISREG(at.stx_mode) &&
                         (at.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0)
    return "is mounted alone, without its folder, where SQLite keeps the log of its changes; mount the folder";
#endif
  return {};
}

bool is_same_name(std::string_view a, std::string_view b) noexcept { return a == b; }
bool has_suffix(std::string_view name, std::string_view suffix) noexcept { return name.ends_with(suffix); }

FileIdentity identity_of_file(const std::string& name) noexcept {
  struct stat found {};
  return stat(name.c_str(), &found) == 0 ? identity_of(found) : FileIdentity();
}

std::optional<Exposure> exposure_of_file(const std::string& name) {
  return exposure(name, S_IRWXG | S_IRWXO, "chmod 600");
}

std::optional<Exposure> exposure_of_folder(const std::string& name) {
  return exposure(name, S_IWGRP | S_IWOTH, "chmod go-w");
}

SystemFile SystemFile::create(const std::string& name, std::error_code& failure) noexcept {
  // O_EXCL never opens an existing file, because closing it would release the locks that SQLite holds on it.
  const int made = ::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
  failure = made < 0 ? last_failure() : std::error_code();
  return SystemFile(made);
}

SystemFile SystemFile::open(const std::string& name) noexcept {
  return SystemFile(::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

SystemFile::~SystemFile() {
  if (is_open()) close(static_cast<int>(handle_));
}

bool SystemFile::lock([[maybe_unused]] Wait wait) noexcept {
#ifdef LOCK_EX
  return flock(static_cast<int>(handle_), wait == Wait::yes ? LOCK_EX : LOCK_EX | LOCK_NB) == 0;
#else
  return false;
#endif
}

bool SystemFile::is_named(const std::string& name) const noexcept {
  struct stat found {};
  return fstat(static_cast<int>(handle_), &found) == 0 && identity_of(found) == identity_of_file(name);
}

std::error_code make_durable(const std::string& name, std::optional<std::filesystem::perms> permissions) {
  if (!permissions) return sync(name, {});
  return sync(name, static_cast<mode_t>(*permissions & std::filesystem::perms::all));
}

std::error_code make_names_durable(const std::string& folder) { return sync(folder, {}); }

std::error_code rename_and_replace(const std::string& from, const std::string& to) noexcept {
  return std::rename(from.c_str(), to.c_str()) == 0 ? std::error_code() : last_failure();
}

std::error_code rename_without_replacing(const std::string& from, const std::string& to) noexcept {
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return last_failure();
#endif
  // link() fails if `to` exists. If it succeeds, the old name is removed.
  if (link(from.c_str(), to.c_str()) == 0) return unlink(from.c_str()) == 0 ? std::error_code() : last_failure();
  if (errno == EEXIST) return last_failure();
  // The file system has no hard links.
  if (access(to.c_str(), F_OK) == 0) return std::make_error_code(std::errc::file_exists);
  return rename_and_replace(from, to);
}

#elif defined(_WIN32)

namespace {

constexpr DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr DWORD lock_at = 0x7fffffff;  // high half of the offset: locks of Windows keep others from reading there

std::error_code failure_of(DWORD code) noexcept {
  switch (code) {
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS: return std::make_error_code(std::errc::file_exists);
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND: return std::make_error_code(std::errc::no_such_file_or_directory);
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION: return std::make_error_code(std::errc::permission_denied);
    case ERROR_DISK_FULL: return std::make_error_code(std::errc::no_space_on_device);
    default: return {static_cast<int>(code), std::system_category()};
  }
}
std::error_code last_failure() noexcept { return failure_of(GetLastError()); }

HANDLE as_handle(std::intptr_t handle) noexcept { return reinterpret_cast<HANDLE>(handle); }

struct Closing {
  void operator()(HANDLE handle) const noexcept { CloseHandle(handle); }
};
using Handle = std::unique_ptr<void, Closing>;
Handle taken(HANDLE handle) noexcept { return Handle(handle == INVALID_HANDLE_VALUE ? nullptr : handle); }

struct Freeing {
  void operator()(void* memory) const noexcept { LocalFree(memory); }
};
template <class T>
using Local = std::unique_ptr<T, Freeing>;

// The user of this process, as a security identifier within the buffer.
PSID current_user(std::vector<BYTE>& buffer) {
  HANDLE token = nullptr;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return nullptr;
  const Handle closing(token);
  DWORD size = 0;
  GetTokenInformation(token, TokenUser, nullptr, 0, &size);
  buffer.resize(size);
  if (size == 0 || !GetTokenInformation(token, TokenUser, buffer.data(), size, &size)) return nullptr;
  return reinterpret_cast<const TOKEN_USER*>(buffer.data())->User.Sid;
}

// Permissions for the user of this process and for nobody else; not those of the folder.
Local<void> own_permissions() {
  std::vector<BYTE> buffer;
  LPSTR user = nullptr;
  const PSID sid = current_user(buffer);
  if (!sid || !ConvertSidToStringSidA(sid, &user)) return {};
  const Local<char> freeing(user);
  PSECURITY_DESCRIPTOR out = nullptr;
  const std::string text = fmt::format("O:{0}D:P(A;;FA;;;{0})", user);
  if (!ConvertStringSecurityDescriptorToSecurityDescriptorA(text.c_str(), SDDL_REVISION_1, &out, nullptr)) return {};
  return Local<void>(out);
}

bool is_well_known(PSID sid, std::initializer_list<WELL_KNOWN_SID_TYPE> types) {
  for (const WELL_KNOWN_SID_TYPE type : types)
    if (IsWellKnownSid(sid, type)) return true;
  return false;
}

std::string shown(PSID sid) {
  LPSTR text = nullptr;
  if (!ConvertSidToStringSidA(sid, &text)) return "another user";
  const Local<char> freeing(text);
  return text;
}

// A permission of anybody but the owner, the system and its administrators. What cannot be read counts as open to all.
std::optional<Exposure> exposure(const std::string& name, DWORD rights) {
  const std::filesystem::path path = path_of(name);
  if (GetFileAttributesW(path.c_str()) == INVALID_FILE_ATTRIBUTES) return {};
  const std::string cure = fmt::format("icacls \"{}\" /inheritance:r /grant:r \"%USERNAME%:F\"", name);
  PSID owner = nullptr;
  PACL list = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (const DWORD code = GetNamedSecurityInfoW(const_cast<wchar_t*>(path.c_str()), SE_FILE_OBJECT,
                                               OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, nullptr,
                                               &list, nullptr, &descriptor))
    return Exposure{"its permissions cannot be read: " + failure_of(code).message(), cure};
  const Local<void> freeing(descriptor);
  if (!list) return Exposure{"it has no list of permissions, so all users have all of them", cure};
  for (DWORD i = 0; i < list->AceCount; ++i) {
    void* found = nullptr;
    if (!GetAce(list, i, &found)) return Exposure{"its permissions cannot be read", cure};
    const auto& entry = *static_cast<const ACCESS_ALLOWED_ACE*>(found);
    if (entry.Header.AceType == ACCESS_DENIED_ACE_TYPE || (entry.Header.AceFlags & INHERIT_ONLY_ACE) != 0) continue;
    if (entry.Header.AceType != ACCESS_ALLOWED_ACE_TYPE)
      return Exposure{"it has a permission of an unknown kind", cure};
    const PSID sid = const_cast<DWORD*>(&entry.SidStart);
    if ((entry.Mask & (rights | GENERIC_ALL)) == 0 || (owner && EqualSid(sid, owner)) ||
        is_well_known(sid,
                      {WinLocalSystemSid, WinBuiltinAdministratorsSid, WinCreatorOwnerSid, WinCreatorOwnerRightsSid}))
      continue;
    return Exposure{fmt::format("permissions {:x} of {}", entry.Mask, shown(sid)), cure};
  }
  return {};
}

FileIdentity identity_of(HANDLE file) noexcept {
  // The number has 128 bits. NTFS uses the lower half, ReFS both.
  if (FILE_ID_INFO found; GetFileInformationByHandleEx(file, FileIdInfo, &found, sizeof found)) {
    std::array<std::uint64_t, 2> number{};
    static_assert(sizeof number == sizeof found.FileId);
    std::memcpy(number.data(), &found.FileId, sizeof number);
    return {found.VolumeSerialNumber ^ number[1], number[0]};
  }
  BY_HANDLE_FILE_INFORMATION found{};
  if (!GetFileInformationByHandle(file, &found)) return {};
  return {found.dwVolumeSerialNumber, (std::uint64_t{found.nFileIndexHigh} << 32) | found.nFileIndexLow};
}

std::wstring wide(std::string_view name) { return path_of(name).wstring(); }

}  // namespace

std::string unusable_database_name(const std::string& name) {
  const std::filesystem::path path = path_of(name);
  const std::wstring text = path.wstring();
  if (text.starts_with(L"\\\\.\\")) return "is the name of a device; name a file";
  const bool is_literal = text.starts_with(L"\\\\?\\");  // a name that Windows takes as it stands
  const std::size_t drive = is_literal ? 5 : 1;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == L':' && i != drive) return "is the name of a stream within a file; name a file without `:`";
  if (WIN32_FIND_DATAW found; GetFileAttributesW(text.c_str()) != INVALID_FILE_ATTRIBUTES) {
    const HANDLE search = FindFirstFileW(text.c_str(), &found);
    if (search == INVALID_HANDLE_VALUE) return "cannot be looked at; check the permissions of its folder";
    FindClose(search);
    if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0) return folder_as_database;
    if ((found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 && found.dwReserved0 == IO_REPARSE_TAG_SYMLINK)
      return "is a link, and SQLite would look for the log beside it; name the file itself";
  }
  return {};
}

bool is_same_name(std::string_view a, std::string_view b) noexcept {
  try {
    const std::wstring left = wide(a), right = wide(b);
    return CompareStringOrdinal(left.data(), static_cast<int>(left.size()), right.data(),
                                static_cast<int>(right.size()), TRUE) == CSTR_EQUAL;
  } catch (const std::exception&) {
    return a == b;
  }
}

bool has_suffix(std::string_view name, std::string_view suffix) noexcept {
  return name.size() >= suffix.size() && is_same_name(name.substr(name.size() - suffix.size()), suffix);
}

FileIdentity identity_of_file(const std::string& name) noexcept {
  try {
    const Handle file = taken(CreateFileW(path_of(name).c_str(), FILE_READ_ATTRIBUTES, shared, nullptr, OPEN_EXISTING,
                                          FILE_FLAG_BACKUP_SEMANTICS, nullptr));
    return file ? identity_of(file.get()) : FileIdentity();
  } catch (const std::exception&) {
    return {};
  }
}

std::optional<Exposure> exposure_of_file(const std::string& name) {
  return exposure(name, FILE_READ_DATA | FILE_WRITE_DATA | FILE_APPEND_DATA | DELETE | WRITE_DAC | WRITE_OWNER |
                            GENERIC_READ | GENERIC_WRITE);
}

std::optional<Exposure> exposure_of_folder(const std::string& name) {
  return exposure(name, FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY | FILE_DELETE_CHILD | DELETE | WRITE_DAC | WRITE_OWNER |
                            GENERIC_WRITE);
}

SystemFile SystemFile::create(const std::string& name, std::error_code& failure) noexcept {
  try {
    const Local<void> permissions = own_permissions();
    if (!permissions) {
      failure = last_failure();
      return {};
    }
    SECURITY_ATTRIBUTES attributes{sizeof attributes, permissions.get(), FALSE};
    const HANDLE made = CreateFileW(path_of(name).c_str(), GENERIC_READ | GENERIC_WRITE, shared, &attributes,
                                    CREATE_NEW, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
    failure = made == INVALID_HANDLE_VALUE ? last_failure() : std::error_code();
    return SystemFile(reinterpret_cast<std::intptr_t>(made));
  } catch (const std::exception&) {
    failure = std::make_error_code(std::errc::not_enough_memory);
    return {};
  }
}

SystemFile SystemFile::open(const std::string& name) noexcept {
  try {
    Handle file = taken(CreateFileW(path_of(name).c_str(), GENERIC_READ, shared, nullptr, OPEN_EXISTING,
                                    FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
    BY_HANDLE_FILE_INFORMATION found{};
    if (!file || !GetFileInformationByHandle(file.get(), &found) ||
        (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
      return {};
    return SystemFile(reinterpret_cast<std::intptr_t>(file.release()));
  } catch (const std::exception&) {
    return {};
  }
}

SystemFile::~SystemFile() {
  if (is_open()) CloseHandle(as_handle(handle_));
}

bool SystemFile::lock(Wait wait) noexcept {
  OVERLAPPED place{};
  place.OffsetHigh = lock_at;
  const DWORD flags = LOCKFILE_EXCLUSIVE_LOCK | (wait == Wait::yes ? 0 : LOCKFILE_FAIL_IMMEDIATELY);
  return LockFileEx(as_handle(handle_), flags, 0, 1, 0, &place) != 0;
}

bool SystemFile::is_named(const std::string& name) const noexcept {
  const FileIdentity identity = identity_of(as_handle(handle_));
  return identity != FileIdentity() && identity == identity_of_file(name);
}

std::error_code make_durable(const std::string& name, std::optional<std::filesystem::perms>) {
  const Handle file = taken(CreateFileW(path_of(name).c_str(), GENERIC_READ | GENERIC_WRITE, shared, nullptr,
                                        OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr));
  return file && FlushFileBuffers(file.get()) ? std::error_code() : last_failure();
}

std::error_code make_names_durable(const std::string&) { return {}; }

namespace {

std::error_code move_file(const std::string& from, const std::string& to, DWORD flags) noexcept {
  try {
    return MoveFileExW(path_of(from).c_str(), path_of(to).c_str(), flags | MOVEFILE_WRITE_THROUGH) ? std::error_code()
                                                                                                   : last_failure();
  } catch (const std::exception&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
}

}  // namespace

std::error_code rename_and_replace(const std::string& from, const std::string& to) noexcept {
  return move_file(from, to, MOVEFILE_REPLACE_EXISTING);
}

std::error_code rename_without_replacing(const std::string& from, const std::string& to) noexcept {
  return move_file(from, to, 0);
}

#endif

}  // namespace struere
