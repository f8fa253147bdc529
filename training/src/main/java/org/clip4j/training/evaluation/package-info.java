/**
 * What a model can do, measured: zero-shot classification, choices among captions, retrieval.
 *
 * <p>
 * Everywhere an equal score is a miss, so that a model that cannot tell things apart scores nothing for it.
 * Pictures come
 * from {@link org.clip4j.training.dataset.Samples}, those of the drawn world from
 * {@link org.clip4j.training.evaluation.DrawnSets}. Results are numbers; command lines, tables and anything that
 * prints do
 * not belong here.
 */
package org.clip4j.training.evaluation;
