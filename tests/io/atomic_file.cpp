#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include <comir/image/image.hpp>
#include <comir/io/atomic_file.hpp>
#include <comir/io/image_file.hpp>
#include <comir/io/safetensors.hpp>

#include "support/temporary_folder.hpp"

namespace {

std::size_t count_files(std::filesystem::path const& folder) {
    std::size_t count = 0;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
        count += entry.exists() ? 1 : 0;
    return count;
}

/// Lets no file grow beyond so many bytes, as a full disk would; undone by the destructor.
class file_size_limit {
public:
    explicit file_size_limit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &former_);
        rlimit const limit{bytes, former_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~file_size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &former_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    void (*handler_)(int);
    rlimit former_{};
};

}  // namespace

TEST_CASE("atomic_file: the file appears at commit, and replaces the former one at once") {
    temporary_folder const folder;
    auto const path = folder.file("a.txt", "old");
    {
        comir::atomic_file file("test", path);
        file.write(std::as_bytes(std::span("new", 3)));
        CHECK(read_all(path) == "old");
        file.commit();
        CHECK(read_all(path) == "new");
    }
    CHECK(read_all(path) == "new");
    CHECK(count_files(folder.path()) == 1);
}

TEST_CASE("atomic_file: without commit nothing is left and the former file stays") {
    temporary_folder const folder;
    auto const path = folder.file("a.txt", "old");
    {
        comir::atomic_file file("test", path);
        file.write(std::as_bytes(std::span("new", 3)));
        CHECK(count_files(folder.path()) == 2);
    }
    CHECK(read_all(path) == "old");
    CHECK(count_files(folder.path()) == 1);
}

TEST_CASE("atomic_file: a folder that is missing is named with the reason") {
    temporary_folder const folder;
    auto const path = folder / "none" / "a.txt";
    CHECK_THROWS_WITH_AS(comir::write_file("who", path, "text"),
                         ("who: " + path.string() + ": cannot create a file in " + path.parent_path().string() +
                          ": No such file or directory")
                             .c_str(),
                         comir::error);
}

TEST_CASE("atomic_file: a folder that is read-only is named with the reason") {
    if (::geteuid() == 0)
        return;  // the superuser may write everywhere
    temporary_folder const folder;
    std::filesystem::permissions(folder.path(),
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
    CHECK_THROWS_WITH_AS(comir::write_file("who", folder / "a.txt", "text"), doctest::Contains("Permission denied"),
                         comir::error);
    std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
}

TEST_CASE("atomic_file: a full disk is an error with the reason, nothing is left, the former file stays") {
    temporary_folder const folder;
    auto const path = folder.file("a.txt", "old");
    std::string reason;
    {
        file_size_limit const limit(1000);
        try {
            comir::write_file("who", path, std::string(5000, 'x'));
        } catch (comir::error const& problem) {
            reason = problem.what();
        }
    }
    CHECK(reason == "who: " + path.string() + ": cannot write: File too large");
    CHECK(read_all(path) == "old");
    CHECK(count_files(folder.path()) == 1);
}

TEST_CASE("write_image, write_safetensors: a full disk is told in the system's words, and nothing is left") {
    temporary_folder const folder;
    comir::image<std::uint16_t> noise({3, 50, 60});
    std::uint16_t state = 1;
    for (std::uint16_t& value : noise.values())
        value = state = static_cast<std::uint16_t>(state * 25173u + 13849u);
    auto const refused = [&](auto const& action) {
        std::string reason;
        {
            file_size_limit const limit(10000);
            try {
                action();
            } catch (comir::error const& problem) {
                reason = problem.what();
            }
        }
        CHECK(reason.find(": cannot write: File too large") != std::string::npos);
        CHECK(count_files(folder.path()) == 0);
    };
    refused([&] { comir::write_image(folder / "a.png", noise); });
    refused([&] { comir::write_image(folder / "a.tif", noise); });
    refused([&] { comir::write_image(folder / "b.tif", comir::image<float>({1, 50, 60})); });
    refused(
        [&] { comir::write_safetensors(folder / "a", {comir::make_safetensors_entry("a", {9000}, noise.values())}); });
}

TEST_CASE("atomic_file: devices and folders are not replaced") {
    temporary_folder const folder;
    CHECK_THROWS_WITH_AS(comir::write_file("who", "/dev/null", "text"),
                         "who: /dev/null: cannot write: not a regular file", comir::error);
    CHECK_THROWS_AS(comir::write_file("who", folder.path(), "text"), comir::error);
    CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("atomic_file: links are followed and permissions kept; a name without a folder works") {
    temporary_folder const folder;
    auto const path = folder.file("real.txt", "old");
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::filesystem::create_symlink("real.txt", folder / "link.txt");
    comir::write_file("who", folder / "link.txt", "new");
    CHECK(std::filesystem::is_symlink(folder / "link.txt"));
    CHECK(read_all(path) == "new");
    CHECK(std::filesystem::status(path).permissions() ==
          (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
    auto const former = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    comir::write_file("who", "plain.txt", "here");
    std::filesystem::current_path(former);
    CHECK(read_all(folder / "plain.txt") == "here");
}
