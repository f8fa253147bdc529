package org.clip4j.hub;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Addresses of files on servers. Stateless. */
final class HttpAddress {
    private HttpAddress() {}

    /**
     * An address of http or https.
     *
     * @param from what names it, for the message
     */
    static URI parse(String text, String from) throws HubException {
        try {
            URI address = new URI(text);
            if (isHttp(address)) {
                return address;
            }
        } catch (URISyntaxException e) {
            // Said below.
        }
        throw HubException.input("not an address: " + from + "=" + text + " expected=https://HOST/PATH");
    }

    static boolean isHttp(URI address) {
        return ("https".equals(address.getScheme()) || "http".equals(address.getScheme()))
                && address.getHost() != null;
    }

    /** Scheme, host and port, the last one always said. */
    static String origin(URI address) {
        int port = address.getPort() >= 0 ? address.getPort() : "https".equals(address.getScheme()) ? 443 : 80;
        return address.getScheme() + "://" + address.getHost() + ":" + port;
    }

    /** One part of a path, with everything escaped that has a meaning in one. */
    static String part(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** For messages: without the query, which may hold a signature, and without a user. */
    static String shown(URI address) {
        return address.getScheme() + "://" + address.getHost()
                + (address.getPort() >= 0 ? ":" + address.getPort() : "") + address.getPath();
    }
}
