package org.clip4j.benchmarks.gpu;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What a card draws, as nvidia-smi prints it 20 times a second while this is open. Two threads: one reads what the other
 * process prints, the other asks.
 */
final class PowerMeter implements AutoCloseable {
    /** Fewer samples say little of a mean. */
    private static final int FEWEST_SAMPLES = 3;
    private static final long STOP_SECONDS = 2;

    private final Process process;
    private final Thread reader;
    private final List<Sample> samples = new ArrayList<>();

    private record Sample(long nanos, double watts) {}

    private PowerMeter(Process process) {
        this.process = process;
        this.reader = new Thread(this::read, "power-meter");
        reader.setDaemon(true);
    }

    /**
     * Starts to read a card. Without nvidia-smi, and where it reports no power, there are no samples.
     *
     * @param card index, as nvidia-smi counts
     */
    static PowerMeter ofCard(int card) {
        // The instant value, which older drivers have not: power.draw is the mean of the last second on most cards.
        PowerMeter meter = start(command(card, "power.draw.instant"));
        if (meter.process == null || meter.hasSample()) {
            return meter;
        }
        meter.close();
        return start(command(card, "power.draw"));
    }

    private static List<String> command(int card, String field) {
        return List.of("nvidia-smi", "-i", Integer.toString(card), "--query-gpu=" + field,
                "--format=csv,noheader,nounits", "-lms", "50");
    }

    /** Reads the numbers that a command prints, one a line. */
    static PowerMeter start(List<String> command) {
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            // No such program: nothing is reported.
            return new PowerMeter(null);
        }
        PowerMeter meter = new PowerMeter(process);
        meter.reader.start();
        return meter;
    }

    /** Waits until there is one, or the process has ended. */
    private boolean hasSample() {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(STOP_SECONDS);
        while (System.nanoTime() < until) {
            synchronized (samples) {
                if (!samples.isEmpty()) {
                    return true;
                }
            }
            try {
                if (process.waitFor(20, TimeUnit.MILLISECONDS)) {
                    return false;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
        }
        return false;
    }

    private void read() {
        try (BufferedReader lines = new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                double watts = watts(line);
                if (!Double.isNaN(watts)) {
                    synchronized (samples) {
                        samples.add(new Sample(System.nanoTime(), watts));
                    }
                }
            }
        } catch (IOException e) {
            // The process was ended by close; what was read stays.
        }
    }

    /** The number that a line begins with; NaN for {@code [N/A]} and complaints. */
    static double watts(String line) {
        String number = line.strip().split(" ", 2)[0];
        return number.matches("[0-9]{1,5}(\\.[0-9]{1,6})?") ? Double.parseDouble(number) : Double.NaN;
    }

    /**
     * The mean between two times of {@link System#nanoTime}, the first quarter left out: power follows work with a delay.
     *
     * @return NaN when there were too few samples
     */
    double meanWatts(long fromNanos, long toNanos) {
        long from = fromNanos + (toNanos - fromNanos) / 4;
        double sum = 0;
        int count = 0;
        synchronized (samples) {
            for (Sample sample : samples) {
                if (sample.nanos() >= from && sample.nanos() <= toNanos) {
                    sum += sample.watts();
                    count++;
                }
            }
        }
        return count < FEWEST_SAMPLES ? Double.NaN : sum / count;
    }

    @Override
    public void close() {
        if (process == null) {
            return;
        }
        process.destroy();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            reader.join(TimeUnit.SECONDS.toMillis(STOP_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
