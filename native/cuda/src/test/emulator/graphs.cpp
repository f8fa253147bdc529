// libcudart: captured graphs.
#include "runtime.hpp"

#include <set>

using namespace emulator;

namespace {

using Operations = std::shared_ptr<const std::vector<Operation>>;

struct Executable {
    Operations operations;
};

std::set<void*>& graphs() {
    static auto* set = new std::set<void*>;
    return *set;
}

std::set<void*>& executables() {
    static auto* set = new std::set<void*>;
    return *set;
}

} // namespace

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    return answer(beginCapture(stream, static_cast<CaptureMode>(mode)));
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    std::unique_ptr<Graph> captured;
    int error = endCapture(stream, captured);
    *graph = nullptr;
    if (error == 0) {
        graphs().insert(captured.get());
        *graph = reinterpret_cast<cudaGraph_t>(captured.release());
    }
    return answer(error);
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    *status = static_cast<cudaStreamCaptureStatus>(captureStatus(stream));
    return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
    ENTER
    NEED(graphs().count(graph) != 0, cudaErrorInvalidValue);
    NEED(nodes == nullptr, cudaErrorNotSupported); // only their number is known
    *count = reinterpret_cast<Graph*>(graph)->operations.size();
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
    ENTER
    NEED(executable != nullptr && graphs().count(graph) != 0, cudaErrorInvalidValue);
    auto* made = new Executable{
        std::make_shared<const std::vector<Operation>>(reinterpret_cast<Graph*>(graph)->operations)};
    executables().insert(made);
    *executable = reinterpret_cast<cudaGraphExec_t>(made);
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags) {
    return cudaGraphInstantiate(executable, graph, flags);
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    NEED(executables().count(executable) != 0, cudaErrorInvalidValue);
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    ENTER
    NEED(isStream(stream), cudaErrorInvalidResourceHandle);
    NEED(executables().count(executable) != 0, cudaErrorInvalidValue);
    Operations operations = reinterpret_cast<Executable*>(executable)->operations;
    return answer(submit(stream, {"graph", [operations] {
                                                        for (const Operation& operation : *operations) {
                                                            if (stickyError() == 0) {
                                                                operation.run();
                                                            }
                                                        }
                                                    }}));
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    ENTER
    NEED(executables().erase(executable) != 0, cudaErrorInvalidValue);
    delete reinterpret_cast<Executable*>(executable);
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    ENTER
    NEED(graphs().erase(graph) != 0, cudaErrorInvalidValue);
    delete reinterpret_cast<Graph*>(graph);
    return cudaSuccess;
}

} // extern "C"
