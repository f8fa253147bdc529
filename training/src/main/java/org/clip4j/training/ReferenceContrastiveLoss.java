package org.clip4j.training;

import org.clip4j.kernels.Tensor;

/** The loss as it stands on paper, over a whole matrix of logits in double precision. Slow: an oracle. */
public final class ReferenceContrastiveLoss implements ContrastiveLoss {
    @Override
    public Result run(Tensor images, Tensor texts, int count, double scale, Gradients into) {
        ContrastiveLoss.check(images, texts, count, scale, into);
        int N = count;
        int E = images.columns();
        double[][] logits = new double[N][N];
        double[][] transposed = new double[N][N];
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                for (int e = 0; e < E; e++) {
                    logits[i][j] += images.get(i, e) * texts.get(j, e);
                }
                logits[i][j] *= scale;
                transposed[j][i] = logits[i][j];
            }
        }
        double loss = 0;
        double dScale = 0;
        int rightTexts = 0;
        int rightImages = 0;
        double[] byRow = new double[N];
        double[] byColumn = new double[N];
        for (int i = 0; i < N; i++) {
            byRow[i] = logOfSum(logits[i]);
            byColumn[i] = logOfSum(transposed[i]);
            loss += (byRow[i] + byColumn[i] - 2 * logits[i][i]) / (2 * N);
            rightTexts += isLargest(logits[i], i) ? 1 : 0;
            rightImages += isLargest(transposed[i], i) ? 1 : 0;
        }
        clear(into.dImages(), N);
        clear(into.dTexts(), N);
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                double gradient = (Math.exp(logits[i][j] - byRow[i]) + Math.exp(logits[i][j] - byColumn[j])
                        - (i == j ? 2 : 0)) / (2 * N);
                dScale += gradient * logits[i][j] / scale;
                for (int e = 0; e < E; e++) {
                    into.dImages().set(i, e, into.dImages().get(i, e) + scale * gradient * texts.get(j, e));
                    into.dTexts().set(j, e, into.dTexts().get(j, e) + scale * gradient * images.get(i, e));
                }
            }
        }
        return new Result(loss, dScale, rightTexts, rightImages);
    }

    private static void clear(Tensor x, int rows) {
        for (int i = 0; i < rows * x.columns(); i++) {
            x.set(i, 0);
        }
    }

    private static double logOfSum(double[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }

    private static boolean isLargest(double[] logits, int index) {
        for (double logit : logits) {
            if (logit > logits[index]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public void close() {}
}
