// What ends a kernel: its own errors, those of the processor, and those that g++'s checks find.
#include "scheduler.hpp"

#include <signal.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace emulator {

namespace {

constexpr int MISALIGNED = 716; // cudaErrorMisalignedAddress

struct sigaction previousSegv, previousBus;

// A fault of the running kernel ends the kernel; all others are the host program's own business (a JVM uses them).
void onSignal(int signal, siginfo_t* info, void* context) {
    if (running != nullptr && executingThread == std::this_thread::get_id()) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, signal);
        pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
        kernelFault(ILLEGAL_ADDRESS, "illegal access to %s", describe(info->si_addr).c_str());
    }
    struct sigaction& previous = signal == SIGSEGV ? previousSegv : previousBus;
    if ((previous.sa_flags & SA_SIGINFO) != 0 && previous.sa_sigaction != nullptr) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else {
        sigaction(signal, &previous, nullptr);
    }
}

} // namespace

void installSignalHandlers() {
    struct sigaction action{};
    action.sa_sigaction = onSignal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previousSegv);
    sigaction(SIGBUS, &action, &previousBus);
}

void kernelFault(int code, const char* format, ...) {
    char text[600];
    std::va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fault(code, "kernel %s, block (%u,%u,%u), thread (%u,%u,%u): %s", block.kernel->name, here.block.x, here.block.y,
          here.block.z, here.thread.x, here.thread.y, here.thread.z, text);
    block.failed = true;
    Fiber& me = *running;
    running = nullptr;
    emulator_switch(&me.stackPointer, schedulerStack); // not resumed
    std::abort();
}

// ---- checks that g++ -fsanitize=alignment,bounds compiles into the kernels

namespace {

struct SourceLocation {
    const char* file;
    std::uint32_t line, column;

    const char* name() const {
        const char* slash = std::strrchr(file, '/');
        return slash == nullptr ? file : slash + 1;
    }
};

} // namespace

} // namespace emulator

extern "C" {

[[noreturn]] void __ubsan_handle_type_mismatch_v1_abort(const emulator::SourceLocation* at, void* address) {
    emulator::kernelFault(emulator::MISALIGNED, "misaligned access to %p at %s:%u", address, at->name(), at->line);
}

[[noreturn]] void __ubsan_handle_out_of_bounds_abort(const emulator::SourceLocation* at, void* index) {
    emulator::kernelFault(emulator::ILLEGAL_ADDRESS, "index %td out of bounds at %s:%u",
                          reinterpret_cast<std::ptrdiff_t>(index), at->name(), at->line);
}

}
