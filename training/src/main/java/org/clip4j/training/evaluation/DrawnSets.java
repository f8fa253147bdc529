package org.clip4j.training.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.clip4j.training.dataset.Samples;
import org.clip4j.training.drawn.Colour;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.Draws;
import org.clip4j.training.drawn.Figure;
import org.clip4j.training.drawn.Fill;
import org.clip4j.training.drawn.HeldOut;
import org.clip4j.training.drawn.Item;
import org.clip4j.training.drawn.PlainPhrases;
import org.clip4j.training.drawn.Relation;
import org.clip4j.training.drawn.Scene;
import org.clip4j.training.drawn.SceneSampler;
import org.clip4j.training.drawn.Shape;
import org.clip4j.training.drawn.Split;

/**
 * What a model can be asked about the drawn world. A set depends on its name, a seed and a number of pictures
 * only; each
 * asks for one thing:
 * <ul>
 * <li>{@code combinations}: which of the 144 shapes in a colour is it; seen in training, and held out;
 * <li>{@code digits}, {@code words}: what is written; words seen in training, and held out, among all of them;
 * <li>{@code fills}: how is it filled, its shape and colour known; seen, and held out;
 * <li>{@code counting}: how many are there, one to five;
 * <li>{@code relations}: which of two captions is true, that differ in the order of the things, or in the relation;
 * <li>{@code pairs}, {@code phrasings}: which of N complete captions belongs to which picture; worded as in
 * training, and
 * as never in training.
 * </ul>
 * Stateless.
 */
public final class DrawnSets {
    /** 20210226: a seed that training must not use; the day of the CLIP paper. */
    public static final long DEFAULT_SEED = 20210226;

    private static final List<String> SEEN = List.of("seen", "held out");
    private static final List<Shape> SHAPES = List.of(Shape.values());
    private static final List<Colour> COLOURS = List.of(Colour.values());

    private final String name;
    private final long seed;
    private final int count;
    private final int side;

    private DrawnSets(String name, long seed, int count, int side) {
        this.name = name;
        this.seed = seed;
        this.count = count;
        this.side = side;
    }

    /** The names of all sets. */
    public static List<String> names() {
        return List.of("combinations", "digits", "words", "fills", "counting", "relations", "pairs", "phrasings");
    }

    /** How many pictures a set has unless somebody says otherwise: about as many of each kind. */
    public static int defaultCount(String name) {
        return switch (name) {
            case "combinations" -> 1440;
            case "words" -> 920;
            case "relations" -> 1200;
            default -> 1000;
        };
    }

    /**
     * Makes up a set.
     *
     * @param name one of {@link #names()}
     * @param count pictures, at least 1
     * @param side of the pictures in pixels, as the model takes them
     * @return {@link org.clip4j.training.dataset.LabelledSamples}, {@link ChoiceSamples} or {@link DrawnCaptions}
     */
    public static Samples open(String name, long seed, int count, int side) {
        if (count < 1) {
            throw new IllegalArgumentException("a set needs pictures: set=" + name + " count=" + count);
        }
        DrawnSets set = new DrawnSets(name, seed, count, side);
        return switch (name) {
            case "combinations" -> set.combinations();
            case "digits" -> set.digits();
            case "words" -> set.words();
            case "fills" -> set.fills();
            case "counting" -> set.counting();
            case "relations" -> set.relations();
            case "pairs" -> set.pairs(Split.TRAINING);
            case "phrasings" -> set.pairs(Split.UNSEEN_PHRASING);
            default -> throw new IllegalArgumentException("unknown set of the drawn world: set=" + name
                    + " expected one of " + String.join(", ", names()));
        };
    }

