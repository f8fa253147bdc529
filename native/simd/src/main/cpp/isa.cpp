// All kernels for one instruction set: compiled once for each, with CLIP4J_ISA naming it.
#include "attention.h"
#include "convert.h"
#include "convolution.h"
#include "limits.h"
#include "product.h"
#include "resample.h"
#include "rows.h"
#include "search.h"

#define CLIP4J_TEXT_OF(name) #name
#define CLIP4J_TEXT(name) CLIP4J_TEXT_OF(name)

namespace clip4j {

static const Kernels kernels = {
    CLIP4J_TEXT(CLIP4J_ISA),
    CLIP4J_ISA::PANEL,
    CLIP4J_ISA::linear,
    CLIP4J_ISA::convolve,
    CLIP4J_ISA::pack,
    CLIP4J_ISA::quantize_rows,
    CLIP4J_ISA::product,
    CLIP4J_ISA::layer_norm,
    CLIP4J_ISA::l2_normalize,
    CLIP4J_ISA::attention,
    CLIP4J_ISA::attention_floats,
    CLIP4J_ISA::epilogue,
    CLIP4J_ISA::pack_axis,
    CLIP4J_ISA::resample,
    CLIP4J_ISA::search_scratch,
    CLIP4J_ISA::begin_search,
    CLIP4J_ISA::search,
    CLIP4J_ISA::read_all,
    CLIP4J_ISA::multiply_rounds,
    CLIP4J_ISA::ROUND_OPERATIONS,
    CLIP4J_ISA::to_bf16_rows,
    CLIP4J_ISA::to_byte_rows,
};

extern const Kernels* const CLIP4J_ISA;
const Kernels* const CLIP4J_ISA = &kernels;

}  // namespace clip4j
