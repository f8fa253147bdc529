package org.clip4j.text;

/**
 * Undoes mojibake as {@code ftfy.fix_encoding} 6.3.1 does: text that looks suspicious is written back into the bytes of
 * a single-byte encoding, and read as UTF-8 if that is possible. Stateless.
 */
final class MojibakeRepair {
    private MojibakeRepair() {}

    /** Repairs the text as often as it still changes. */
    static String repair(String text) {
        String repaired = text;
        while (true) {
            String next = repairOnce(repaired);
            if (next.equals(repaired)) {
                return repaired;
            }
            repaired = next;
        }
    }

    private static String repairOnce(String text) {
        if (isAscii(text) || !MojibakeDetector.isSuspicious(text)) {
            return text;
        }
        boolean fitsLatin1 = false;
        for (SingleByteEncoding encoding : SingleByteEncoding.ALL) {
            byte[] bytes = encoding.encode(text);
            if (bytes != null) {
                fitsLatin1 |= encoding.isLatin1();
                String decoded = decode(bytes, encoding);
                if (decoded != null) {
                    return decoded;
                }
            }
        }
        String embedded = repairEmbedded(text);
        if (!embedded.equals(text)) {
            return embedded;
        }
        if (fitsLatin1) {
            String windows = latin1AsWindows1252(text);
            if (windows != null && !windows.equals(text)) {
                return windows;
            }
        }
        return CharacterFixes.fixC1Controls(text);
    }

    private static String decode(byte[] bytes, SingleByteEncoding encoding) {
        byte[] patched = encoding.keepsSpaces() ? bytes : DamagedUtf8.restoreNoBreakSpaces(bytes);
        if (encoding.isSloppy()) {
            patched = DamagedUtf8.replaceLostBytes(patched);
        }
        return DamagedUtf8.decode(patched);
    }

    /** Repairs the stretches that look like UTF-8 inside a text that cannot be repaired as a whole. */
    private static String repairEmbedded(String text) {
        StringBuilder out = null;
        int copied = 0;
        int i = 0;
        while (i < text.length()) {
            int end = MojibakeDetector.embeddedEnd(text, i);
            if (end < 0) {
                i++;
                continue;
            }
            String part = text.substring(i, end);
            // The part has to be shorter than the whole, or this would never end.
            if (part.length() < text.length() && MojibakeDetector.isSuspicious(part)) {
                out = out == null ? new StringBuilder(text.length()) : out;
                out.append(text, copied, i).append(repair(part));
                copied = end;
            }
            i = end;
        }
        return out == null ? text : out.append(text, copied, text.length()).toString();
    }

    /** Null if a character is not a byte of windows-1252; the text has Latin-1 characters only. */
    private static String latin1AsWindows1252(String text) {
        StringBuilder out = new StringBuilder(text);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                char decoded = SingleByteEncoding.WINDOWS_1252.decode(c);
                if (decoded <= 0x9F) {
                    return null;
                }
                out.setCharAt(i, decoded);
            }
        }
        return out.toString();
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }
}