    private Samples combinations() {
        List<String> classes = new ArrayList<>();
        for (Shape shape : SHAPES) {
            for (Colour colour : COLOURS) {
                classes.add(PlainPhrases.of(shape, colour));
            }
        }
        List<DrawnClasses.Question> questions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int label = i % classes.size();
            Shape shape = SHAPES.get(label / COLOURS.size());
            Colour colour = COLOURS.get(label % COLOURS.size());
            Scene scene = SceneSampler.single(shape, colour, Draws.of(seed, i));
            questions.add(new DrawnClasses.Question(scene, label, HeldOut.contains(shape, colour) ? 1 : 0));
        }
        return new DrawnClasses(name, questions, classes, SEEN, side);
    }

    private Samples digits() {
        List<String> texts = new ArrayList<>();
        for (int digit = 0; digit < 10; digit++) {
            texts.add(String.valueOf(digit));
        }
        return inscriptions(texts, texts.size(), List.of());
    }

    private Samples words() {
        List<String> texts = new ArrayList<>(HeldOut.TRAINING_WORDS);
        texts.addAll(HeldOut.WORDS);
        return inscriptions(texts, HeldOut.TRAINING_WORDS.size(), SEEN);
    }

    private Samples inscriptions(List<String> texts, int seen, List<String> parts) {
        List<DrawnClasses.Question> questions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int label = i % texts.size();
            Scene scene = SceneSampler.inscription(texts.get(label), Draws.of(seed, i));
            questions.add(new DrawnClasses.Question(scene, label, label < seen ? 0 : 1));
        }
        return new DrawnClasses(name, questions, texts.stream().map(PlainPhrases::written).toList(), parts, side);
    }

    private Samples fills() {
        Scenes heldOut = new Scenes(seed, Split.UNSEEN_FILL);
        List<DrawnChoices.Question> questions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Scene scene = i % 2 == 0 ? known(i) : heldOut.next(next -> next.items().size() == 1);
            Figure figure = (Figure) scene.items().get(0);
            List<String> candidates = new ArrayList<>();
            candidates.add(PlainPhrases.of(figure.fill(), figure.shape(), figure.colour()));
            for (Fill fill : Fill.values()) {
                if (fill != figure.fill() && figure.shape().allows(fill)) {
                    candidates.add(PlainPhrases.of(fill, figure.shape(), figure.colour()));
                }
            }
            questions.add(new DrawnChoices.Question(scene, candidates, i % 2));
        }
        return new DrawnChoices(name, questions, SEEN, side);
    }

    /** One figure as in training. */
    private Scene known(int index) {
        Draws draws = Draws.of(seed, index);
        Shape shape = draws.oneOf(SHAPES);
        Colour colour = draws.oneOf(COLOURS);
        while (HeldOut.contains(shape, colour)) {
            colour = draws.oneOf(COLOURS);
        }
        return SceneSampler.single(shape, colour, draws);
    }

    private Samples counting() {
        List<Scenes> worlds = new ArrayList<>();
        List<String> parts = new ArrayList<>();
        for (int things = 1; things <= Scene.MAX_ITEMS; things++) {
            worlds.add(new Scenes(seed, Split.TRAINING));
            parts.add(String.valueOf(things));
        }
        List<DrawnChoices.Question> questions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int things = 1 + i % Scene.MAX_ITEMS;
            Scene scene = worlds.get(things - 1).next(next -> next.items().size() == things && areAlike(next.items()));
            Figure figure = (Figure) scene.items().get(0);
            List<String> candidates = new ArrayList<>();
            candidates.add(PlainPhrases.counted(things, figure.shape(), figure.colour()));
            for (int other = 1; other <= Scene.MAX_ITEMS; other++) {
                if (other != things) {
                    candidates.add(PlainPhrases.counted(other, figure.shape(), figure.colour()));
                }
            }
            questions.add(new DrawnChoices.Question(scene, candidates, things - 1));
        }
        return new DrawnChoices(name, questions, parts, side);
    }

    private static boolean areAlike(List<Item> items) {
        return items.get(0) instanceof Figure first && items.stream().allMatch(item -> item instanceof Figure figure
                && figure.shape() == first.shape() && figure.colour() == first.colour());
    }

    private Samples relations() {
        List<String> parts = List.of("left of, things swapped", "left of, other relation", "above, things swapped",
                "above, other relation", "inside, things swapped", "inside, other relation");
        List<Relation> relations = List.of(Relation.LEFT_OF, Relation.ABOVE, Relation.INSIDE);
        List<Scenes> worlds = List.of(new Scenes(seed, Split.TRAINING), new Scenes(seed, Split.TRAINING),
                new Scenes(seed, Split.TRAINING));
        List<DrawnChoices.Question> questions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int part = i % parts.size();
            Relation relation = relations.get(part / 2);
            Scene scene = worlds.get(part / 2).next(next -> next.relation() == relation && !isAlsoTrue(next));
            Item first = scene.items().get(0);
            Item second = scene.items().get(1);
            String right = PlainPhrases.related(first, relation, second);
            String wrong = part % 2 == 0
                    ? PlainPhrases.related(second, relation, first)
                    : PlainPhrases.related(first, other(relation), second);
            questions.add(new DrawnChoices.Question(scene, List.of(right, wrong), part));
        }
        return new DrawnChoices(name, questions, parts, side);
    }

    private static Relation other(Relation relation) {
        return relation == Relation.LEFT_OF ? Relation.ABOVE : Relation.LEFT_OF;
    }

    /**
     * Whether one of the captions that are to be wrong is true as well: of things that lie diagonally,
     * for example.
     */
    private static boolean isAlsoTrue(Scene scene) {
        Item first = scene.items().get(0);
        Item second = scene.items().get(1);
        return scene.relation().holds(second, first) || other(scene.relation()).holds(first, second)
                || PlainPhrases.of(first).equals(PlainPhrases.of(second));
    }

    private Samples pairs(Split split) {
        return new DrawnCaptions(name, new DrawnWorld(seed, split).distinct(0, count), side);
    }

    /** The scenes of a world, one after another. */
    private static final class Scenes {
        private final DrawnWorld world;
        private long index;

        Scenes(long seed, Split split) {
            world = new DrawnWorld(seed, split);
        }

        Scene next(Predicate<Scene> wanted) {
            while (true) {
                Scene scene = world.pair(index++).scene();
                if (wanted.test(scene)) {
                    return scene;
                }
            }
        }
    }
}
