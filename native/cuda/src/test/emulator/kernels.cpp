// The kernels, compiled for the host, and the table by which their names find them.
#include "kernels.cu"

#include <type_traits>
#include <unordered_map>

namespace emulator {

namespace {

// Of __launch_bounds__(maxThreadsPerBlock, ...); without it 1024.
constexpr int bound(int maxThreadsPerBlock = 1024, int = 0, int = 0) { return maxThreadsPerBlock; }

template <typename... A, std::size_t... I>
Kernel makeKernel(const char* name, void (*function)(A...), int maxThreads, std::index_sequence<I...>) {
    Kernel kernel;
    kernel.name = name;
    kernel.maxThreadsPerBlock = maxThreads;
    kernel.parameterBytes = {sizeof(A)...};
    kernel.parameterIsPointer = {std::is_pointer<A>::value...};
    kernel.call = [function](void** parameters) { function(*static_cast<A*>(parameters[I])...); };
    return kernel;
}

template <typename... A>
Kernel makeKernel(const char* name, void (*function)(A...), int maxThreads) {
    return makeKernel(name, function, maxThreads, std::index_sequence_for<A...>());
}

} // namespace

Kernel* findKernel(const std::string& name) {
    static auto* table = [] {
        auto* kernels = new std::unordered_map<std::string, Kernel>;
#define HOST_KERNEL(name, maxThreads) kernels->emplace(#name, makeKernel(#name, &::name, maxThreads));
#include "kernels.inc" // made by list-kernels.sh
#undef HOST_KERNEL
        return kernels;
    }();
    auto found = table->find(name);
    return found == table->end() ? nullptr : &found->second;
}

int computeCapability() {
    static const int value = std::stoi(setting("CLIP4J_EMULATOR_CAPABILITY", "80"));
    return value;
}

} // namespace emulator
