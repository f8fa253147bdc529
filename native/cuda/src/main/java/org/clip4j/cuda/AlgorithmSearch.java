package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES;
import static org.bytedeco.cuda.global.cublas.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoCheck;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulAlgoGetHeuristic;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceCreate;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceDestroy;
import static org.bytedeco.cuda.global.cublas.cublasLtMatmulPreferenceSetAttribute;

import java.util.Arrays;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Chooses the algorithm of a matrix product: the fastest of those that cublasLt's heuristic names and our own kernel,
 * measured on the card, with the weights read from memory as they are between layers. What was found is kept per card,
 * version and shape, so that later processes choose the same and need not measure. Thread-safe.
 */
final class AlgorithmSearch {
    /** Whether algorithms are measured, or the heuristic's first one taken. */
    enum Effort {
        FIRST, MEASURED
    }

    /** What a file says of a candidate; an open one is to be measured. */
    enum Known {
        FASTER, SLOWER, OPEN
    }

    /** Stands for our own kernel among the candidates. */
    private static final int FEW_ROWS = -1;
    /**
     * Between kernels of a pass our own gains what a measurement of one kernel does not show: its weights come early.
     */
    private static final float FEW_ROWS_HEAD = 1.15f;
    private static final int CANDIDATES = 16;
    /** Words of a cublasLtMatmulAlgo_t. */
    private static final int ALGORITHM_WORDS = 8;

    private final CudaDevice cuda;
    private final Effort effort;
    private final AlgorithmFile file;

    /** With a file of what was found before; null for none. */
    AlgorithmSearch(CudaDevice cuda, Effort effort, AlgorithmFile file) {
        this.cuda = cuda;
        this.effort = effort;
        this.file = file;
    }

    /** Sets the plan's algorithm. The result of the measured products goes to memory of its own. */
    synchronized void choose(CudaContext session, MatrixPlan plan, long weight, long x) {
        String key = plan.shape().key();
        long[] known = file == null ? null : file.find(key);
        if (known != null) {
            use(plan, known);
            String misfit = misfit(session, plan);
            if (misfit == null) {
                return;
            }
            file.ignore(key, misfit);
        }
        try (cublasLtMatmulHeuristicResult_t results = new cublasLtMatmulHeuristicResult_t(CANDIDATES)) {
            int count = candidates(session, plan, results);
            int best = 0;
            boolean measure = effort == Effort.MEASURED && !session.isRecording();
            if (measure) {
                best = fastest(session, plan, weight, x, results, count);
            }
            long[] words = best == FEW_ROWS ? new long[ALGORITHM_WORDS] : words(results.getPointer(best).algo());
            use(plan, words);
            if (measure && file != null) {
                file.add(key, words);
            }
        }
    }

    /**
     * Whether a sequence of launches is faster than another; found as algorithms are, and kept with them. Where nothing
     * is measured it is not.
     */
    synchronized boolean isFaster(CudaContext session, String key, Runnable candidate, Runnable other) {
        Known known = known(session, key);
        if (known != Known.OPEN) {
            return known == Known.FASTER;
        }
        boolean faster;
        try (Stopwatch watch = new Stopwatch(cuda, session)) {
            faster = watch.millis(candidate) < watch.millis(other);
        }
        keep(key, faster);
        return faster;
    }

    /** What {@link #isFaster} would say without measuring. */
    synchronized Known known(CudaContext session, String key) {
        long[] known = file == null ? null : file.find(key);
        if (known != null) {
            return known[0] == 1 ? Known.FASTER : Known.SLOWER;
        }
        return effort == Effort.FIRST || session.isRecording() ? Known.SLOWER : Known.OPEN;
    }

    /** Keeps that a candidate is not to be taken, however fast it is. */
    synchronized void refuse(String key) {
        keep(key, false);
    }

    private void keep(String key, boolean faster) {
        if (file != null) {
            long[] words = new long[ALGORITHM_WORDS];
            words[0] = faster ? 1 : 2;
            file.add(key, words);
        }
    }

