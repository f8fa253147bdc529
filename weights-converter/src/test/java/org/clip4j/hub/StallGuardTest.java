package org.clip4j.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A read that would wait for ever ends. */
class StallGuardTest {
    /** Gives nothing until it is closed. */
    private static final class Silence extends InputStream {
        private final CountDownLatch closed = new CountDownLatch(1);

        @Override
        public int read() throws IOException {
            try {
                closed.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            throw new IOException("closed");
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            return read();
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }

    @Test
    void closesAStreamFromWhichNothingComes() {
        Silence silence = new Silence();
        IOException thrown = null;
        try (StallGuard guard = new StallGuard(silence, Duration.ofMillis(20))) {
            guard.alive();
            silence.read();
        } catch (IOException e) {
            thrown = e;
        }
        assertThat(thrown).hasMessage("closed");
    }
}
