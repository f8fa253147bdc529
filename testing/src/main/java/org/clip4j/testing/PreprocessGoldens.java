package org.clip4j.testing;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The reference's test images with the checksums of what it makes of them. */
public final class PreprocessGoldens {
    /** The resolutions that every image has checksums for. */
    public static final List<Integer> SIZES = List.of(224, 288, 336, 384, 448);

    private PreprocessGoldens() {}

    /** All cases by file name. */
    public static Map<String, Case> cases() {
        Map<String, Case> cases = new TreeMap<>();
        ((Map<?, ?>) Goldens.json("preprocess/cases.json").get("cases"))
                .forEach((file, fields) -> cases.put((String) file, new Case((String) file, (Map<?, ?>) fields)));
        return cases;
    }

    /** One image and what is known of it. */
    public record Case(String file, Map<?, ?> fields) {

        /** The encoded image. */
        public byte[] bytes() {
            return Goldens.bytes("preprocess/images/" + file);
        }

        /** Whether the reference refuses the image. */
        public boolean refused() {
            return fields.get("error") != null;
        }

        /** Container: JPEG, PNG and so on; null for what is no image. */
        public String format() {
            return (String) fields.get("format");
        }

        /** Mode of the decoded image, as the reference's library names it. */
        public String mode() {
            return (String) fields.get("mode");
        }

        /** CRC-32 of the decoded samples: bytes (0 and 255 for mode 1), or little-endian int32 for mode I. */
        public long decodedCrc() {
            return Long.parseLong((String) fields.get("decoded_crc32"), 16);
        }

        /** CRC-32 of the u8 [n,n,3] pixels. */
        public long pixelsCrc(int n) {
            return crc(n, "pixels_crc32");
        }

        /** CRC-32 of the little-endian f32 [3,n,n] tensor. */
        public long tensorCrc(int n) {
            return crc(n, "tensor_crc32");
        }

        private long crc(int n, String field) {
            Map<?, ?> sizes = (Map<?, ?>) fields.get("n_px");
            return Long.parseLong((String) ((Map<?, ?>) sizes.get(String.valueOf(n))).get(field), 16);
        }

        @Override
        public String toString() {
            return file;
        }
    }
}
