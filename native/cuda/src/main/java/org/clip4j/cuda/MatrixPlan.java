package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cublas.CUBLASLT_EPILOGUE_BIAS;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_EPILOGUE_DEFAULT;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_EPILOGUE_RELU;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_EPILOGUE_RELU_BIAS;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_A_SCALE_POINTER;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_BIAS_POINTER;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_B_SCALE_POINTER;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_EPILOGUE;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_DESC_TRANSA;
import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F;
import static org.bytedeco.cuda.global.cublas.CUBLAS_COMPUTE_32F_FAST_TF32;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_T;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmul;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulDescSetAttribute;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatrixLayoutDestroy;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Precision;

/**
 * A matrix product with its descriptors and its algorithm: one of cublasLt's, with an activation that it does not know
 * in a pass of its own, or our own kernel for few rows. cublasLt counts columns first, so it is told the transposed
 * product: out' [n, rows] = weight [n, k] * x' [k, rows]. Immutable once its algorithm is chosen; shared by sessions;
 * closed by its backend.
 */
final class MatrixPlan implements AutoCloseable {
    private static final int PASS_WARPS = 8;

    private final CudaDevice cuda;
    private final MatrixShape shape;
    // Set by the constructor; null where it failed before.
    private cublasLtMatmulDescOpaque_t operation;
    private cublasLtMatrixLayoutOpaque_t weightLayout;
    private cublasLtMatrixLayoutOpaque_t xLayout;
    private cublasLtMatrixLayoutOpaque_t outLayout;
    private final cublasLtMatmulAlgo_t algorithm = new cublasLtMatmulAlgo_t();
    private final Kernel pass; // of the activation, or null
    private final FewRows fewRows; // or null where it cannot be used
    private final long bias32; // address of the bias in f32, or 0
    private boolean usesFewRows;
    private long xScale;

