package org.clip4j.benchmarks.pytorch;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A side of the comparison that runs {@link TrainingTurns} in a process of its own. One thread at a time. */
final class TrainingProcess implements AutoCloseable {
    /**
     * glibc's settings for an allocator that keeps what was freed. PyTorch allocates each result anew; by default large
     * ones come from the kernel, page by page, and go back to it: a third of a step's processor time.
     */
    private static final Map<String, String> KEEP_FREED_MEMORY = Map.of("MALLOC_MMAP_MAX_", "0",
            "MALLOC_TRIM_THRESHOLD_", Long.toString(1L << 40), "MALLOC_ARENA_MAX", "1");

    private final String side;
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;
    private final String description;

    /**
     * A step of the process.
     *
     * @param loss before the step, in nats
     * @param gradientNorm before it was scaled down
     * @param millis that the step took
     */
    record TimedStep(double loss, double gradientNorm, double millis) {}

    private TrainingProcess(String side, Process process) throws IOException {
        this.side = side;
        this.process = process;
        this.answers = process.inputReader(StandardCharsets.UTF_8);
        this.orders = process.outputWriter(StandardCharsets.UTF_8);
        this.description = answer(TrainingTurns.READY);
    }

    /**
     * Starts a side with the flags of this process and waits until it has made its model and batches.
     *
     * @param side {@link TrainingTurns#CLIP4J} or {@link TrainingTurns#PYTORCH}
     * @throws IOException when it cannot be started or ends at once
     */
    static TrainingProcess start(String side, int threads) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
            if (flag.startsWith("-X") || flag.startsWith("--") || flag.startsWith("-Dorg.bytedeco")) {
                command.add(flag);
            }
        }
        if (side.equals(TrainingTurns.PYTORCH)) {
            command.add("-Dorg.bytedeco.javacpp.pathsFirst=true");
            command.add("-Djava.library.path=" + libraries());
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), TrainingTurns.class.getName(), side,
                Integer.toString(threads)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
        if (side.equals(TrainingTurns.PYTORCH)) {
            builder.environment().putAll(KEEP_FREED_MEMORY);
        }
        Process process = builder.start();
        try {
            return new TrainingProcess(side, process);
        } catch (IOException e) {
            process.destroy();
            throw e;
        }
    }

    private static String libraries() throws IOException {
        String libraries = System.getProperty("clip4j.benchmarks.libtorch");
        if (libraries == null) {
            throw new IOException("the folder of PyTorch's libraries is not set: clip4j.benchmarks.libtorch;"
                    + " start the comparison by: benchmarks/run training");
        }
        return libraries;
    }

    /** What trains there. */
    String description() {
        return description;
    }

    /**
     * Lets it train.
     *
     * @throws IOException when the process has ended
     */
    List<TimedStep> steps(int count) throws IOException {
        orders.write(String.format(Locale.ROOT, "%d%n", count));
        orders.flush();
        List<TimedStep> steps = new ArrayList<>(count);
        while (steps.size() < count) {
            String[] fields = answer(TrainingTurns.STEP).split(" ", -1);
            steps.add(new TimedStep(Double.parseDouble(fields[0]), Double.parseDouble(fields[1]),
                    Double.parseDouble(fields[2])));
        }
        return steps;
    }

    /** The rest of the next answer; whatever a library prints between answers is passed on. */
    private String answer(String kind) throws IOException {
        for (String line = answers.readLine(); line != null; line = answers.readLine()) {
            if (line.startsWith(kind)) {
                return line.substring(kind.length());
            }
            System.err.println(line);
        }
        throw new IOException("the process of one side has ended: side=" + side + "; its message is above");
    }

    /** Ends the process. */
    @Override
    public void close() throws IOException {
        try {
            orders.close();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
