#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "embedded_headers.hpp"

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this program is to be built without exceptions and RTTI"
#endif

namespace {

std::jmp_buf recovery;
char message[256];

void remember(char const* text) {
    std::strncpy(message, text, sizeof message - 1);
    std::longjmp(recovery, 1);
}

}  // namespace

int main() {
    comir::on_failure = remember;
    if (setjmp(recovery) == 0) {
        comir::fail("comir::embedded: told");
    }
    bool const told = std::strcmp(message, "comir::embedded: told") == 0;
    comir::extent2 const size{5, 3};
    comir::rigid2 const turn{{0.5, 1.0, 2.0}, size.centre()};
    auto const there = comir::map_corners(turn, size);
    bool const maps = comir::corner_error(there, size.corners()) > 1.0 && comir::corner_error(there, there) == 0.0;
    std::printf("%s, %s\n", told ? "the handler was told" : "the handler was not told", maps ? "maps" : "does not map");
    return told && maps ? 0 : 1;
}
