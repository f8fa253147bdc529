package org.clip4j.training.evaluation;

import java.util.List;
import org.clip4j.training.drawn.Scene;

/** Drawn pictures with a few captions each, of which one is true. */
final class DrawnChoices extends DrawnPictures implements ChoiceSamples {
    private final List<Question> questions;
    private final List<String> parts;

    /** A picture, captions with the true one first, and its kind. */
    record Question(Scene scene, List<String> candidates, int part) {}

    DrawnChoices(String set, List<Question> questions, List<String> parts, int side) {
        super(set, questions.stream().map(Question::scene).toList(), side);
        this.questions = List.copyOf(questions);
        this.parts = List.copyOf(parts);
    }

    @Override
    public List<String> candidates(int index) {
        return questions.get(index).candidates();
    }

    @Override
    public List<String> parts() {
        return parts;
    }

    @Override
    public int part(int index) {
        return questions.get(index).part();
    }
}
