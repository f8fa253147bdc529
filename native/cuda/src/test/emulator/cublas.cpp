// libcublas: only what makes a handle.
#include <cstddef>

extern "C" {

static int target;

int cublasCreate_v2(void** handle) {
    *handle = &target;
    return 0;
}

int cublasDestroy_v2(void*) { return 0; }

int cublasGetVersion_v2(void*, int* version) {
    *version = 130100;
    return 0;
}

}
