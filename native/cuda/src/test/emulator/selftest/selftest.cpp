// selftest CASE: whether the emulator does what a device does, or sees the mistake that the case makes.
#include <cuda.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#define CHECK(condition)                                                                                               \
    if (!(condition)) {                                                                                                \
        std::printf("FAILED %s:%d: %s\n", __FILE__, __LINE__, #condition);                                             \
        std::exit(1);                                                                                                  \
    }

static CUmodule module;

template <typename... A>
int launch(const char* name, dim3 grid, dim3 block, unsigned sharedBytes, A... arguments) {
    CUfunction function;
    CHECK(cuModuleGetFunction(&function, module, name) == 0);
    void* parameters[] = {&arguments..., nullptr};
    return cuLaunchKernel(function, grid.x, grid.y, grid.z, block.x, block.y, block.z, sharedBytes, nullptr, parameters,
                          nullptr);
}

template <typename T>
T* device(const std::vector<T>& values) {
    void* start;
    CHECK(cudaMalloc(&start, values.size() * sizeof(T)) == 0);
    CHECK(cudaMemcpy(start, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice) == 0);
    return static_cast<T*>(start);
}

template <typename T>
std::vector<T> host(const T* start, std::size_t count) {
    std::vector<T> values(count);
    CHECK(cudaMemcpy(values.data(), start, count * sizeof(T), cudaMemcpyDeviceToHost) == 0);
    return values;
}

template <typename T>
void multiply(const char* kernel) {
    std::vector<T> a(16 * 16), b(16 * 8);
    for (std::size_t i = 0; i < a.size(); i++) {
        a[i] = T(static_cast<float>(static_cast<int>(i * 7 % 31) - 15));
    }
    for (std::size_t i = 0; i < b.size(); i++) {
        b[i] = T(static_cast<float>(static_cast<int>(i * 11 % 29) - 14));
    }
    float* out = device(std::vector<float>(16 * 8));
    CHECK(launch(kernel, 1, 32, 0, device(a), device(b), out) == 0);
    std::vector<float> got = host(out, 16 * 8);
    for (int i = 0; i < 16; i++) {
        for (int j = 0; j < 8; j++) {
            float sum = 0;
            for (int k = 0; k < 16; k++) {
                sum += static_cast<float>(a[i * 16 + k]) * static_cast<float>(b[k * 8 + j]);
            }
            CHECK(got[i * 8 + j] == sum); // small whole numbers: exact
        }
    }
}

static void shuffles() {
    for (int count : {32, 20}) {
        int* out = device(std::vector<int>(32 * 5, 7));
        CHECK(launch("shuffles", 1, 32, 0, out, count) == 0);
        std::vector<int> got = host(out, 32 * 5);
        for (int lane = 0; lane < 32; lane++) {
            const int* mine = &got[lane * 5];
            if (lane >= count) {
                CHECK(mine[0] == 7 && mine[4] == 7);
                continue;
            }
            CHECK(mine[0] == lane / 4 * 16 + 6);
            CHECK(mine[1] == (lane / 8 * 8 + 1 < count ? lane / 8 * 8 + 1 : -1));
            CHECK(mine[2] == (lane + 3 > 31 ? lane : lane + 3 < count ? lane + 3 : -1));
            CHECK(mine[3] == (lane % 16 < 3 ? lane : lane - 3));
            CHECK(mine[4] == (count + 2) / 3);
        }
    }
}

static std::vector<float> reversed(const char* kernel) {
    std::vector<float> values(256);
    for (int i = 0; i < 256; i++) {
        values[i] = i;
    }
    float* x = device(values);
    CHECK(launch(kernel, 1, {32, 8}, 1024, x) == 0);
    return host(x, 256);
}

static int errorOf(int launched) {
    return launched != 0 ? launched : cudaDeviceSynchronize();
}

static void streams() {
    cudaStream_t stream, other;
    cudaEvent_t event;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == 0);
    CHECK(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == 0);
    CHECK(cudaEventCreateWithFlags(&event, cudaEventDisableTiming) == 0);
    void* pinned;
    CHECK(cudaHostAlloc(&pinned, 4, 0) == 0);
    int* number = static_cast<int*>(pinned);
    int* there = device(std::vector<int>{1});
    // Work waits for a synchronizing call, across streams through the event.
    CHECK(cudaMemsetAsync(there, 0, 4, stream) == 0);
    CHECK(cudaEventRecord(event, stream) == 0);
    CHECK(cudaStreamWaitEvent(other, event, 0) == 0);
    CHECK(cudaMemcpyAsync(number, there, 4, cudaMemcpyDeviceToHost, other) == 0);
    CHECK(host(there, 1)[0] == 1); // the null stream does not wait for non-blocking ones
    CHECK(*number == -1);
    CHECK(cudaStreamQuery(other) == cudaErrorNotReady && cudaStreamQuery(other) == 0);
    CHECK(*number == 0);
    // A capture in two streams.
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == 0);
    CHECK(cudaEventRecord(event, stream) == 0 && cudaStreamWaitEvent(other, event, 0) == 0);
    CHECK(cudaMemsetAsync(there, 1, 4, other) == 0);
    CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureUnjoined);
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == 0);
    CHECK(cudaEventRecord(event, stream) == 0 && cudaStreamWaitEvent(other, event, 0) == 0);
    CHECK(cudaMemsetAsync(there, 1, 4, other) == 0);
    CHECK(cudaEventRecord(event, other) == 0 && cudaStreamWaitEvent(stream, event, 0) == 0);
    CHECK(cudaMemcpyAsync(number, there, 4, cudaMemcpyDeviceToHost, stream) == 0);
    CHECK(cudaStreamEndCapture(stream, &graph) == 0);
    CHECK(cudaGraphInstantiate(&executable, graph, 0) == 0 && cudaGraphDestroy(graph) == 0);
    CHECK(cudaGraphLaunch(executable, stream) == 0 && *number == 0);
    CHECK(cudaStreamSynchronize(stream) == 0 && *number == 0x01010101);
    CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal) == 0);
    CHECK(cudaStreamSynchronize(stream) == cudaErrorStreamCaptureUnsupported);
    CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated);
    CHECK(cudaStreamSynchronize(stream) == 0);
}

