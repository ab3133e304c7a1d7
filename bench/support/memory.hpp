#pragma once

#include <sys/resource.h>

namespace bench {

/// Peak resident memory of this process so far, in MB. Only a run of a single benchmark says what that benchmark needs.
inline double peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace bench
