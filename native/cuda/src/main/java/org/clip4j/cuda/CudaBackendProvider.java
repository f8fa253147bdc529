package org.clip4j.cuda;

import java.util.List;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.javacpp.NativeLibraryException;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;

/** Offers NVIDIA cards. The CUDA runtime and cuBLAS are the system's or pip's; no jar brings them. */
public final class CudaBackendProvider implements BackendProvider {
    /** The backend's name, and that of its kind of device. */
    public static final String NAME = "cuda";

    /** What the kernels are compiled for at least: native/cuda/build-kernels.sh. */
    private static final int MIN_MAJOR = 7;
    private static final int MIN_MINOR = 5;
    private static final int TENSOR_FLOAT_MAJOR = 8;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String device() {
        return NAME;
    }

    @Override
    public int rank() {
        return 90;
    }

    @Override
    public Probe probe() {
        try {
            load();
            List<CardInfo> cards = CardInfo.all();
            if (cards.isEmpty()) {
                return Probe.unusable("no NVIDIA card: devices=0; choose --device cpu", null);
            }
            for (CardInfo card : cards) {
                if (isNewEnough(card)) {
                    return Probe.usable(describe(cards), precisions(card));
                }
            }
            return Probe.unusable("all cards are too old: " + describe(cards) + "; expected sm_" + MIN_MAJOR + MIN_MINOR
                    + " or newer; choose --device cpu", null);
        } catch (NativeLibraryException e) {
            return Probe.unusable(LibraryAdvice.of(e), e);
        } catch (CudaException e) {
            return Probe.unusable(LibraryAdvice.ofDriver(e), e);
        } catch (LinkageError e) {
            return Probe.unusable("CUDA cannot be loaded: " + e.getMessage() + "; choose --device cpu", e);
        }
    }

    @Override
    public Probe probeFully() {
        Probe probe = probe();
        return probe.usable()
                ? new Probe(true, probe.detail() + ", " + CudnnLibrary.load().description(), probe.precisions(), null)
                : probe;
    }

    private static boolean isNewEnough(CardInfo card) {
        return card.major() > MIN_MAJOR || (card.major() == MIN_MAJOR && card.minor() >= MIN_MINOR);
    }

    private static void load() {
        NativeLibraries.load(cudart.class);
        NativeLibraries.load(cublas.class);
    }

    private static Precision[] precisions(CardInfo card) {
        if (card.hasFp8()) {
            return new Precision[]{Precision.F32, Precision.TF32, Precision.F16, Precision.BF16, Precision.FP8};
        }
        return card.major() >= TENSOR_FLOAT_MAJOR
                ? new Precision[]{Precision.F32, Precision.TF32, Precision.F16, Precision.BF16}
                : new Precision[]{Precision.F32, Precision.F16};
    }

    private static String describe(List<CardInfo> cards) {
        StringBuilder text = new StringBuilder("CUDA ").append(CardInfo.runtimeVersion()).append(", driver for CUDA ")
                .append(CardInfo.driverVersion());
        for (int i = 0; i < cards.size(); i++) {
            text.append(", cuda:").append(i).append(' ').append(cards.get(i));
        }
        return text.toString();
    }

    @Override
    public Backend open(BackendOptions options) {
        return open(options, CudaBackend.Mode.DEVICE, AlgorithmSearch.Effort.MEASURED);
    }

    /** Opens a backend that works as tests want it. */
    static Backend open(BackendOptions options, CudaBackend.Mode mode, AlgorithmSearch.Effort effort) {
        Probe probe = new CudaBackendProvider().probe();
        if (!probe.usable()) {
            throw new BackendException("backend 'cuda' cannot be used: " + probe.detail(), probe.cause());
        }
        List<CardInfo> cards = CardInfo.all();
        if (options.deviceIndex() >= cards.size()) {
            throw new BackendException("there is no such card: device=cuda:" + options.deviceIndex() + " cards="
                    + cards.size() + "; 'clip backends' lists them", null);
        }
        CardInfo card = cards.get(options.deviceIndex());
        if (!isNewEnough(card)) {
            throw new BackendException("the card is too old: device=cuda:" + options.deviceIndex() + " " + card
                    + " expected=sm_" + MIN_MAJOR + MIN_MINOR + " or newer; choose --device cpu", null);
        }
        if (!List.of(precisions(card)).contains(options.precision())) {
            throw new BackendException("backend 'cuda' does not offer this precision here: asked="
                    + options.precision().label() + " offered="
                    + List.of(precisions(card)).stream().map(Precision::label).toList() + "; choose one of these",
                    null);
        }
        CudaDevice cuda = new CudaDevice(options.deviceIndex(), card);
        AlgorithmFile file = effort == AlgorithmSearch.Effort.FIRST
                ? null
                : new AlgorithmFile(NativeLibraries.cache().resolve("cuda")
                        .resolve(card.toString().replaceAll("[^A-Za-z0-9]+", "-") + "-cublaslt" + cuda.blasVersion()
                                + "-kernels" + CudaDevice.kernelsDigest() + ".txt"));
        return new CudaBackend(cuda, options.precision(), mode, new AlgorithmSearch(cuda, effort, file));
    }
}
