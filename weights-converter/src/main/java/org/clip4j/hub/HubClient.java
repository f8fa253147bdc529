package org.clip4j.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/**
 * Asks servers. Redirects are followed by hand: the token goes to the origin of the endpoint and to no other, and never
 * from https to http. Thread-safe.
 */
final class HubClient {
    /** Answers that another attempt may better; besides all from 500 on. */
    private static final Set<Integer> TRANSIENT = Set.of(408, 425, 429);
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final int MAX_REDIRECTS = 10;
    private static final int MAX_DOCUMENT_BYTES = 16 << 20;
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);
    /** Until the first byte of an answer: a hub may have to fetch the file from elsewhere. */
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(60);

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER).connectTimeout(CONNECT_TIMEOUT).build();
    private final URI endpoint;
    private final Optional<String> token;

    /** What a server said. The owner closes it. */
    record Answer(int status, HttpHeaders headers, URI address, InputStream body) implements AutoCloseable {
        Optional<String> header(String name) {
            return headers.firstValue(name);
        }

        boolean isRedirect() {
            return REDIRECTS.contains(status);
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    /** When to stop at an answer, although it names another place. */
    interface Stop {
        boolean at(Answer redirect);
    }

    HubClient(URI endpoint, Optional<String> token) {
        this.endpoint = endpoint;
        this.token = token;
    }

    /**
     * Gets a file, or a part of one.
     *
     * @return an answer of 200, 206 or 416
     * @throws TransientException when another attempt may help
     * @throws HubException when none does
     */
    Answer get(URI address, Map<String, String> headers) throws IOException {
        return follow("GET", address, headers, redirect -> false);
    }

    /** Asks about a file; the answer may be a redirect at which {@code stop} has stopped. */
    Answer head(URI address, Stop stop) throws IOException {
        return follow("HEAD", address, Map.of(), stop);
    }

    /** Gets a short text. */
    byte[] document(URI address) throws IOException {
        try (Answer answer = get(address, Map.of())) {
            byte[] bytes;
            try {
                bytes = answer.body().readNBytes(MAX_DOCUMENT_BYTES + 1);
            } catch (IOException e) {
                throw unreachable(address, e);
            }
            if (bytes.length > MAX_DOCUMENT_BYTES) {
                throw HubException.failure("server sends too long an answer: address=" + HttpAddress.shown(address)
                        + " maxBytes=" + MAX_DOCUMENT_BYTES);
            }
            return bytes;
        }
    }

    private Answer follow(String method, URI start, Map<String, String> headers, Stop stop) throws IOException {
        URI address = start;
        for (int hops = 0; hops <= MAX_REDIRECTS; hops++) {
            Answer answer = send(method, address, headers);
            boolean done = false;
            try {
                if (!answer.isRedirect() || stop.at(answer)) {
                    check(answer);
                    done = true;
                    return answer;
                }
                address = target(answer);
            } finally {
                if (!done) {
                    answer.close();
                }
            }
        }
        throw HubException
                .failure("server redirects without end: address=" + HttpAddress.shown(start) + " maxRedirects="
                        + MAX_REDIRECTS);
    }

    private static URI target(Answer answer) throws HubException {
        String location = answer.header("Location").orElse("");
        String from = HttpAddress.shown(answer.address());
        URI target;
        try {
            target = answer.address().resolve(location);
        } catch (IllegalArgumentException e) {
            throw HubException.failure("server redirects to no address: address=" + from + " location=" + location, e);
        }
        if (location.isEmpty() || !HttpAddress.isHttp(target)) {
            throw HubException.failure("server redirects to no address: address=" + from + " location=" + location);
        }
        if ("https".equals(answer.address().getScheme()) && !"https".equals(target.getScheme())) {
            throw HubException.failure("server redirects to an address without encryption: address=" + from
                    + " location=" + HttpAddress.shown(target));
        }
        return target;
    }

    private Answer send(String method, URI address, Map<String, String> headers) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(address).setHeader("User-Agent", "clip4j")
                .setHeader("Accept-Encoding", "identity");
        if (!method.equals("GET")) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        }
        headers.forEach(request::setHeader);
        if (token.isPresent() && HttpAddress.origin(address).equals(HttpAddress.origin(endpoint))) {
            authorize(request, token.get());
        }
        // A time limit of the request's own would, in newer versions of Java, count the body too.
        CompletableFuture<HttpResponse<InputStream>> pending = http.sendAsync(request.build(),
                HttpResponse.BodyHandlers.ofInputStream());
        try {
            HttpResponse<InputStream> response = pending.get(ANSWER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
            return new Answer(response.statusCode(), response.headers(), address, response.body());
        } catch (InterruptedException e) {
            pending.cancel(true);
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting for a server");
            interrupted.initCause(e);
            throw interrupted;
        } catch (TimeoutException e) {
            pending.cancel(true);
            throw unreachable(address, new IOException("no answer within " + ANSWER_TIMEOUT.toSeconds() + " s", e));
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException io
                    ? unreachable(address, io)
                    : HubException.failure("server cannot be asked: address=" + HttpAddress.shown(address), e);
        }
    }

    /** The library's own message would show the token. */
    private static void authorize(HttpRequest.Builder request, String token) throws HubException {
        if (!token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw HubException.input("the token has characters that no token has: HF_TOKEN length=" + token.length()
                    + "; copy it again");
        }
        request.setHeader("Authorization", "Bearer " + token);
    }

    /** What to say about a connection that failed; names that no server knows do not get better. */
    static IOException unreachable(URI address, IOException e) {
        String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        String message = "server cannot be reached: address=" + HttpAddress.shown(address) + " reason=" + reason;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return HubException.failure("server cannot be reached: address=" + HttpAddress.shown(address)
                        + " reason=unknown host; HF_HUB_OFFLINE=1 uses what has been fetched before", e);
            }
            if (cause instanceof SSLException) {
                return HubException.failure(message, e);
            }
        }
        return new TransientException(message, Optional.empty(), e);
    }

    private void check(Answer answer) throws IOException {
        int status = answer.status();
        String where = " address=" + HttpAddress.shown(answer.address()) + " status=" + status;
        if (TRANSIENT.contains(status) || status >= 500) {
            throw new TransientException("server is not ready:" + where, retryAfter(answer), null);
        }
        switch (status) {
            case 200, 206, 416 -> {
                // The caller's.
            }
            case 401 -> throw HubException.input("server wants to know who asks: there is no such repository, or it is"
                    + " not public:" + where + " token=" + (token.isPresent() ? "given" : "none")
                    + "; check the name, or set HF_TOKEN");
            case 403 -> throw HubException.input("server denies access:" + where + " token="
                    + (token.isPresent() ? "given" : "none")
                    + "; accept the repository's conditions on its page, and set HF_TOKEN");
            case 404, 410 -> throw HubException.input("server has no such file, repository or revision:" + where
                    + "; check the name and --revision");
            default -> {
                if (!answer.isRedirect()) {
                    throw HubException.failure("server gives an unexpected answer:" + where);
                }
            }
        }
    }

    private static Optional<Duration> retryAfter(Answer answer) {
        String text = answer.header("Retry-After").orElse("").strip();
        if (text.matches("\\d{1,7}")) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            Duration wait = Duration.between(Instant.now(), until);
            return Optional.of(wait.isNegative() ? Duration.ZERO : wait);
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