    private int candidates(CudaContext session, MatrixPlan plan, cublasLtMatmulHeuristicResult_t results) {
        int[] count = new int[1];
        try (PointerPointer<Pointer> made = new PointerPointer<>(1)) {
            Status.blas(cublasLtMatmulPreferenceCreate(made), "cublasLtMatmulPreferenceCreate");
            cublasLtMatmulPreferenceOpaque_t preference = new cublasLtMatmulPreferenceOpaque_t(made.get());
            try {
                try (LongPointer bytes = new LongPointer(1).put(0, session.blasWorkspaceBytes())) {
                    Status.blas(cublasLtMatmulPreferenceSetAttribute(preference,
                            CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes, Long.BYTES),
                            "cublasLtMatmulPreferenceSetAttribute");
                }
                align(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, plan.shape().xAlignment());
                align(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, plan.shape().outAlignment());
                align(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, plan.shape().outAlignment());
                int status = cublasLtMatmulAlgoGetHeuristic(cuda.blas(), plan.operation(), plan.weightLayout(),
                        plan.xLayout(), plan.outLayout(), plan.outLayout(), preference, CANDIDATES, results, count);
                if (status != 0 || count[0] == 0) {
                    Status.blas(status == 0 ? 15 : status, "cublasLtMatmulAlgoGetHeuristic " + plan.shape());
                }
            } finally {
                cublasLtMatmulPreferenceDestroy(preference);
            }
        }
        return count[0];
    }

    private static void align(cublasLtMatmulPreferenceOpaque_t preference, int attribute, int bytes) {
        try (IntPointer number = new IntPointer(1).put(0, bytes)) {
            Status.blas(cublasLtMatmulPreferenceSetAttribute(preference, attribute, number, Integer.BYTES),
                    "cublasLtMatmulPreferenceSetAttribute");
        }
    }

    private int fastest(CudaContext session, MatrixPlan plan, long weight, long x,
            cublasLtMatmulHeuristicResult_t results, int count) {
        long outBytes = (long) plan.shape().rows() * Math.max(plan.shape().outStride(), plan.shape().n())
                * plan.shape().outType().sizeBytes();
        Pointer out = cuda.memory().allocate(outBytes + MatrixShape.MAX_ALIGNMENT);
        try (Stopwatch watch = new Stopwatch(cuda, session)) {
            int best = 0;
            float bestMillis = Float.POSITIVE_INFINITY;
            long result = out.address() + plan.shape().outAlignment() % MatrixShape.MAX_ALIGNMENT;
            for (int i = 0; i < count; i++) {
                cublasLtMatmulHeuristicResult_t found = results.getPointer(i);
                // One that does not run after all is out.
                if (found.state() != 0 || plan.run(session, weight, x, result, found.algo()) != 0) {
                    continue;
                }
                float millis = watch.millis(() -> plan.run(session, weight, x, result, found.algo()));
                if (millis < bestMillis) {
                    bestMillis = millis;
                    best = i;
                }
            }
            if (plan.hasFewRows() && watch.millis(
                    () -> plan.runFewRows(session, weight, x, result)) < bestMillis * FEW_ROWS_HEAD) {
                best = FEW_ROWS;
            }
            return best;
        } finally {
            session.synchronize();
            cuda.memory().free(out);
        }
    }

    private static long[] words(cublasLtMatmulAlgo_t algorithm) {
        long[] words = new long[ALGORITHM_WORDS];
        Arrays.setAll(words, algorithm::data);
        return words;
    }

    /**
     * Why what a file says cannot be run, or null: a file may be damaged, or of a library that only has the same
     * number.
     */
    private String misfit(CudaContext session, MatrixPlan plan) {
        if (plan.usesFewRows()) {
            return plan.hasFewRows() ? null : "there is no kernel of our own for this shape";
        }
        try (cublasLtMatmulHeuristicResult_t result = new cublasLtMatmulHeuristicResult_t()) {
            int status = cublasLtMatmulAlgoCheck(cuda.blas(), plan.operation(), plan.weightLayout(), plan.xLayout(),
                    plan.outLayout(), plan.outLayout(), plan.algorithm(), result);
            if (status != 0) {
                return "cublasLtMatmulAlgoCheck code=" + status;
            }
            return result.workspaceSize() > session.blasWorkspaceBytes()
                    ? "workspaceBytes=" + result.workspaceSize() + " available=" + session.blasWorkspaceBytes()
                    : null;
        }
    }

    /** All zeros, which is no algorithm of cublasLt's, stands for our own kernel. */
    private static void use(MatrixPlan plan, long[] words) {
        boolean fewRows = true;
        for (int i = 0; i < ALGORITHM_WORDS; i++) {
            fewRows &= words[i] == 0;
            plan.algorithm().data(i, words[i]);
        }
        plan.useFewRows(fewRows);
    }
}
