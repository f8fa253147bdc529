// Runs the kernels of a fatbin against oracles in double precision, on a card or on the emulator:
//   kernel-test kernels.fatbin [rows|elements|images|resample|attention|linear|fp8]
#include "harness.hpp"

#include <fstream>
#include <iterator>
#include <map>

namespace test {

static CUmodule module_handle;

void load_module(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> image((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    check(cudaFree(nullptr), "cudaFree");
    check(cuModuleLoadData(&module_handle, image.data()), "cuModuleLoadData");
}

CUfunction function_of(const std::string& name) {
    static std::map<std::string, CUfunction> functions;
    auto found = functions.find(name);
    if (found == functions.end()) {
        CUfunction function;
        check(cuModuleGetFunction(&function, module_handle, name.c_str()), name.c_str());
        found = functions.emplace(name, function).first;
    }
    return found->second;
}

} // namespace test

int main(int count, char** arguments) {
    if (count < 2) {
        std::printf("usage: kernel-test kernels.fatbin [rows|elements|images|resample|attention|linear|fp8]\n");
        return 2;
    }
    const std::string only = count > 2 ? arguments[2] : "";
    test::load_module(arguments[1]);
    const std::pair<const char*, void (*)()> groups[] = {{"rows", test::test_rows},
                                                         {"elements", test::test_elements},
                                                         {"images", test::test_images},
                                                         {"resample", test::test_resample},
                                                         {"attention", test::test_attention},
                                                         {"linear", test::test_linear},
                                                         {"fp8", test::test_fp8}};
    for (auto& [name, run] : groups) {
        if (only.empty() || only == name) {
            run();
            std::printf("%s: values=%ld failures=%d\n", name, test::Comparison::total, test::Comparison::failures);
        }
    }
    return test::Comparison::failures == 0 ? 0 : 1;
}
