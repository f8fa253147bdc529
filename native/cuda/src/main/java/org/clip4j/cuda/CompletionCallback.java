package org.clip4j.cuda;

import org.bytedeco.cuda.cudart.cudaHostFn_t;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A function that a stream calls, on a thread of the driver's, and that calls a handler. Called without data, so that
 * nothing is allocated for it; the driver's thread is known to Java from the first call on. Closed by its session, when
 * the stream is idle.
 */
final class CompletionCallback extends cudaHostFn_t {
    private final Runnable handler;

    /**
     * Takes one of the functions there are.
     *
     * @throws IllegalStateException when all are taken
     */
    CompletionCallback(Runnable handler) {
        this.handler = handler;
        // JavaCPP compiles ten C functions for a type of callbacks (org.bytedeco.javacpp.annotation.Allocator), and
        // leaves the address empty when they are taken.
        boolean taken = new LongPointer(this).get() == 0;
        if (taken) {
            close();
            throw new IllegalStateException("no more sessions can have a handler in this process: handlers=10; poll"
                    + " isFinished, or close another session");
        }
    }

    @Override
    public void call(Pointer unused) {
        try {
            handler.run();
        } catch (RuntimeException | Error e) {
            // Above this frame is the driver, which knows no exceptions.
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }
}
