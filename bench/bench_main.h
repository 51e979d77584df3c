#pragma once

#include <benchmark/benchmark.h>
#include <cstdio>
#include <exception>

#include "sim/error.h"

namespace concrete::bench {

/// Google Benchmark's own arguments, after the program's are taken. Throws: UsageError for others. Args: usage: of the
/// program, printed with --help.
template <const char* kUsageText>
void initialize(int argc, char** argv) {
    benchmark::Initialize(&argc, argv, [] {
        std::fputs(kUsageText, stdout);
        benchmark::PrintDefaultHelp();
    });
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) throw UsageError(kUsageText);
}

/// What main() returns: run(), or the exit code of the error that ended it, whose sentence is printed after `name`.
template <typename Run>
int bench_main(const char* name, const Run& run) {
    try {
        return run();
    } catch (const Error& error) {
        std::fprintf(stderr, "%s: %s\n", name, error.what());
        return static_cast<int>(error.code());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", name, error.what());
        return static_cast<int>(ExitCode::bad_input);
    }
}

}  // namespace concrete::bench
