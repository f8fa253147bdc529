package org.clip4j.clip;

/** What benchmarks ask of a session beyond its public face; in this package for that reason only. Stateless. */
public final class TextSharing {
    private TextSharing() {}

    /** A session that computes every token of every text, and equal texts as often as they come. */
    public static ClipSession unshared(ClipModel model, SessionOptions options) {
        return model.newSession(options, false);
    }

    /** Tokens of all texts that the session has embedded, up to and with the end tokens. */
    public static long tokens(ClipSession session) {
        return session.tokens();
    }

    /** Tokens that it computed for them. */
    public static long nodes(ClipSession session) {
        return session.nodes();
    }
}
