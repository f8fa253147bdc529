/**
 * Learns a vocabulary of byte-level BPE from texts, in the form that {@link org.clip4j.text.BpeMerges} reads.
 *
 * <p>
 * Encoding and decoding belong to {@link org.clip4j.text.ClipTokenizer}; where the texts come from is not known here.
 */
package org.clip4j.training.bpe;
