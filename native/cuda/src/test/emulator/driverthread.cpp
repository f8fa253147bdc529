// The driver's own thread, which calls the functions of cudaLaunchHostFunc: it is none of the program's threads, and
// may not call the device.
#include "context.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace emulator {

namespace {

thread_local bool isDriver = false;

class DriverThread {
public:
    DriverThread() { std::thread(&DriverThread::work, this).detach(); }

    void call(void (*function)(void*), void* argument) {
        std::unique_lock<std::mutex> lock(mutex_);
        function_ = function;
        argument_ = argument;
        changed_.notify_all();
        changed_.wait(lock, [this] { return function_ == nullptr; });
    }

private:
    void work() {
        isDriver = true;
        std::unique_lock<std::mutex> lock(mutex_);
        while (true) {
            changed_.wait(lock, [this] { return function_ != nullptr; });
            lock.unlock();
            function_(argument_);
            lock.lock();
            function_ = nullptr;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    void (*function_)(void*) = nullptr;
    void* argument_ = nullptr;
};

} // namespace

bool isDriverThread() { return isDriver; }

void callOnDriverThread(void (*function)(void*), void* argument) {
    static DriverThread& thread = *new DriverThread; // never destroyed: it works until the process ends
    thread.call(function, argument);
}

} // namespace emulator
