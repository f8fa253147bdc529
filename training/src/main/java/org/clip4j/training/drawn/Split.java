package org.clip4j.training.drawn;

/**
 * Which part of the drawn world is shown. Each of the unseen parts differs from the training part in one respect only, so
 * that what a model makes of the new can be measured for one thing at a time.
 */
public enum Split {
    /** Nothing that {@link HeldOut} names. */
    TRAINING,
    /** Each scene has a figure of a shape and colour that training never shows together. */
    UNSEEN_COLOUR,
    /** Each scene has a figure of a shape and fill that training never shows together. */
    UNSEEN_FILL,
    /** Each scene has a word that training never shows. */
    UNSEEN_WORD,
    /** Scenes as in training, in sentences that training never says, of words that it does. */
    UNSEEN_PHRASING
}
