// Streams, events and captured graphs. Work waits in its stream's queue until a call synchronizes with it, so that a
// program that forgets to wait, or that reuses pinned memory too early, computes something visibly wrong.
// CLIP4J_EMULATOR_STREAMS=eager runs work at once instead.
#include "device.hpp"

#include <chrono>
#include <deque>
#include <set>
#include <thread>

namespace emulator {

namespace {

// cudaError_t values, driver_types.h
constexpr int INVALID_HANDLE = 400;
constexpr int ILLEGAL_STATE = 401;
constexpr int NOT_READY = 600;
constexpr int CAPTURE_UNSUPPORTED = 900;
constexpr int CAPTURE_INVALIDATED = 901;
constexpr int CAPTURE_UNMATCHED = 903;
constexpr int CAPTURE_UNJOINED = 904;
constexpr int CAPTURE_ISOLATION = 905;
constexpr int CAPTURE_WRONG_THREAD = 908;
constexpr int CAPTURED_EVENT = 907;

constexpr std::size_t QUEUE_LIMIT = 1024; // a launch blocks when a real queue is full, at about as many

const void* const LEGACY = reinterpret_cast<void*>(1);
const void* const PER_THREAD = reinterpret_cast<void*>(2);

struct Capture {
    Stream* origin;
    CaptureMode mode;
    std::thread::id thread;
    std::unique_ptr<Graph> graph = std::make_unique<Graph>();
    std::set<Stream*> unjoined; // streams with work that no event has brought back
    std::set<Stream*> members;
    bool invalid = false;
};

// What an event was last recorded as.
struct Record {
    Stream* stream; // null: already done
    std::shared_ptr<Capture> capture;
    bool done = false;
    std::chrono::steady_clock::time_point time{};
};

} // namespace

struct Stream {
    bool blocking;
    std::deque<Operation> queue;
    std::shared_ptr<Capture> capture;
};

struct Event {
    bool timing;
    std::shared_ptr<Record> record;
};

namespace {

std::set<Stream*>& streams() {
    static auto* set = new std::set<Stream*>;
    return *set;
}

std::set<Event*>& events() {
    static auto* set = new std::set<Event*>;
    return *set;
}

std::set<std::shared_ptr<Capture>>& captures() {
    static auto* set = new std::set<std::shared_ptr<Capture>>;
    return *set;
}

bool isNull(const void* handle) { return handle == nullptr || handle == LEGACY || handle == PER_THREAD; }

bool eager() {
    static const bool value = setting("CLIP4J_EMULATOR_STREAMS", "deferred") == "eager";
    return value;
}

void runNext(Stream& stream) {
    Operation next = std::move(stream.queue.front());
    stream.queue.pop_front();
    if (stickyError() == 0) { // after an error a real device runs nothing more
        next.run();
    }
}

void drain(Stream& stream) {
    while (!stream.queue.empty()) {
        runNext(stream);
    }
}

void finish(Record& record) {
    while (!record.done && record.stream != nullptr && !record.stream->queue.empty()) {
        runNext(*record.stream);
    }
    record.done = true;
}

int useCapture(Stream& stream) {
    return stream.capture->invalid ? CAPTURE_INVALIDATED : 0;
}

} // namespace

Stream* createStream(bool blocking) {
    auto* stream = new Stream{blocking, {}, nullptr};
    streams().insert(stream);
    return stream;
}

void destroyStream(Stream* stream) {
    drain(*stream);
    if (stream->capture) {
        stream->capture->invalid = true;
        stream->capture->members.erase(stream);
        stream->capture->unjoined.erase(stream);
    }
    streams().erase(stream);
    delete stream;
}

bool isStream(const void* handle) {
    return isNull(handle) || streams().count(static_cast<Stream*>(const_cast<void*>(handle))) != 0;
}

int submit(void* handle, Operation operation) {
    if (isNull(handle)) {
        for (const auto& capture : captures()) {
            if (capture->origin->blocking) { // cudaErrorStreamCaptureImplicit
                capture->invalid = true;
                return 906;
            }
        }
        synchronizeBlockingStreams();
        operation.run();
        return stickyError();
    }
    auto& stream = *static_cast<Stream*>(handle);
    if (stream.capture) {
        if (int error = useCapture(stream)) {
            return error;
        }
        stream.capture->graph->operations.push_back(std::move(operation));
        if (&stream != stream.capture->origin) {
            stream.capture->unjoined.insert(&stream);
        }
        return 0;
    }
    stream.queue.push_back(std::move(operation));
    if (eager() || stream.queue.size() > QUEUE_LIMIT) {
        drain(stream);
    }
    return stickyError();
}

int synchronize(void* handle) {
    if (isNull(handle)) {
        if (int error = forbidInCapture()) {
            return error;
        }
        synchronizeBlockingStreams();
        return stickyError();
    }
    auto& stream = *static_cast<Stream*>(handle);
    if (stream.capture) {
        stream.capture->invalid = true;
        return CAPTURE_UNSUPPORTED;
    }
    drain(stream);
    return stickyError();
}

void synchronizeDevice() {
    for (Stream* stream : streams()) {
        drain(*stream);
    }
}

void synchronizeBlockingStreams() {
    for (Stream* stream : streams()) {
        if (stream->blocking) {
            drain(*stream);
        }
    }
}

// The first question after work was queued is answered "not ready", and the work is done then.
int queryStream(void* handle) {
    if (isNull(handle)) {
        synchronizeBlockingStreams();
        return stickyError();
    }
    auto& stream = *static_cast<Stream*>(handle);
    if (stream.capture) {
        stream.capture->invalid = true;
        return CAPTURE_UNSUPPORTED;
    }
    if (stream.queue.empty()) {
        return stickyError();
    }
    drain(stream);
    return stickyError() != 0 ? stickyError() : NOT_READY;
}

Event* createEvent(bool timing) {
    auto* event = new Event{timing, nullptr};
    events().insert(event);
    return event;
}

void destroyEvent(Event* event) {
    events().erase(event);
    delete event;
}

bool isEvent(const void* handle) { return events().count(static_cast<Event*>(const_cast<void*>(handle))) != 0; }

int recordEvent(Event* event, void* handle) {
    auto record = std::make_shared<Record>();
    record->stream = isNull(handle) ? nullptr : static_cast<Stream*>(handle);
    if (record->stream != nullptr && record->stream->capture) {
        if (int error = useCapture(*record->stream)) {
            return error;
        }
        record->capture = record->stream->capture;
        event->record = record;
        return 0;
    }
    event->record = record;
    return submit(handle, {"event record", [record] {
                               record->time = std::chrono::steady_clock::now();
                               record->done = true;
                           }});
}

int waitEvent(void* handle, Event* event) {
    std::shared_ptr<Record> record = event->record;
    if (!record) {
        return 0; // not recorded yet: nothing to wait for
    }
    Stream* stream = isNull(handle) ? nullptr : static_cast<Stream*>(handle);
    if (record->capture) {
        if (record->capture->invalid || captures().count(record->capture) == 0) {
            return CAPTURED_EVENT;
        }
        if (stream == nullptr) {
            record->capture->invalid = true;
            return 906;
        }
        if (stream->capture && stream->capture != record->capture) {
            return 902; // cudaErrorStreamCaptureMerge
        }
        if (!stream->capture) {
            stream->capture = record->capture;
            record->capture->members.insert(stream);
        }
        // Operations are replayed in the order of their recording, which an event can only confirm.
        record->capture->unjoined.erase(record->stream);
        if (stream != record->capture->origin) {
            record->capture->unjoined.insert(stream);
        }
        return 0;
    }
    if (stream != nullptr && stream->capture) {
        stream->capture->invalid = true;
        return CAPTURE_ISOLATION;
    }
    return submit(handle, {"event wait", [record] { finish(*record); }});
}

int synchronizeEvent(Event* event) {
    if (!event->record) {
        return 0;
    }
    if (event->record->capture) {
        event->record->capture->invalid = true;
        return CAPTURED_EVENT;
    }
    finish(*event->record);
    return stickyError();
}

int queryEvent(Event* event) {
    if (!event->record || event->record->done) {
        return stickyError();
    }
    int error = synchronizeEvent(event);
    return error != 0 ? error : NOT_READY;
}

int elapsedMillis(Event* start, Event* end, float* millis) {
    if (!start->timing || !end->timing || !start->record || !end->record) {
        return INVALID_HANDLE;
    }
    if (!start->record->done || !end->record->done) {
        return NOT_READY;
    }
    *millis = std::chrono::duration<float, std::milli>(end->record->time - start->record->time).count();
    return 0;
}

int beginCapture(void* handle, CaptureMode mode) {
    if (isNull(handle)) {
        return CAPTURE_UNSUPPORTED;
    }
    auto* stream = static_cast<Stream*>(handle);
    if (stream->capture) {
        return ILLEGAL_STATE;
    }
    auto capture = std::make_shared<Capture>();
    capture->origin = stream;
    capture->mode = mode;
    capture->thread = std::this_thread::get_id();
    capture->members.insert(stream);
    stream->capture = capture;
    captures().insert(capture);
    return 0;
}

int endCapture(void* handle, std::unique_ptr<Graph>& graph) {
    if (isNull(handle) || !static_cast<Stream*>(handle)->capture) {
        return ILLEGAL_STATE;
    }
    auto* stream = static_cast<Stream*>(handle);
    std::shared_ptr<Capture> capture = stream->capture;
    if (capture->origin != stream) {
        capture->invalid = true;
        return CAPTURE_UNMATCHED;
    }
    if (capture->mode != CaptureMode::RELAXED && capture->thread != std::this_thread::get_id()) {
        return CAPTURE_WRONG_THREAD;
    }
    for (Stream* member : capture->members) {
        member->capture = nullptr;
    }
    captures().erase(capture);
    if (capture->invalid) {
        return CAPTURE_INVALIDATED;
    }
    if (!capture->unjoined.empty()) {
        return CAPTURE_UNJOINED;
    }
    graph = std::move(capture->graph);
    return 0;
}

int captureStatus(void* handle) {
    if (isNull(handle)) {
        return 0;
    }
    const auto& capture = static_cast<Stream*>(handle)->capture;
    return !capture ? 0 : capture->invalid ? 2 : 1;
}

int forbidInCapture() {
    int error = 0;
    for (const auto& capture : captures()) {
        bool mine = capture->thread == std::this_thread::get_id();
        if (capture->mode == CaptureMode::GLOBAL || (capture->mode == CaptureMode::THREAD_LOCAL && mine)) {
            if (mine) {
                capture->invalid = true;
            }
            error = CAPTURE_UNSUPPORTED;
        }
    }
    return error;
}

} // namespace emulator
