/**
 * Whole trainings: a recipe read from JSON, data, a vocabulary, a model to start from, and the model file that comes out.
 * What a step is belongs to {@link org.clip4j.training}; anything that prints does not belong here.
 */
package org.clip4j.training.recipe;
