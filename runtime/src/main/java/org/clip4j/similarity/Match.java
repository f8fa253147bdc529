package org.clip4j.similarity;

/**
 * A row that is near to a query.
 *
 * @param row its number, in the order in which rows were appended, from 0
 * @param score the dot product, which is the cosine when both are of unit length
 */
public record Match(int row, float score) {}
