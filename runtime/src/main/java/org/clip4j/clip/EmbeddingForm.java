package org.clip4j.clip;

/** Which form of an embedding a caller wants. */
public enum EmbeddingForm {
    /** Unit length, so that a dot product is a cosine. */
    NORMALIZED,
    /** As the tower's projection delivers it: {@code encode_image} and {@code encode_text} of openai/CLIP. */
    RAW;

    /** Tells the two apart in the key of a recorded sequence. */
    int bit() {
        return this == NORMALIZED ? 1 : 0;
    }
}
