/** The head of a zero-shot classifier with and without shared prefixes, as one table: {@code benchmarks/run head}. */
package org.clip4j.benchmarks.head;
