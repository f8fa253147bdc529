package org.clip4j.converter;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The values of one tensor of a model that is made from a hash: {@code (float) (offset + scale * u(i))} with u in
 * [-1, 1), where offset and scale follow from name and shape so that activations keep a sensible size. The arithmetic
 * is exact in every IEEE implementation; version 1 of the generator's description among the reference goldens.
 */
public final class WeightGenerator {
    private final long key;
    private final double offset;
    private final double scale;
    /** Elements from one input channel to the next where odd channels are negated; 0: nowhere. */
    private final long channelStride;
    private final long channels;

    private record Distribution(double offset, double scale) {}

    private WeightGenerator(long key, Distribution distribution, long channelStride, long channels) {
        this.key = key;
        this.offset = distribution.offset;
        this.scale = distribution.scale;
        this.channelStride = channelStride;
        this.channels = channels;
    }

    /**
     * The generator of one tensor.
     *
     * @param seed names the model
     * @param name in OpenAI's state_dict
     * @param shape sizes of the axes, outermost first
     */
    public static WeightGenerator of(String seed, String name, List<Integer> shape) {
        boolean attentionPool = name.equals("visual.attnpool.q_proj.weight")
                || name.equals("visual.attnpool.k_proj.weight") || name.equals("visual.attnpool.v_proj.weight");
        boolean convolution = shape.size() == 4 && name.startsWith("visual.") && !name.equals("visual.conv1.weight");
        long stride = 0;
        if (attentionPool || convolution) {
            stride = 1;
            for (int axis = 2; axis < shape.size(); axis++) {
                stride *= shape.get(axis);
            }
        }
        return new WeightGenerator(HashedNumbers.key(seed, name), distribution(name, shape), stride,
                stride == 0 ? 1 : shape.get(1));
    }

    /** The first matching line of the generator's table. */
    private static Distribution distribution(String name, List<Integer> shape) {
        if (name.equals("logit_scale")) {
            return new Distribution(4.6052, 0);
        }
        if (name.endsWith("running_mean")) {
            return new Distribution(0, 0.1);
        }
        if (name.endsWith("running_var")) {
            return new Distribution(1, 0.25);
        }
        if (name.endsWith("bn3.weight") && name.contains(".layer")) {
            return new Distribution(0.15, 0.05);
        }
        if (name.endsWith(".weight") && shape.size() == 1) {
            return new Distribution(1, 0.2);
        }
        if (name.endsWith("bias")) {
            return new Distribution(0, 0.1);
        }
        if (name.equals("positional_embedding") || name.equals("visual.attnpool.positional_embedding")) {
            return new Distribution(0, 0.25);
        }
        if (name.equals("token_embedding.weight") || name.endsWith("positional_embedding")
                || name.endsWith("class_embedding")) {
            return new Distribution(0, 0.5);
        }
        return new Distribution(0, matrixScale(name, shape));
    }

    private static double matrixScale(String name, List<Integer> shape) {
        if (name.equals("visual.proj") || name.equals("text_projection")) {
            return Math.sqrt(3.0 / shape.get(0));
        }
        double inputs = shape.get(1);
        if (name.endsWith("in_proj_weight")) {
            return 1.5 * Math.sqrt(3.0 / inputs);
        }
        if (shape.size() == 4) {
            double fan = inputs * shape.get(2) * shape.get(3);
            boolean patches = name.equals("visual.conv1.weight") && shape.get(2) > 3;
            return (patches ? 1.0 : 2.0) * Math.sqrt(3.0 / fan);
        }
        if (name.endsWith("attnpool.q_proj.weight") || name.endsWith("attnpool.k_proj.weight")) {
            return 0.75 * Math.sqrt(3.0 / inputs);
        }
        return Math.sqrt(3.0 / inputs);
    }

    /** One value, by its row-major index. */
    public float value(long index) {
        if (channelStride != 0 && (index / channelStride % channels & 1) != 0) {
            return -value(index - channelStride);
        }
        return (float) (offset + scale * HashedNumbers.unit(key, index));
    }

    /** Puts values {@code from} to {@code from + count} at the buffer's position, in the buffer's byte order. */
    public void fill(long from, int count, ByteBuffer target) {
        int position = target.position();
        if (channelStride == 0) {
            for (int i = 0; i < count; i++) {
                target.putFloat(position + 4 * i, (float) (offset + scale * HashedNumbers.unit(key, from + i)));
            }
        } else {
            for (int i = 0; i < count; i++) {
                target.putFloat(position + 4 * i, value(from + i));
            }
        }
        target.position(position + 4 * count);
    }
}
