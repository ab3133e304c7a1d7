#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <comir/evaluation/registration_record.hpp>

/// The folder of many registrations: a record for each pair in rows/, what was written for those accepted in
/// transforms/, images/ and overlays/, the same for doubtful ones in doubtful/, and table.csv. A record is written when
/// all else of its pair is, so that a run that is killed leaves nothing half done.
class batch_folder {
public:
    /// Makes the folder where it is missing, takes it for this program alone, and removes what a killed run left.
    /// Raises comir::error if it cannot be written to, or if another program works in it.
    explicit batch_folder(std::filesystem::path root);
    ~batch_folder();
    batch_folder(batch_folder const&) = delete;
    batch_folder& operator=(batch_folder const&) = delete;

    /// What is known of a pair from an earlier run.
    std::optional<comir::registration_record> record_of(std::string const& pair) const;
    /// Whether an earlier run ended while it worked on the pair.
    bool was_begun(std::string const& pair) const;
    /// Removes all of the pair, and notes that it is worked on.
    void begin(std::string const& pair) const;
    /// Where to write a file of the pair; its folder is made. `what` is transforms, images, overlays or neighbours.
    std::filesystem::path file(comir::registration_status status, std::string const& what,
                               std::string const& name) const;
    /// The same path as records have it.
    std::string relative(std::filesystem::path const& file) const;
    /// Writes the record, after all other files of its pair.
    void finish(comir::registration_record const& record) const;
    void write_table(std::vector<comir::registration_record> const& records) const;
    std::filesystem::path table() const { return root_ / "table.csv"; }
    /// Whether all files of a record are there.
    bool has_files(comir::registration_record const& record) const;
    /// Raises comir::error if an input lies where results are written, and could be overwritten.
    void check_no_result(std::filesystem::path const& input) const;

private:
    std::filesystem::path root_;
    int lock_ = -1;
};

/// The name, size and time of a file, which change with its content; "missing" if there is none, "none" without a path.
std::string state_of_file(std::filesystem::path const& path);
