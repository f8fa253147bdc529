package org.clip4j.training.drawn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ClaimsTest {
    private static final Mention RED_CIRCLE = new Mention(1, Shape.CIRCLE, Colour.RED, null, null, null);
    private static final Mention BLUE_THING = new Mention(1, null, Colour.BLUE, null, null, null);

    @Test
    void saysNothingFalseWhenItSaysNothing() {
        assertThat(claims(null).areTrueOf(scene(circle(Colour.RED, 0.2)))).isTrue();
    }

    @Test
    void needsEveryAttributeThatIsSaid() {
        Scene scene = scene(circle(Colour.RED, 0.2));
        assertThat(claims(null, RED_CIRCLE).areTrueOf(scene)).isTrue();
        assertThat(claims(null, BLUE_THING).areTrueOf(scene)).isFalse();
        assertThat(claims(null, new Mention(1, Shape.CIRCLE, null, Fill.STRIPED, null, null)).areTrueOf(scene))
                .isFalse();
        assertThat(claims(null, new Mention(1, Shape.CIRCLE, null, null, Size.LARGE, null)).areTrueOf(scene)).isFalse();
        assertThat(claims(null, new Mention(1, null, null, null, null, "7")).areTrueOf(scene)).isFalse();
    }

    @Test
    void needsTheBackdropThatIsSaid() {
        Scene scene = scene(circle(Colour.RED, 0.2));
        assertThat(new Claims(List.of(), null, Tone.WHITE, Texture.PLAIN).areTrueOf(scene)).isTrue();
        assertThat(new Claims(List.of(), null, Tone.BLACK, null).areTrueOf(scene)).isFalse();
        assertThat(new Claims(List.of(), null, null, Texture.NOISY).areTrueOf(scene)).isFalse();
    }

    @Test
    void givesEachMentionAThingOfItsOwn() {
        assertThat(claims(null, RED_CIRCLE, RED_CIRCLE).areTrueOf(scene(circle(Colour.RED, 0.2)))).isFalse();
        assertThat(claims(null, RED_CIRCLE, RED_CIRCLE)
                .areTrueOf(scene(circle(Colour.RED, 0.2), circle(Colour.RED, 0.8)))).isTrue();
    }

    @Test
    void countsExactlyWhenANumberIsSaid() {
        Scene three = scene(circle(Colour.RED, 0.2), circle(Colour.RED, 0.5), circle(Colour.RED, 0.8));
        assertThat(claims(null, counted(2)).areTrueOf(three)).isFalse();
        assertThat(claims(null, counted(3)).areTrueOf(three)).isTrue();
        assertThat(claims(null, counted(4)).areTrueOf(three)).isFalse();
        assertThat(claims(null, counted(Mention.SEVERAL)).areTrueOf(three)).isTrue();
        assertThat(claims(null, counted(Mention.SEVERAL)).areTrueOf(scene(circle(Colour.RED, 0.2)))).isFalse();
    }

    @Test
    void findsTheThingsBetweenWhichARelationHolds() {
        Scene scene = scene(circle(Colour.RED, 0.8), circle(Colour.BLUE, 0.5), circle(Colour.RED, 0.2));
        assertThat(claims(Relation.LEFT_OF, RED_CIRCLE, BLUE_THING).areTrueOf(scene)).isTrue();
        assertThat(claims(Relation.LEFT_OF, BLUE_THING, RED_CIRCLE).areTrueOf(scene)).isTrue();
        assertThat(claims(Relation.ABOVE, BLUE_THING, RED_CIRCLE).areTrueOf(scene)).isFalse();
        assertThat(claims(Relation.INSIDE, BLUE_THING, RED_CIRCLE).areTrueOf(scene)).isFalse();
        Scene two = scene(circle(Colour.RED, 0.2), circle(Colour.BLUE, 0.5));
        assertThat(claims(Relation.LEFT_OF, BLUE_THING, RED_CIRCLE).areTrueOf(two)).isFalse();
    }

    @Test
    void refusesARelationOfOneThing() {
        assertThatThrownBy(() -> claims(Relation.ABOVE, RED_CIRCLE)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("mentions=1");
    }

    private static Mention counted(int count) {
        return new Mention(count, Shape.CIRCLE, Colour.RED, null, null, null);
    }

    private static Claims claims(Relation relation, Mention... mentions) {
        return new Claims(List.of(mentions), relation, null, null);
    }

    private static Item circle(Colour colour, double x) {
        return new Figure(Shape.CIRCLE, colour, Fill.SOLID, Size.SMALL, new Placement(x, 0.5, 0.12, 0));
    }

    private static Scene scene(Item... items) {
        return new Scene(new Backdrop(Tone.WHITE, Texture.PLAIN), List.of(items), null, Finish.NONE, 1);
    }
}
