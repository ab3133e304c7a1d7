#pragma once

#include <array>

#include <comir/core/abi.hpp>

namespace comir { inline namespace COMIR_ABI {

/// The names that make_method knows, and what they are for.
struct method_name {
    char const* name;
    char const* purpose;
};
/// Every method, in the order of the tool's help.
inline constexpr std::array<method_name, 7> method_names{{
    {"auto", "global search by correlation, in doubt also by mutual information, refined by alpha-AMD"},
    {"alpha_amd", "alpha-AMD from many starts: CoMIRs, displacements up to a quarter of the image"},
    {"sift", "SIFT and RANSAC: CoMIRs or images of one modality, any displacement"},
    {"sift+alpha_amd", "the same, refined by alpha-AMD"},
    {"mi", "mutual information from several starts: raw images, small displacements"},
    {"global", "global search by correlation alone, to about half a pixel"},
    {"global_mi", "global search by mutual information: raw images, any displacement"},
}};

}}  // namespace comir::COMIR_ABI