    /**
     * Without an algorithm yet.
     *
     * @param bias address of [n] values of the result's type, or 0
     * @param bias32 address of [n] values in f32, or 0
     */
    MatrixPlan(CudaDevice cuda, MatrixShape shape, long bias, long bias32) {
        this.cuda = cuda;
        this.shape = shape;
        this.bias32 = bias32;
        this.pass = passCode(shape.activation()) == 0 ? null : cuda.kernel("activate_" + shape.outType().label());
        this.fewRows = FewRows.of(cuda, shape);
        boolean complete = false;
        try {
            operation = operation(shape);
            set(CUBLASLT_MATMUL_DESC_TRANSA, CUBLAS_OP_T);
            set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue(shape));
            if (shape.bias()) {
                set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, shape.biasType());
                setAddress(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
            }
            weightLayout = layout(shape.factorType(), shape.k(), shape.n(), shape.k());
            xLayout = layout(shape.factorType(), shape.k(), shape.rows(), shape.xStride());
            outLayout = layout(shape.outType().dataType(), shape.n(), shape.rows(), shape.outStride());
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private static cublasLtMatmulDescOpaque_t operation(MatrixShape shape) {
        int compute = shape.precision() == Precision.TF32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
        try (PointerPointer<Pointer> made = new PointerPointer<>(1)) {
            Status.blas(cublasLtMatmulDescCreate(made, compute, CUDA_R_32F), "cublasLtMatmulDescCreate");
            return new cublasLtMatmulDescOpaque_t(made.get());
        }
    }

    private static int epilogue(MatrixShape shape) {
        if (shape.activation() == Activation.RELU) {
            return shape.bias() ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_RELU;
        }
        return shape.bias() ? CUBLASLT_EPILOGUE_BIAS : CUBLASLT_EPILOGUE_DEFAULT;
    }

    private void set(int attribute, int value) {
        try (IntPointer number = new IntPointer(1).put(0, value)) {
            Status.blas(cublasLtMatmulDescSetAttribute(operation, attribute, number, Integer.BYTES),
                    "cublasLtMatmulDescSetAttribute");
        }
    }

    private static cublasLtMatrixLayoutOpaque_t layout(int dataType, int rows, int columns, int stride) {
        try (PointerPointer<Pointer> made = new PointerPointer<>(1)) {
            // A single column may lie closer to the next than a column is long.
            Status.blas(cublasLtMatrixLayoutCreate(made, dataType, rows, columns, Math.max(stride, rows)),
                    "cublasLtMatrixLayoutCreate");
            return new cublasLtMatrixLayoutOpaque_t(made.get());
        }
    }

    /** In fp8: where on the card the number lies that the weights are multiplied with. */
    void scaleWeight(long scale) {
        setAddress(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, scale);
    }

    /** In fp8: where on the card the number lies that x is multiplied with; before each run, with the plan locked. */
    void scaleX(long scale) {
        if (xScale != scale) {
            setAddress(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, scale);
            xScale = scale;
        }
    }

    private void setAddress(int attribute, long value) {
        try (LongPointer address = new LongPointer(1).put(0, value)) {
            Status.blas(cublasLtMatmulDescSetAttribute(operation, attribute, address, Long.BYTES),
                    "cublasLtMatmulDescSetAttribute");
        }
    }

    boolean fits(long x, int xStride, int rows, long out, int outStride, ElementType outType, boolean add) {
        return shape.rows() == rows && shape.xStride() == xStride && shape.outStride() == outStride
                && shape.outType() == outType && shape.add() == add && shape.xAlignment() == MatrixShape.alignment(x)
                && shape.outAlignment() == MatrixShape.alignment(out);
    }

    MatrixShape shape() {
        return shape;
    }

    cublasLtMatmulDescOpaque_t operation() {
        return operation;
    }

    cublasLtMatrixLayoutOpaque_t weightLayout() {
        return weightLayout;
    }

    cublasLtMatrixLayoutOpaque_t xLayout() {
        return xLayout;
    }

    cublasLtMatrixLayoutOpaque_t outLayout() {
        return outLayout;
    }

    /** The algorithm; whoever plans fills it in. */
    cublasLtMatmulAlgo_t algorithm() {
        return algorithm;
    }

    /** Of an activation that no epilogue knows, as native/cuda/src/main/cuda/elements.cuh numbers them; 0 for none. */
    private static int passCode(Activation activation) {
        return switch (activation) {
            case NONE, RELU -> 0;
            case QUICK_GELU -> 2;
            case GELU -> 3;
        };
    }

    /** Whether our own kernel could do it. */
    boolean hasFewRows() {
        return fewRows != null;
    }

    /** Chooses our own kernel, or cublasLt's algorithm. */
    void useFewRows(boolean use) {
        usesFewRows = use;
    }

    /** Whether our own kernel was chosen. */
    boolean usesFewRows() {
        return usesFewRows;
    }

    /** Launches the product with what was chosen. */
    void run(CudaContext own, long weight, long x, long out) {
        if (usesFewRows) {
            runFewRows(own, weight, x, out);
            return;
        }
        int status = run(own, weight, x, out, algorithm);
        if (status != 0) {
            Status.blas(status, "cublasLtMatmul " + shape);
        }
    }

    /** Launches our own kernel. */
    void runFewRows(CudaContext own, long weight, long x, long out) {
        fewRows.run(own, weight, bias32, x, out);
    }

    /** Launches the product with one of cublasLt's algorithms; answers its status. */
    int run(CudaContext own, long weight, long x, long out, cublasLtMatmulAlgo_t other) {
        int status = multiply(own, weight, x, out, other);
        if (status == 0 && pass != null) {
            own.launch(pass).pointer(out).number(shape.outStride()).number(shape.rows()).number(shape.n())
                    .number(passCode(shape.activation()))
                    .run(cuda.walkingBlocks((long) shape.rows() * shape.n(), PASS_WARPS * Launch.WARP), 1, 1,
                            PASS_WARPS, 0);
        }
        return status;
    }

    private int multiply(CudaContext own, long weight, long x, long out, cublasLtMatmulAlgo_t other) {
        Pointer result = own.c.at(out);
        return cublasLtMatmul(cuda.blas(), operation, own.one, own.a.at(weight), weightLayout, own.b.at(x), xLayout,
                shape.add() ? own.one : own.zero, result, outLayout, result, outLayout, other, own.blasWorkspace(),
                own.blasWorkspaceBytes(), own.stream());
    }

    @Override
    public void close() {
        if (operation != null) {
            cublasLtMatmulDescDestroy(operation);
        }
        for (cublasLtMatrixLayoutOpaque_t layout : new cublasLtMatrixLayoutOpaque_t[]{weightLayout, xLayout,
                outLayout}) {
            if (layout != null) {
                cublasLtMatrixLayoutDestroy(layout);
            }
        }
        algorithm.close();
    }
}
