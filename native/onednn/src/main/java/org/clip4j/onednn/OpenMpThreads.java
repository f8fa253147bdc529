package org.clip4j.onednn;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.opencl.User_func_Pointer;

/**
 * Keeps the library on the calling thread. It is built with OpenMP, and splits a call over as many threads as OpenMP grants
 * the thread that makes it: all cores, unless that thread has said {@code omp_set_num_threads(1)}.
 *
 * <p>No preset binds that function. It is called through the one function type of the OpenCL preset that fits,
 * {@code void (*)(void*)}, the number in place of the pointer: on x86-64 and arm64, on every system, both travel in the
 * same register. Holds for the process; thread-safe.
 */
final class OpenMpThreads {
    private static final String FUNCTION = "omp_set_num_threads";

    private final Function function;
    private final RegisterValue one = new RegisterValue(1);

    /** The function's pointer, as the preset wants it: the address of a cell that holds its address. */
    private static final class Function extends User_func_Pointer {
        private final PointerPointer<Pointer> cell;

        Function(Pointer entry) {
            super((Pointer) null);
            cell = new PointerPointer<>(1);
            cell.put(0, entry);
            address = cell.address();
        }
    }

    /** A number in the place of an address. */
    private static final class RegisterValue extends Pointer {
        RegisterValue(long value) {
            super((Pointer) null);
            address = value;
        }
    }

    private OpenMpThreads(Pointer entry) {
        function = new Function(entry);
    }

    /** Null when the library's OpenMP cannot be found; the library must have been loaded before. */
    static OpenMpThreads find() {
        Loader.load(org.bytedeco.opencl.global.OpenCL.class);
        Pointer entry = Loader.addressof(FUNCTION);
        return entry == null || entry.isNull() ? null : new OpenMpThreads(entry);
    }

    /** From now on the calling thread's calls of the library run on it alone. Takes about 20 ns, allocates nothing. */
    void useCallerOnly() {
        function.call(one);
    }
}
