package org.clip4j.training.evaluation;

import java.util.List;
import org.clip4j.training.dataset.LabelledSamples;
import org.clip4j.training.drawn.Scene;

/** Drawn pictures that belong to a class each. */
final class DrawnClasses extends DrawnPictures implements LabelledSamples, Parted {
    private final List<Question> questions;
    private final List<String> classes;
    private final List<String> parts;

    /** A picture, its class, and its kind. */
    record Question(Scene scene, int label, int part) {}

    DrawnClasses(String set, List<Question> questions, List<String> classes, List<String> parts, int side) {
        super(set, questions.stream().map(Question::scene).toList(), side);
        this.questions = List.copyOf(questions);
        this.classes = List.copyOf(classes);
        this.parts = List.copyOf(parts);
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public int label(int index) {
        return questions.get(index).label();
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
