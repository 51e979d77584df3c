// concrete info: what this build and this machine offer.
#include "app/command.h"
#include "cuda/device.h"
#include "cuda/nvrtc.h"
#include "cuda/product_maker.h"
#include "gen/catalogue.h"
#include "gen/process.h"
#include "sim/file.h"
#include "sim/parallel.h"
#include "sim/version.h"

namespace concrete::app {

namespace {

/// Instruction sets that engines can use, those that this processor has.
std::vector<std::string> cpu_features() {
    std::vector<std::string> features;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const auto add = [&features](const char* name, int present) {
        if (present != 0) features.emplace_back(name);
    };
    add("sse4.1", __builtin_cpu_supports("sse4.1"));
    add("avx2", __builtin_cpu_supports("avx2"));
    add("fma", __builtin_cpu_supports("fma"));
    add("avx512f", __builtin_cpu_supports("avx512f"));
    add("avx512bw", __builtin_cpu_supports("avx512bw"));
    add("avx512vbmi", __builtin_cpu_supports("avx512vbmi"));
    add("avx512vnni", __builtin_cpu_supports("avx512vnni"));
#endif
    return features;
}

/// Version of each tool, null where it is absent.
Json tools() {
    Json versions;
    for (const char* tool : {"verilator", "g++", "yosys", "iverilog"}) {
        try {
            versions[tool] = gen::tool_version(tool);
        } catch (const MissingError&) {
            versions[tool] = nullptr;
        }
    }
    return versions;
}

/// The catalogue that names without a file refer to, or null.
Json catalogue() {
    try {
        return gen::default_catalogue_path().string();
    } catch (const Error&) {
        return nullptr;
    }
}

/// Version of the compiler that netlists need on GPUs, null where it is absent.
Json nvrtc() {
    try {
        return cuda::nvrtc_version();
    } catch (const MissingError&) {
        return nullptr;
    }
}

Json cuda_info() {
    Json cuda;
    const cuda::DeviceList list = cuda::list_devices();
    cuda["built"] = cuda::is_built();
    if (cuda::is_built()) cuda["runtime"] = cuda::runtime_version();
    if (!cuda::driver_version().empty()) cuda["driver"] = cuda::driver_version();
    cuda["nvrtc"] = nvrtc();
    cuda["engines"] = Json::array();
    for (const sim::Engine engine : cuda::device_engines()) cuda["engines"].push_back(to_string(engine));
    cuda["devices"] = Json::array();
    for (const cuda::Device& device : list.devices) {
        cuda["devices"].push_back(
            {{"index", device.index},
             {"name", device.name},
             {"memory_bytes", device.memory_bytes},
             {"compute_capability", fmt::format("{}.{}", device.compute_major, device.compute_minor)}});
    }
    if (list.devices.empty()) cuda["reason"] = list.reason;
    return cuda;
}

class Info : public Command {
  public:
    std::string name() const override { return "info"; }
    std::string summary() const override { return "print what this build and this machine offer"; }
    std::string example() const override {
        return "$ concrete info\n"
               "version    0.1.0, built with g++ 12.2.0\n"
               "processor  2 threads; sse4.1 avx2 fma\n"
               "tools      verilator 5.006, g++ 12.2.0, yosys 0.23, iverilog 11.0\n"
               "catalogue  /usr/local/share/concrete/rtl/catalogue.yaml\n"
               "cache      /home/ada/.cache/concrete\n"
               "cuda       none: this build has no CUDA back end\n";
    }
    void declare(CLI::App&) override {}

    ExitCode run(Context& context) override {
        Json& result = context.result;
        result["compiler"] = compiler();
        result["threads"] = sim::default_threads();
        result["cpu_features"] = cpu_features();
        result["tools"] = tools();
        result["catalogue"] = catalogue();
        result["cache_folder"] = cache_folder().string();
        result["cuda"] = cuda_info();
        print(context);
        return ExitCode::done;
    }

  private:
    static std::string compiler() {
#if defined(__clang__)
        return "clang++ " __clang_version__;
#else
        return "g++ " __VERSION__;
#endif
    }

    static void print(Context& context) {
        const Json& result = context.result;
        context.print("version    {}, built with {}\n", version(), result["compiler"].get<std::string>());
        context.print("processor  {} threads; {}\n", result["threads"].get<int>(),
                      fmt::join(result["cpu_features"].get<std::vector<std::string>>(), " "));
        std::string found;
        for (const auto& [tool, tool_version] : result["tools"].items()) {
            const std::string text = tool_version.is_null() ? "absent" : tool_version.get<std::string>();
            found += (found.empty() ? "" : ", ") + tool + " " + text;
        }
        context.print("tools      {}\n", found);
        context.print("catalogue  {}\n", result["catalogue"].is_null() ? "not found; give one to gen with --catalogue"
                                                                       : result["catalogue"].get<std::string>());
        context.print("cache      {}\n", result["cache_folder"].get<std::string>());
        const Json& cuda = result["cuda"];
        if (cuda["devices"].empty()) context.print("cuda       none: {}\n", cuda["reason"].get<std::string>());
        for (const Json& device : cuda["devices"]) {
            context.print("cuda       device {}: {}, {} GiB, compute capability {}\n", device["index"].get<int>(),
                          device["name"].get<std::string>(), device["memory_bytes"].get<uint64_t>() >> 30,
                          device["compute_capability"].get<std::string>());
        }
        if (!cuda["devices"].empty()) {
            context.print("           driver for CUDA {}, runtime {}; engines {}{}\n",
                          cuda["driver"].get<std::string>(), cuda["runtime"].get<std::string>(),
                          fmt::join(cuda["engines"].get<std::vector<std::string>>(), " "),
                          cuda["nvrtc"].is_null() ? " (netlist needs NVRTC, which is absent)" : "");
        }
    }
};

}  // namespace

std::unique_ptr<Command> make_info() {
    return std::make_unique<Info>();
}

}  // namespace concrete::app
