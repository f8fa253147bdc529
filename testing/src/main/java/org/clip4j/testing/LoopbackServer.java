package org.clip4j.testing;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * An HTTP/1.1 server on the loopback interface that can lie: about lengths, and about how much it is going to send.
 * Takes one request per connection; remembers all of them. Thread-safe.
 */
public final class LoopbackServer implements AutoCloseable {
    private final ServerSocket socket;
    private final Handler handler;
    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "loopback server");
        thread.setDaemon(true);
        return thread;
    });
    private final List<Request> requests = new CopyOnWriteArrayList<>();

    /**
     * What a client asked.
     *
     * @param path with the query, as it was sent
     * @param headers by lower-case name
     */
    public record Request(String method, String path, Map<String, String> headers) {}

    /** What to answer; immutable. */
    public static final class Reply {
        private final int status;
        private final Map<String, String> headers;
        private final byte[] body;
        private final long announcedBytes;
        private final int sentBytes;

        private Reply(int status, Map<String, String> headers, byte[] body, long announcedBytes, int sentBytes) {
            this.status = status;
            this.headers = headers;
            this.body = body;
            this.announcedBytes = announcedBytes;
            this.sentBytes = sentBytes;
        }

        /** The status. */
        public int status() {
            return status;
        }

        /** How long the body is. */
        public int bodyBytes() {
            return body.length;
        }

        /** An honest answer. */
        public static Reply of(int status, byte[] body) {
            return new Reply(status, Map.of(), body, body.length, body.length);
        }

        /** An answer without a body. */
        public static Reply of(int status) {
            return of(status, new byte[0]);
        }

        /** With a header more. */
        public Reply with(String name, String value) {
            Map<String, String> more = new LinkedHashMap<>(headers);
            more.put(name, value);
            return new Reply(status, more, body, announcedBytes, sentBytes);
        }

        /** With another length in its header; with none when negative. */
        public Reply announcing(long bytes) {
            return new Reply(status, headers, body, bytes, sentBytes);
        }

        /** With so many bytes more behind the body. */
        public Reply longerBy(int bytes) {
            byte[] longer = Arrays.copyOf(body, body.length + bytes);
            return new Reply(status, headers, longer, longer.length, longer.length);
        }

        /** Without a header. */
        public Reply without(String name) {
            Map<String, String> fewer = new LinkedHashMap<>(headers);
            fewer.remove(name);
            return new Reply(status, fewer, body, announcedBytes, sentBytes);
        }

        /** With a connection that ends too early. */
        public Reply cutAfter(int bytes) {
            return new Reply(status, headers, body, announcedBytes, Math.min(bytes, body.length));
        }

        /** With one byte that is another. */
        public Reply damaged() {
            byte[] other = body.clone();
            other[other.length / 2] ^= 1;
            return new Reply(status, headers, other, announcedBytes, sentBytes);
        }
    }

    /** Makes answers; called by several threads at once. */
    public interface Handler {
        /** The answer to one request. */
        Reply answer(Request request) throws IOException;
    }

    private LoopbackServer(ServerSocket socket, Handler handler) {
        this.socket = socket;
        this.handler = handler;
    }

    /** Starts a server on a free port. */
    public static LoopbackServer start(Handler handler) throws IOException {
        LoopbackServer server = new LoopbackServer(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), handler);
        server.threads.execute(server::listen);
        return server;
    }

    /** Its address, without a slash at the end. */
    public URI address() {
        return URI.create("http://" + socket.getInetAddress().getHostAddress() + ":" + socket.getLocalPort());
    }

    /** All requests so far, in the order in which they came. */
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    private void listen() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                threads.execute(() -> serve(client));
            } catch (IOException e) {
                // Closed.
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            Request request = read(new BufferedInputStream(client.getInputStream()));
            requests.add(request);
            write(client.getOutputStream(), request, handler.answer(request));
            client.shutdownOutput();
        } catch (IOException e) {
            // The client has gone; its test says what that means.
            return;
        }
    }

    private static Request read(InputStream in) throws IOException {
        String[] first = line(in).split(" ", 3);
        Map<String, String> headers = new LinkedHashMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
        }
        return new Request(first[0], first[1], headers);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("connection ended within a request");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    private static void write(OutputStream out, Request request, Reply reply) throws IOException {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + reply.status + " Said\r\nConnection: close\r\n");
        reply.headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        if (reply.announcedBytes >= 0) {
            head.append("Content-Length: ").append(reply.announcedBytes).append("\r\n");
        }
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        if (!request.method().equals("HEAD")) {
            out.write(Arrays.copyOf(reply.body, reply.sentBytes));
        }
        out.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
        threads.shutdownNow();
    }
}
