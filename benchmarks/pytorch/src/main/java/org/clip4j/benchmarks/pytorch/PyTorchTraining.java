package org.clip4j.benchmarks.pytorch;

import static org.bytedeco.pytorch.global.torch.clip_grad_norm_;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;

import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.AdamW;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.OptimizerParamGroup;
import org.bytedeco.pytorch.OptimizerParamGroupVector;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.reference.ReferenceBackend;
import org.clip4j.training.ContrastiveLoss;
import org.clip4j.training.PairBatch;
import org.clip4j.training.Parameter;
import org.clip4j.training.Parameters;
import org.clip4j.training.Trainer;

/** PyTorch's autograd, clipping and AdamW on the same weights and batches. Its number of threads is the process's. */
final class PyTorchTraining implements TrainingRuntime {
    private final Workload workload;
    private final Trainer.Options options;
    private final PyTorchClip model;
    private final TensorVector trained;
    private final AdamW optimizer;
    private final Tensor labels; // [N], 0, 1, 2...
    private long steps;

    PyTorchTraining(Workload workload, int threads) {
        this.workload = workload;
        this.options = workload.options();
        torch.set_num_threads(threads);
        // Pointers that live as long as this are made outside of any scope.
        trained = new TensorVector();
        TensorVector decaying = new TensorVector();
        TensorVector others = new TensorVector();
        try (ReferenceBackend backend = new ReferenceBackend();
                Arena arena = backend.newArena()) {
            Parameters parameters = workload.parameters(arena);
            model = new PyTorchClip(parameters);
            for (Parameter parameter : parameters.all()) {
                Tensor tensor = model.parameter(parameter.name());
                trained.push_back(tensor);
                (parameter.decays() ? decaying : others).push_back(tensor);
            }
        }
        optimizer = new AdamW(decaying, adamW(options.optimizer().weightDecay()));
        optimizer.add_param_group(new OptimizerParamGroup(others, adamW(0)));
        labels = longs(ascending(workload.batchSize()), workload.batchSize());
    }

    private AdamWOptions adamW(double weightDecay) {
        AdamWOptions own = new AdamWOptions(options.learningRate().peak());
        DoublePointer betas = own.betas();
        // A std::tuple<double, double>, which GCC's library lays out from its end.
        betas.put(0, options.optimizer().beta2());
        betas.put(1, options.optimizer().beta1());
        own.eps().put(options.optimizer().epsilon());
        own.weight_decay().put(weightDecay);
        return own;
    }

    private static long[] ascending(int length) {
        long[] numbers = new long[length];
        Arrays.setAll(numbers, i -> i);
        return numbers;
    }

    private static Tensor longs(long[] values, long... shape) {
        try (LongPointer pointer = new LongPointer(values);
                Tensor view = torch.from_blob(pointer, shape, new TensorOptions(torch.ScalarType.Long))) {
            return view.clone();
        }
    }

    @Override
    public String description() {
        try (BytePointer config = torch.show_config()) {
            String build = config.getString();
            return "PyTorch " + setting(build, "TORCH_VERSION") + ", BLAS " + setting(build, "BLAS_INFO") + ", "
                    + torch.get_num_threads() + " threads";
        }
    }

    private static String setting(String build, String name) {
        Matcher matcher = Pattern.compile("\\b" + name + "=([^,]*)").matcher(build);
        return matcher.find() ? matcher.group(1) : "unknown";
    }

    @Override
    public Step step() {
        PointerScope scope = new PointerScope();
        try {
            PairBatch batch = workload.batch(steps);
            int N = batch.size();
            int R = batch.resolution();
            Tensor pixels = torch.from_blob(new BytePointer(batch.pixels()), new long[]{N, R, R, 3},
                    new TensorOptions(torch.ScalarType.Byte)); // [N,R,R,3]
            Tensor images = model.encodeImages(pixels); // [N,E]
            Tensor texts = encodeTexts(batch); // [N,E]
            Tensor scale = model.parameter("logit_scale").exp();
            Tensor logits = images.mul(scale).matmul(texts.t()); // [N,N]
            Tensor loss = cross_entropy_loss(logits, labels).add(cross_entropy_loss(logits.t(), labels))
                    .mul(new Scalar(0.5));
            optimizer.zero_grad();
            loss.backward();
            double norm = clip_grad_norm_(trained, options.optimizer().maxNorm());
            update();
            return new Step(loss.item_float(), norm);
        } finally {
            scope.close();
        }
    }

    private Tensor encodeTexts(PairBatch batch) {
        int N = batch.size();
        int longest = 0;
        for (int text = 0; text < N; text++) {
            longest = Math.max(longest, batch.offsets()[text + 1] - batch.offsets()[text]);
        }
        long[] ids = new long[N * longest];
        long[] pooledRows = new long[N];
        for (int text = 0; text < N; text++) {
            int start = batch.offsets()[text];
            int length = batch.offsets()[text + 1] - start;
            for (int i = 0; i < length; i++) {
                ids[text * longest + i] = batch.ids()[start + i];
            }
            // Captions end with their end token; what is behind it is hidden by causality.
            pooledRows[text] = (long) text * longest + length - 1;
        }
        return model.encodeTexts(longs(ids, N, longest), longs(pooledRows, N));
    }

    private void update() {
        double learningRate = options.learningRate().at(steps);
        OptimizerParamGroupVector groups = optimizer.param_groups();
        for (long i = 0; i < groups.size(); i++) {
            groups.get(i).options().set_lr(learningRate);
        }
        optimizer.step();
        steps++;
        AutoGradMode noGradient = new AutoGradMode(false);
        try {
            Scalar most = new Scalar(Math.log(ContrastiveLoss.MAX_SCALE));
            model.parameter("logit_scale").clamp_(new ScalarOptional(), new ScalarOptional(most));
        } finally {
            noGradient.close();
        }
    }

    /** Frees the optimizer; tensors go with the process. */
    @Override
    public void close() {
        optimizer.close();
    }
}