int main(int count, char** arguments) {
    float* x;
    const std::map<std::string, std::function<void()>> cases = {
        {"mma_f16", [] { multiply<__half>("multiply_f16"); }},
        {"mma_bf16", [] { multiply<__nv_bfloat16>("multiply_bf16"); }},
        {"shuffles", shuffles},
        {"barrier",
         [] {
             std::vector<float> got = reversed("reverse_waiting");
             for (int i = 0; i < 256; i++) {
                 CHECK(got[i] == 255 - i);
             }
         }},
        {"missing_barrier",
         [] {
             int unset = 0;
             for (float value : reversed("reverse_too_early")) {
                 unset += std::isnan(value);
             }
             CHECK(unset >= 32);
         }},
        {"streams", streams},
        {"launch_bounds",
         [] {
             int* out = device(std::vector<int>(65));
             CHECK(launch("bounded", 1, 64, 0, out) == 0 && launch("bounded", 1, 65, 0, out) == 1);
             CHECK(launch("bounded", {1, 65536}, 64, 0, out) == 1 && launch("bounded", 0, 64, 0, out) == 1);
         }},
        {"missing_wait",
         [&] {
             x = device(std::vector<float>(8, 1));
             CHECK(launch("copy_too_early", 1, 1, 0, x, x + 4) == 0 && std::isnan(host(x + 4, 1)[0]));
         }},
        {"deadlock",
         [] { CHECK(errorOf(launch("lanes_that_never_meet", 1, 32, 0, device(std::vector<int>(1)))) == 719); }},
        {"two_barriers", [] { CHECK(errorOf(launch("two_barriers", 1, {32, 2}, 0)) == 719); }},
        {"misaligned",
         [&] {
             x = device(std::vector<float>(8));
             CHECK(launch("misaligned", 1, 1, 0, x, x) == 716);
         }},
        {"read_beyond",
         [&] {
             x = device(std::vector<float>(100));
             CHECK(launch("read_at", 1, 1, 0, x, 128, x) == 700 && cudaGetLastError() == 700);
         }},
        {"read_just_beyond",
         [&] {
             x = device(std::vector<float>(100));
             CHECK(launch("read_at", 1, 1, 0, x, 100, x) == 0 && std::isnan(host(x, 1)[0]));
         }},
        {"write_just_beyond",
         [&] { CHECK(errorOf(launch("write_at", 1, 1, 0, device(std::vector<float>(100)), 100)) == 700); }},
        {"write_just_before",
         [&] { CHECK(errorOf(launch("write_at", 1, 1, 0, device(std::vector<float>(100)), -1)) == 700); }},
        {"use_after_free",
         [&] {
             x = device(std::vector<float>(100));
             CHECK(cudaFree(x) == 0 && launch("write_at", 1, 1, 0, x, 0) == 700);
         }},
        {"host_pointer",
         [&] {
             float here;
             CHECK(launch("write_at", 1, 1, 0, &here, 0) == 700);
         }},
        {"beyond_array", [&] { CHECK(launch("beyond_array", 1, 1, 0, 4, device(std::vector<float>(1))) == 700); }},
        {"beyond_shared", [&] { CHECK(launch("beyond_shared", 1, 1, 16) == 700); }},
    };
    if (count < 2) {
        for (const auto& entry : cases) {
            std::printf("%s\n", entry.first.c_str());
        }
        return 0;
    }
    CHECK(cudaSetDevice(0) == 0 && cuInit(0) == 0 && cuModuleLoadData(&module, "") == 0);
    cases.at(arguments[1])();
    std::printf("ok %s\n", arguments[1]);
    return 0;
}
